//! The scope without which nothing of a tenant can be read or written.

use std::sync::Arc;

use kuzushi_domain::{Actor, Id, id};
use sea_orm::DatabaseTransaction;

use crate::{
    AuditTrail, Once, Store, StoreError,
    dialect::Connections,
    isolation::TenantConnection,
    sealed::{Key, LookupKey, TenantKey},
    store::GroupedWrites,
};

/// One tenant's data. The queries that hang on it are in `queries/`, one file a thing, and each of them
/// states the tenant in its conditions. On PostgreSQL they also run as a role that reaches no other tenant's rows.
#[derive(Clone)]
pub struct TenantScope {
    store: Store,
    id: Id<id::Tenant>,
    key: Arc<TenantKey>,
    actor: Arc<Actor>,
    reader: TenantConnection,
    /// What is to be done once only.
    once: Option<Once>,
}

impl TenantScope {
    pub(crate) fn new(store: Store, id: Id<id::Tenant>, key: Arc<TenantKey>) -> Self {
        let reader = store.connections().reader_of(id);
        Self { store, id, key, actor: Arc::new(Actor::System), reader, once: None }
    }

    /// The same, with whom the audit trail names for what is done through it.
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Arc::new(actor), ..self }
    }

    /// The same, for one change that is made under this key, or not at all where one was.
    pub fn once(self, once: Once) -> Self {
        Self { once: Some(once), ..self }
    }

    /// The tenant's chain of the audit trail.
    pub fn audit_trail(&self) -> AuditTrail {
        AuditTrail::new(self.store.clone(), Some(self.id), Arc::clone(&self.actor)).once(self.once.clone())
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn id(&self) -> Id<id::Tenant> {
        self.id
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn once_only(&self) -> Option<Once> {
        self.once.clone()
    }

    pub(crate) fn tenant_key(&self) -> &Arc<TenantKey> {
        &self.key
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key.content
    }

    pub(crate) fn lookup_key(&self) -> &LookupKey {
        &self.key.lookup
    }

    /// As [`crate::Installation::person_behind`].
    pub(crate) async fn person_behind(&self, actor: &str) -> Result<String, StoreError> {
        self.store.installation().person_behind(actor).await
    }

    pub(crate) fn node(&self) -> Id<id::Node> {
        self.store.node()
    }

    pub(crate) fn writes(&self) -> &GroupedWrites {
        self.store.writes()
    }

    pub(crate) fn reader(&self) -> &TenantConnection {
        &self.reader
    }

    /// Past the wall between tenants: only for what is no tenant's.
    pub(crate) fn connections(&self) -> &Connections {
        self.store.connections()
    }

    /// For a statement that writes and is its own transaction.
    pub(crate) fn writer(&self) -> TenantConnection {
        self.store.connections().writer_of(self.id)
    }

    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.store.connections().write_of(self.id).await
    }
}
