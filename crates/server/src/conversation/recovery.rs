//! This node's place among those on the same database: saying that it lives, and taking up what a dead one left.

use std::{sync::atomic::Ordering, time::Duration};

use chrono::TimeDelta;
use kuzushi_store::{NODE_LEASE, StoreError};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    closed_tenants::look_for_closed_tenants, neighbours::look_around, sign_outs::look_for_sign_outs,
    turn::answer_what_waits,
};
use crate::state::AppState;

/// How often the node says that it lives, and looks for answers that nobody gives.
const LEASE_INTERVAL: Duration = Duration::from_millis(NODE_LEASE.num_milliseconds() as u64 / 4);
/// How often it looks for what its neighbours did, where it has any.
const NEIGHBOUR_INTERVAL: Duration = Duration::from_secs(1);
/// How often it looks for patients who were signed out elsewhere, and for tenants that were closed: they are to be gone within
/// a second.
const SIGN_OUT_INTERVAL: Duration = Duration::from_millis(500);
/// How long a question may stand still before another node than the one that stored it takes it up.
const STANDSTILL: TimeDelta = TimeDelta::seconds(2);

/// Says that this node lives, and answers every question that waits or whose answer was cut off. Called once, before
/// the server takes connections.
pub async fn take_place(state: &AppState) -> Result<(), StoreError> {
    let others = state.store.installation().renew_lease(&state.place, state.clock.now()).await?;
    state.neighbours.store(others, Ordering::Relaxed);
    look_for_closed_tenants(state).await?;
    take_up_open_turns(state, TimeDelta::zero()).await
}

/// Keeps the node's place until the server has stopped.
pub async fn keep_place(state: AppState) {
    let mut lease = interval(LEASE_INTERVAL);
    let mut neighbourhood = interval(NEIGHBOUR_INTERVAL);
    lease.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sign_outs = interval(SIGN_OUT_INTERVAL);
    sign_outs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    neighbourhood.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away = false;
    loop {
        let outcome = tokio::select! {
            _ = lease.tick() => renew(&state).await,
            _ = neighbourhood.tick(), if state.has_neighbours() => look_around(&state).await,
            _ = sign_outs.tick() => look_for_the_shut_out(&state).await,
            () = state.closing.cancelled() => return,
        };
        match outcome {
            Ok(()) if is_away => {
                tracing::info!("the database is back");
                is_away = false;
                // Whether the last events arrived is not known.
                state.conversations.all().iter().for_each(|conversation| conversation.look_in_the_store());
            }
            Err(error) if !is_away => {
                tracing::warn!(error = %error, "the database does not answer; this node's lease may run out");
                is_away = true;
            }
            Ok(()) | Err(_) => {}
        }
    }
}

async fn look_for_the_shut_out(state: &AppState) -> Result<(), StoreError> {
    look_for_sign_outs(state).await?;
    look_for_closed_tenants(state).await
}

async fn renew(state: &AppState) -> Result<(), StoreError> {
    let others = state.store.installation().renew_lease(&state.place, state.clock.now()).await?;
    state.neighbours.store(others, Ordering::Relaxed);
    if !state.stopping.is_cancelled() {
        take_up_open_turns(state, STANDSTILL).await?;
    }
    Ok(())
}

async fn take_up_open_turns(state: &AppState, still_for: TimeDelta) -> Result<(), StoreError> {
    let mut open = state.store.installation().open_turns(state.clock.now(), still_for).await?;
    open.retain(|turn| !state.conversations.find(turn.session).is_some_and(|conversation| conversation.has_worker()));
    if !open.is_empty() {
        tracing::info!(conversations = open.len(), "taking up unanswered questions");
    }
    for turn in open {
        let scope = state.store.tenant(turn.tenant).await?;
        answer_what_waits(state, scope, turn.session, None);
    }
    Ok(())
}
