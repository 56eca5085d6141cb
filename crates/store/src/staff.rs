//! The scope of staff: of one tenant, or of the installation, whose operators belong to no tenant.

use std::sync::Arc;

use kuzushi_domain::{Actor, Id, id};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::{
    AuditTrail, Installation, Once, Store, StoreError, TenantScope,
    isolation::TenantConnection,
    sealed::{Key, LookupKey, Place, TenantKey},
};

/// The staff of a tenant, or the operators. The queries on it name the one or the other.
#[derive(Clone)]
pub struct StaffScope {
    store: Store,
    tenant: Option<Id<id::Tenant>>,
    key: Arc<TenantKey>,
    actor: Arc<Actor>,
    /// As the tenant, where there is one.
    reader: TenantConnection,
    /// What is to be done once only.
    once: Option<Once>,
}

impl TenantScope {
    /// Those who look after the tenant.
    pub fn staff(&self) -> StaffScope {
        StaffScope {
            store: self.store().clone(),
            tenant: Some(self.id()),
            key: Arc::clone(self.tenant_key()),
            actor: Arc::new(self.actor().clone()),
            reader: self.reader().clone(),
            once: self.once_only(),
        }
    }
}

impl Installation {
    /// The operators.
    pub async fn staff(&self) -> Result<StaffScope, StoreError> {
        let key = self.store().installation_key().await?;
        Ok(StaffScope {
            store: self.store().clone(),
            tenant: None,
            key,
            actor: Arc::new(self.actor().clone()),
            reader: self.connections().reader_of_nobody(),
            once: self.once_only(),
        })
    }
}

impl StaffScope {
    /// The same, with whom the audit trail names for what is done through it.
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Arc::new(actor), ..self }
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// None: those who belong to no tenant.
    pub fn tenant(&self) -> Option<Id<id::Tenant>> {
        self.tenant
    }

    /// The chain of the audit trail that has what they do with their accounts.
    pub fn audit_trail(&self) -> AuditTrail {
        AuditTrail::new(self.store.clone(), self.tenant, Arc::clone(&self.actor)).once(self.once.clone())
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key.content
    }

    pub(crate) fn lookup_key(&self) -> &LookupKey {
        &self.key.lookup
    }

    /// Where a sealed value of a person's belongs. Those without a tenant have all zeros for it, as their audit chain has.
    pub(crate) fn place(&self, id: Id<id::StaffMember>, column: &'static str) -> Place {
        let tenant = self.tenant.unwrap_or_else(|| Id::from_uuid(Uuid::nil()));
        Place::new(tenant, "staff_members", id.uuid(), column)
    }

    pub(crate) fn reader(&self) -> &TenantConnection {
        &self.reader
    }

    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        let connections = self.store.connections();
        match self.tenant {
            Some(tenant) => connections.write_of(tenant).await,
            None => connections.write().await,
        }
    }
}
