//! Access across tenants, kept apart from [`crate::TenantScope`] so that every use of it can be found.
//!
//! It runs as the user who is connected, outside of row-level security. What is here, and why:
//!
//! - tenants and their keys: adding, listing, renaming, closing and reopening tenants; erasing one, with its keys, its API keys and all of its
//!   rows; wrapping keys anew; checking keys and the audit trail at the start and from the command line. [`Store::tenant`] opens
//!   a tenant's key before there is a scope.
//! - look-ups from which the tenant is learned: an app by its public name, and what it publishes; staff's keys, and whose an enrolment code
//!   or a sign-in at a provider is. What follows of a tenant's staff is read and written as the tenant ([`crate::StaffScope`]).
//! - operators, who belong to no tenant: their accounts, logins, provider and keys.
//! - nodes: this one's lease, what it owns, and what another left unanswered or with a call going on, of whatever tenant.
//! - what one look for all tenants notices instead of one for each, many times a minute: conversations that changed at other
//!   nodes, logins of patients and staff that were revoked or whose time is over, tenants that were closed, idempotency keys of more than a
//!   day ago.
//! - the installation's own audit trail, and a tenant's for what is done to it from here.

use std::sync::Arc;

use kuzushi_domain::{Actor, Id, id};
use sea_orm::{DatabaseConnection, DatabaseTransaction};

use crate::{AuditTrail, Engine, Once, Store, StoreError, dialect::Connections, sealed::OperatorKey};

/// The installation as a whole: finding an app by its public name, recovering unfinished answers, adding tenants.
#[derive(Clone)]
pub struct Installation {
    store: Store,
    actor: Arc<Actor>,
    /// What is to be done once only.
    once: Option<Once>,
}

impl Installation {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, actor: Arc::new(Actor::System), once: None }
    }

    /// The same, with whom the audit trail names for what is done through it.
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Arc::new(actor), ..self }
    }

    /// The same, for one change that is made under this key, or not at all where one was.
    pub fn once(self, once: Once) -> Self {
        Self { once: Some(once), ..self }
    }

    /// The installation's own chain of the audit trail.
    pub fn audit_trail(&self) -> AuditTrail {
        self.audit_trail_of(None)
    }

    /// A tenant's chain, for what is done to it from outside of its scope. It stays when the tenant's key is gone.
    pub fn audit_trail_of(&self, tenant: Option<Id<id::Tenant>>) -> AuditTrail {
        AuditTrail::new(self.store.clone(), tenant, Arc::clone(&self.actor)).once(self.once.clone())
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) fn once_only(&self) -> Option<Once> {
        self.once.clone()
    }

    pub(crate) fn node(&self) -> Id<id::Node> {
        self.store.node()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn connections(&self) -> &Connections {
        self.store.connections()
    }

    pub(crate) fn forget_key(&self, tenant: Id<id::Tenant>) {
        self.store.forget_key(tenant);
    }

    pub(crate) fn engine(&self) -> Engine {
        self.store.connections().engine
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.store.connections().reader
    }

    pub(crate) fn operator_key(&self) -> &OperatorKey {
        self.store.operator_key()
    }

    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.store.connections().write().await
    }
}
