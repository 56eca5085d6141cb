//! Whether a patient's login still counts, and that it is in use.

use chrono::TimeDelta;
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
    if now - login.last_seen_at < ACTIVITY_STEP.min(login.idle / STEPS_OF_IDLENESS) {
        return Ok(());
    }
    scope.touch_login(login, now).await
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
