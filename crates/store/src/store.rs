//! The store itself: connections, keys, and the two ways in.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use kuzushi_domain::{Id, id};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use sea_orm_migration::MigratorTrait;
use tokio::sync::OnceCell;

use crate::{
    DatabaseOptions, Engine, Installation, StoreError, TenantScope,
    dialect::Connections,
    entities,
    given::MOST_ROWS,
    group_commit::{GroupCommit, Grouping},
    migrations::Migrator,
    policies::explain,
    queries::{
        conversation_writes::ConversationWrite, key_store, sessions::CreateSession, settlements::SettleSpending,
    },
    sealed::{OperatorKey, Place, TenantKey},
};

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    /// This process, among those on the same database.
    node: Id<id::Node>,
    connections: Connections,
    writes: GroupedWrites,
    operator_key: OperatorKey,
    /// The key for what belongs to no tenant, unwrapped.
    installation_key: OnceCell<Arc<TenantKey>>,
    /// Unwrapped tenant keys. Tenants are few, and their keys are needed by every request.
    tenant_keys: RwLock<HashMap<Id<id::Tenant>, Arc<TenantKey>>>,
}

/// The writes that are committed in groups.
pub(crate) struct GroupedWrites {
    pub sessions: GroupCommit<CreateSession>,
    pub conversations: GroupCommit<ConversationWrite>,
    pub settled: GroupCommit<SettleSpending>,
}

/// What requests to models took goes on record some moments later: nobody waits for it.
const SETTLED_TOGETHER: Duration = Duration::from_millis(50);

/// A question may come with a notice.
const ROWS_OF_A_WRITE: usize = 2;

impl GroupedWrites {
    fn start(connections: &Connections, most: u32, pool_max: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).clamp(1, MOST_ROWS / ROWS_OF_A_WRITE);
        // Two writers keep the database busy while the next group gathers. Without groups, as many as there are
        // connections. The embedded database has one writer in any case.
        let writers = match connections.engine {
            Engine::Sqlite => 1,
            Engine::Postgres if most == 1 => usize::try_from(pool_max).unwrap_or(usize::MAX),
            Engine::Postgres => 2,
        };
        let grouping = Grouping { most, writers, gathers_for: Duration::ZERO };
        Self {
            sessions: GroupCommit::start(connections, grouping),
            conversations: if most == 1 {
                GroupCommit::start(connections, grouping)
            } else {
                // Of two writers the later group may commit first, and a conversation's messages would change places.
                GroupCommit::start(&connections.of_one_writer(), Grouping { writers: 1, ..grouping })
            },
            settled: GroupCommit::start(connections, Grouping { gathers_for: SETTLED_TOGETHER, ..grouping }),
        }
    }
}

impl Store {
    /// Opens the database; on SQLite creates the file. Changes nothing in it: see [`Store::migrate`].
    pub async fn open(options: &DatabaseOptions, operator_key: OperatorKey) -> Result<Self, StoreError> {
        let connections = Connections::open(options).await?;
        let inner = Inner {
            node: Id::generate(),
            writes: GroupedWrites::start(&connections, options.group_commit_max, options.pool_max),
            connections,
            operator_key,
            installation_key: OnceCell::new(),
            tenant_keys: RwLock::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the schema up to date, and moves what an older version kept otherwise. Safe to run on several nodes at once.
    ///
    /// Where the schema is up to date, nothing is asked for that only the tables' owner may do.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let connections = self.connections();
        let lock = connections.migration_lock().await?;
        if !self.pending_migrations().await?.is_empty() || connections.wants_its_owner().await? {
            connections.prepare_to_keep_tenants_apart().await?;
            let refused = |error| {
                explain(error, || {
                    String::from(
                        "the database's user may not change the schema: run `kuzushi migrate` as who owns the tables",
                    )
                })
            };
            key_store::make(connections).await.map_err(refused)?;
            Migrator::up(connections.schema(), None).await.map_err(refused)?;
            connections.keep_tenants_apart().await?;
        }
        key_store::hold_to_database(connections).await?;
        self.set_keys_apart().await?;
        if let Some(lock) = lock {
            lock.commit().await?;
        }
        Ok(())
    }

    /// Names of the migrations that have not run yet.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(self.connections().schema()).await?;
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

    /// This process, among those on the same database.
    pub fn node(&self) -> Id<id::Node> {
        self.inner.node
    }

    pub(crate) fn writes(&self) -> &GroupedWrites {
        &self.inner.writes
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    pub(crate) fn operator_key(&self) -> &OperatorKey {
        &self.inner.operator_key
    }

    /// Lets go of a tenant's key that was destroyed.
    pub(crate) fn forget_key(&self, tenant: Id<id::Tenant>) {
        self.inner.tenant_keys.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&tenant);
    }

    /// The key for what belongs to no tenant.
    pub(crate) async fn installation_key(&self) -> Result<Arc<TenantKey>, StoreError> {
        self.inner.installation_key.get_or_try_init(|| self.find_installation_key()).await.cloned()
    }

    async fn tenant_key(&self, tenant: Id<id::Tenant>) -> Result<Arc<TenantKey>, StoreError> {
        let keys =
            self.inner.tenant_keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&tenant).cloned();
        if let Some(key) = keys {
            return Ok(key);
        }
        let row = entities::tenant::Entity::find_by_id(tenant.uuid())
            .filter(entities::tenant::Column::ErasedAt.is_null())
            .one(&self.connections().reader)
            .await?
            .ok_or(StoreError::NotFound)?;
        let bytes = self.operator_key().unwrap(&row.wrapped_key, Place::tenant_key(tenant)).await?;
        let key = Arc::new(TenantKey::from_bytes(&bytes)?);
        self.inner
            .tenant_keys
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(tenant, Arc::clone(&key));
        Ok(key)
    }
}
