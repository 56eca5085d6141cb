//! Patients who signed out, or were signed out, on any node: their sockets here close.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, id};
use kuzushi_store::StoreError;

use crate::state::AppState;

/// How far back to look again: a sign-out is stored a while after the time it bears, and nodes' clocks differ.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);

/// What this node has heard of.
pub struct SignOuts {
    heard: Mutex<Heard>,
}

struct Heard {
    /// Every sign-out before this is known.
    until: DateTime<Utc>,
    /// Those after it that are known as well.
    known: HashSet<Id<id::Login>>,
}

impl SignOuts {
    /// From now on; whoever comes in later is asked for a login that is live.
    pub fn since(now: DateTime<Utc>) -> Self {
        Self { heard: Mutex::new(Heard { until: now - OVERLAP, known: HashSet::new() }) }
    }

    fn until(&self) -> DateTime<Utc> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).until
    }

    /// Notes these, and that all before `until` are known. Returns those that are new.
    fn note(&self, found: &HashSet<Id<id::Login>>, until: DateTime<Utc>) -> HashSet<Id<id::Login>> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let new = found.difference(&heard.known).copied().collect();
        *heard = Heard { until: heard.until.max(until), known: found.clone() };
        new
    }
}

/// Signs out those whose time is over, and closes the sockets of all who have been signed out since this was last asked.
pub async fn look_for_sign_outs(state: &AppState) -> Result<(), StoreError> {
    let now = state.clock.now();
    state.store.installation().time_out_logins(now).await?;
    // Nothing of staff's stays open, so that their sign-outs are nothing to hear of: it is for the record.
    state.store.installation().time_out_staff_logins(now).await?;
    let revoked = state.store.installation().logins_revoked_since(state.sign_outs.until()).await?;
    let found = revoked.iter().map(|revoked| revoked.login).collect();
    let new = state.sign_outs.note(&found, now - OVERLAP);
    if new.is_empty() {
        return Ok(());
    }
    let mut theirs = HashMap::new();
    for revoked in revoked.iter().filter(|revoked| new.contains(&revoked.login)) {
        theirs.extend(revoked.session.map(|session| (session, revoked.login)));
    }
    for conversation in state.conversations.all() {
        conversation.sign_out(&new, theirs.contains_key(&conversation.id()));
    }
    Ok(())
}

/// The same at once, where this node did the signing out. If it fails, the next look makes up for it.
pub async fn close_for_the_signed_out(state: &AppState) {
    if let Err(error) = look_for_sign_outs(state).await {
        tracing::warn!(%error, "who signed out is not known yet");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_out_is_news_once_and_is_looked_for_again_for_a_while() {
        let now = DateTime::UNIX_EPOCH;
        let sign_outs = SignOuts::since(now);
        let (one, two) = (Id::generate(), Id::generate());
        assert_eq!(sign_outs.note(&HashSet::from([one]), now), HashSet::from([one]));
        assert_eq!(sign_outs.note(&HashSet::from([one, two]), now - OVERLAP), HashSet::from([two]));
        assert_eq!(sign_outs.until(), now, "it never goes back");
        assert!(sign_outs.note(&HashSet::from([two]), now + OVERLAP).is_empty());
    }
}
