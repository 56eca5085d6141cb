//! The store itself: connections, keys, and the two ways in.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use kuzushi_domain::{Id, id};
use sea_orm::{ConnectionTrait, EntityTrait};
use sea_orm_migration::MigratorTrait;

use crate::{
    DatabaseOptions, Installation, StoreError, TenantScope,
    dialect::Connections,
    entities,
    migrations::Migrator,
    sealed::{Key, OperatorKey, Place},
};

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Connections,
    operator_key: OperatorKey,
    /// Unwrapped tenant keys. Tenants are few, and their keys are needed by every request.
    tenant_keys: RwLock<HashMap<Id<id::Tenant>, Arc<Key>>>,
}

impl Store {
    /// Opens the database; on SQLite creates the file. Changes nothing in it: see [`Store::migrate`].
    pub async fn open(options: &DatabaseOptions, operator_key: OperatorKey) -> Result<Self, StoreError> {
        let connections = Connections::open(options).await?;
        Ok(Self { inner: Arc::new(Inner { connections, operator_key, tenant_keys: RwLock::default() }) })
    }

    /// Brings the schema up to date. Safe to run on several nodes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let lock = self.connections().migration_lock().await?;
        Migrator::up(self.connections().schema(), None).await?;
        if let Some(lock) = lock {
            lock.commit().await?;
        }
        Ok(())
    }

    /// Names of the migrations that have not run yet.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = Migrator::get_pending_migrations(self.connections().schema()).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.connections().reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// The only way to a tenant's data.
    pub async fn tenant(&self, tenant: Id<id::Tenant>) -> Result<TenantScope, StoreError> {
        let key = self.tenant_key(tenant).await?;
        Ok(TenantScope::new(self.clone(), tenant, key))
    }

    /// What belongs to the installation as a whole, across tenants.
    pub fn installation(&self) -> Installation {
        Installation::new(self.clone())
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    pub(crate) fn operator_key(&self) -> &OperatorKey {
        &self.inner.operator_key
    }

    async fn tenant_key(&self, tenant: Id<id::Tenant>) -> Result<Arc<Key>, StoreError> {
        let keys =
            self.inner.tenant_keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&tenant).cloned();
        if let Some(key) = keys {
            return Ok(key);
        }
        let row = entities::tenant::Entity::find_by_id(tenant.uuid())
            .one(&self.connections().reader)
            .await?
            .ok_or(StoreError::NotFound)?;
        let key = Arc::new(self.operator_key().unwrap(&row.wrapped_key, Place::tenant_key(tenant))?);
        self.inner
            .tenant_keys
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(tenant, Arc::clone(&key));
        Ok(key)
    }
}
