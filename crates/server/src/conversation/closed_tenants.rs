//! Tenants that are closed: what they have open on this node closes within a second, whichever node closed them.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use kuzushi_domain::{Id, id};
use kuzushi_store::{StoreError, TenantScope};

use crate::state::AppState;

/// The closed tenants that this node knows of.
#[derive(Default)]
pub struct ClosedTenants(RwLock<HashSet<Id<id::Tenant>>>);

impl ClosedTenants {
    fn holds(&self, tenant: Id<id::Tenant>) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }

    /// Returns those that are new.
    fn note(&self, closed: HashSet<Id<id::Tenant>>) -> HashSet<Id<id::Tenant>> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = closed.difference(&known).copied().collect();
        *known = closed;
        new
    }

    fn forget(&self, tenants: &HashSet<Id<id::Tenant>>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|tenant| !tenants.contains(tenant));
    }
}

/// Whether this node knows that a tenant is closed.
pub fn is_closed(state: &AppState, tenant: Id<id::Tenant>) -> bool {
    state.closed_tenants.holds(tenant)
}

/// A tenant for those who have no part in running it. One that is closed does not exist.
pub async fn open_tenant(state: &AppState, tenant: Id<id::Tenant>) -> Result<TenantScope, StoreError> {
    if is_closed(state, tenant) { Err(StoreError::NotFound) } else { state.store.tenant(tenant).await }
}

/// Closes what is open of tenants that have been closed since this was last asked.
pub async fn look_for_closed_tenants(state: &AppState) -> Result<(), StoreError> {
    let installation = state.store.installation();
    // First it is known, then it is looked for who is in: whoever comes in between finds it closed.
    let new = state.closed_tenants.note(installation.closed_tenants().await?.closed);
    if new.is_empty() {
        return Ok(());
    }
    let open: Vec<_> = state.conversations.newest().into_keys().collect();
    let theirs = installation.conversations_of(&new, &open).await;
    // What failed is done at the next look.
    let theirs = theirs.inspect_err(|_| state.closed_tenants.forget(&new))?;
    for session in theirs {
        if let Some(conversation) = state.conversations.find(session) {
            conversation.end();
        }
    }
    Ok(())
}

/// The same at once, where this node did it. If it fails, the next look makes up for it.
pub async fn close_for_closed_tenants(state: &AppState) {
    if let Err(error) = look_for_closed_tenants(state).await {
        tracing::warn!(%error, "which tenants are closed is not known yet");
    }
}
