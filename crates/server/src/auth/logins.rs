//! Whether a login still counts, and that it is in use.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Login, StoreError, TenantScope};

use crate::state::AppState;

/// How exactly it is noted when a login was last in use: a minute, or less where it may rest for a few only.
const ACTIVITY_STEP: TimeDelta = TimeDelta::minutes(1);
const STEPS_OF_IDLENESS: i32 = 10;

/// Whether a login still counts.
pub async fn is_live(state: &AppState, scope: &TenantScope, login: Id<id::Login>) -> Result<bool, StoreError> {
    Ok(find_live(state, scope, login).await?.is_some())
}

/// Notes that a patient did something, so that they stay signed in.
pub async fn note_use(state: &AppState, scope: &TenantScope, login: &Login) -> Result<(), StoreError> {
    let now = state.clock.now();
    if is_worth_noting(login.last_seen_at, login.idle, now) { scope.touch_login(login, now).await } else { Ok(()) }
}

/// Whether a use is late enough after the last one that was noted.
pub fn is_worth_noting(last_seen_at: DateTime<Utc>, idle: TimeDelta, now: DateTime<Utc>) -> bool {
    now - last_seen_at >= ACTIVITY_STEP.min(idle / STEPS_OF_IDLENESS)
}

/// As [`note_use`], by the login's id. One that is over stays so.
pub async fn note_use_of(state: &AppState, scope: &TenantScope, login: Id<id::Login>) -> Result<(), StoreError> {
    match find_live(state, scope, login).await? {
        Some(login) => note_use(state, scope, &login).await,
        None => Ok(()),
    }
}

async fn find_live(state: &AppState, scope: &TenantScope, login: Id<id::Login>) -> Result<Option<Login>, StoreError> {
    match scope.login(login).await {
        Ok(login) => Ok(login.is_live(state.clock.now()).then_some(login)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
