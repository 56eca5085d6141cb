//! Who is in a call on this node, and how many may be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
};

use kuzushi_domain::{CallOutcome, Id, id};
use tokio_util::sync::CancellationToken;

use crate::config::Voice;

/// Calls for each processor where nothing else is set: listening and speaking take about half of one while somebody talks.
const CALLS_PER_PROCESSOR: usize = 2;

/// The calls of this node.
#[derive(Clone)]
pub struct CallPlaces {
    most: usize,
    most_of_app: usize,
    taken: Arc<Mutex<HashMap<Id<id::Session>, Taken>>>,
}

struct Taken {
    app: Id<id::App>,
    call: Option<Id<id::Call>>,
    end: EndOfCall,
}

/// Tells a call to end, and how.
#[derive(Clone, Default)]
pub struct EndOfCall {
    outcome: Arc<Mutex<Option<CallOutcome>>>,
    told: CancellationToken,
}

/// Why there is no place for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlace;

/// A call's place. It is free again when this is dropped.
pub struct CallPlace {
    places: CallPlaces,
    session: Id<id::Session>,
    pub end: EndOfCall,
}

impl EndOfCall {
    /// The first who says so is right.
    pub fn tell(&self, outcome: CallOutcome) {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(outcome);
        self.told.cancel();
    }

    /// Waits until the call is to end.
    pub async fn told(&self) -> CallOutcome {
        self.told.cancelled().await;
        let outcome = *self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.unwrap_or(CallOutcome::HungUp)
    }
}

impl CallPlaces {
    pub fn new(config: &Voice) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let most = config.calls_max.unwrap_or(processors * CALLS_PER_PROCESSOR);
        Self { most, most_of_app: config.calls_per_app.unwrap_or(most), taken: Arc::default() }
    }

    /// A place for a call of this conversation. A call that it has already ends.
    pub fn take(&self, session: Id<id::Session>, app: Id<id::App>) -> Result<CallPlace, NoPlace> {
        let mut taken = self.lock();
        let others = || taken.iter().filter(|(other, _)| **other != session);
        if others().count() >= self.most || others().filter(|(_, other)| other.app == app).count() >= self.most_of_app {
            return Err(NoPlace);
        }
        let end = EndOfCall::default();
        if let Some(before) = taken.insert(session, Taken { app, call: None, end: end.clone() }) {
            before.end.tell(CallOutcome::Replaced);
        }
        Ok(CallPlace { places: self.clone(), session, end })
    }

    /// The names of all calls that are on record.
    pub fn all(&self) -> Vec<Id<id::Call>> {
        self.lock().values().filter_map(|taken| taken.call).collect()
    }

    /// How many calls there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Ends this call, if it is here.
    pub fn end(&self, call: Id<id::Call>, outcome: CallOutcome) {
        if let Some(taken) = self.lock().values().find(|taken| taken.call == Some(call)) {
            taken.end.tell(outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<id::Session>, Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallPlace {
    /// The call is on record under this name.
    pub fn is_for(&self, call: Id<id::Call>) {
        if let Some(taken) = self.places.lock().get_mut(&self.session).filter(|taken| self.is_mine(taken)) {
            taken.call = Some(call);
        }
    }

    fn is_mine(&self, taken: &Taken) -> bool {
        Arc::ptr_eq(&taken.end.outcome, &self.end.outcome)
    }
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        if places.get(&self.session).is_some_and(|taken| self.is_mine(taken)) {
            places.remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use confique::Config;

    use super::*;

    fn places(most: usize, most_of_app: Option<usize>) -> CallPlaces {
        let mut config = Voice::builder().load().unwrap();
        (config.calls_max, config.calls_per_app) = (Some(most), most_of_app);
        CallPlaces::new(&config)
    }

    #[test]
    fn a_node_and_an_app_have_so_many_calls_and_no_more() {
        let places = places(2, Some(1));
        let (one, two, three) = (Id::generate(), Id::generate(), Id::generate());
        let first = places.take(Id::generate(), one).unwrap();
        assert!(places.take(Id::generate(), one).is_err(), "of the app");
        let _second = places.take(Id::generate(), two).unwrap();
        assert!(places.take(Id::generate(), three).is_err(), "of the node");
        drop(first);
        assert!(places.take(Id::generate(), three).is_ok());
    }

    #[tokio::test]
    async fn a_conversation_has_one_call_and_the_newest_is_the_one() {
        let places = places(1, None);
        let (session, app) = (Id::generate(), Id::generate());
        let first = places.take(session, app).unwrap();
        let call = Id::generate();
        first.is_for(call);
        assert_eq!(places.all(), [call]);
        let second = places.take(session, app).unwrap();
        assert_eq!(first.end.told().await, CallOutcome::Replaced);
        first.is_for(Id::generate());
        assert!(places.all().is_empty(), "the first has no say any more");
        drop(first);
        assert_eq!(places.count(), 1);
        let call = Id::generate();
        second.is_for(call);
        places.end(call, CallOutcome::Lost);
        places.end(call, CallOutcome::HungUp);
        assert_eq!(second.end.told().await, CallOutcome::Lost);
        drop(second);
        assert_eq!(places.count(), 0);
    }
}
