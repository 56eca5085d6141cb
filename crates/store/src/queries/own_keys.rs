//! The keys of conversations and patients, which lie apart from what they seal: kept, found, destroyed.
//!
//! A key is kept before anything sealed with it can be seen, so nothing is ever without its key; a key that nothing was sealed
//! with in the end harms nobody. What is erased is on record before its key goes, and whoever finds such a record sees that the
//! key goes, so an erasure that was interrupted is finished.

use std::collections::HashMap;

use kuzushi_domain::{Id, id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityName, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    Installation, StoreError, TenantScope,
    dialect::Connections,
    entities::{key, key_to_destroy},
    sealed::{Key, Place},
};

/// Keys destroyed in one go.
const BATCH: u64 = 500;

/// With new conversations, first of all. Keeping a key that is kept already is no mistake: a group that failed is tried again.
pub(crate) const INSERT_KEYS: &str = "\
    INSERT INTO kuzushi_keys.keys (id, tenant_id, wrapped_key) \
    SELECT id, tenant_id, wrapped_key FROM given WHERE TRUE ON CONFLICT (id) DO NOTHING";

impl TenantScope {
    /// A new key of a patient's, kept.
    pub(crate) async fn new_user_key(&self, user: Id<id::User>) -> Result<Key, StoreError> {
        let place = Place::user_key(self.id(), user);
        let (_, wrapped_key) = self.key().generate_wrapped(place)?;
        let row = key::ActiveModel {
            id: sea_orm::Set(user.uuid()),
            tenant_id: sea_orm::Set(self.id().uuid()),
            wrapped_key: sea_orm::Set(wrapped_key),
        };
        let once = OnConflict::column(key::Column::Id).do_nothing().to_owned();
        key::Entity::insert(row).on_conflict(once).exec_without_returning(&self.writer()).await?;
        // Two nodes may give the same patient a key at once; whoever was first has given it.
        self.user_key(&self.writer(), user).await?.ok_or(StoreError::NotFound)
    }

    /// Removes a key that nothing was sealed with in the end.
    pub(crate) async fn discard_key(&self, id: Uuid) -> Result<(), StoreError> {
        key::Entity::delete_many()
            .filter(key::Column::TenantId.eq(self.id().uuid()))
            .filter(key::Column::Id.eq(id))
            .exec(&self.writer())
            .await?;
        Ok(())
    }

    /// None: it was destroyed.
    pub(crate) async fn user_key(
        &self,
        connection: &impl ConnectionTrait,
        user: Id<id::User>,
    ) -> Result<Option<Key>, StoreError> {
        let found = self.wrapped_keys(connection, [user.uuid()]).await?.remove(&user.uuid());
        Ok(found.map(|wrapped| self.key().unwrap(&wrapped, Place::user_key(self.id(), user))).transpose()?)
    }

    /// Of these conversations or patients, the keys that there are.
    pub(crate) async fn wrapped_keys(
        &self,
        connection: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Vec<u8>>, StoreError> {
        let rows: Vec<(Uuid, Vec<u8>)> = key::Entity::find()
            .select_only()
            .columns([key::Column::Id, key::Column::WrappedKey])
            .filter(key::Column::TenantId.eq(self.id().uuid()))
            .filter(key::Column::Id.is_in(ids))
            .into_tuple()
            .all(connection)
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Has a key destroyed with what is recorded in the transaction: in it, or by [`Self::destroy_keys`] after it.
    pub(crate) async fn give_up_key(&self, transaction: &DatabaseTransaction, id: Uuid) -> Result<(), StoreError> {
        if self.connections().commits_keys_with_data() {
            key::Entity::delete_many()
                .filter(key::Column::TenantId.eq(self.id().uuid()))
                .filter(key::Column::Id.eq(id))
                .exec(transaction)
                .await?;
        } else {
            let row = key_to_destroy::ActiveModel { id: sea_orm::Set(id), tenant_id: sea_orm::Set(self.id().uuid()) };
            let once = OnConflict::column(key_to_destroy::Column::Id).do_nothing().to_owned();
            key_to_destroy::Entity::insert(row).on_conflict(once).exec_without_returning(transaction).await?;
        }
        Ok(())
    }

    /// Destroys the keys that were given up. To be done before anybody is told that something was erased.
    pub(crate) async fn destroy_keys(&self) -> Result<(), StoreError> {
        destroy_keys(self.connections()).await
    }
}

impl Installation {
    /// Has all keys of a tenant destroyed with what is recorded in the transaction: in it, or by [`Self::finish_erasures`] after
    /// it.
    pub(crate) async fn give_up_keys_of(
        &self,
        transaction: &DatabaseTransaction,
        tenant: Id<id::Tenant>,
    ) -> Result<(), StoreError> {
        if self.connections().commits_keys_with_data() {
            key::Entity::delete_many().filter(key::Column::TenantId.eq(tenant.uuid())).exec(transaction).await?;
            return Ok(());
        }
        let all = Query::select()
            .columns([key::Column::Id, key::Column::TenantId])
            .from(key::Entity.table_ref())
            .and_where(key::Column::TenantId.eq(tenant.uuid()))
            .to_owned();
        let mut given_up = Query::insert();
        given_up
            .into_table(key_to_destroy::Entity.table_ref())
            .columns([key_to_destroy::Column::Id, key_to_destroy::Column::TenantId])
            .select_from(all)
            .map_err(|error| StoreError::Other(error.to_string()))?
            .on_conflict(OnConflict::column(key_to_destroy::Column::Id).do_nothing().to_owned());
        transaction.execute(&given_up).await?;
        Ok(())
    }

    /// Finishes erasures that a process recorded and did not live to carry out. Returns nothing where there were none.
    pub async fn finish_erasures(&self) -> Result<(), StoreError> {
        destroy_keys(self.connections()).await
    }
}

async fn destroy_keys(connections: &Connections) -> Result<(), StoreError> {
    if connections.commits_keys_with_data() {
        return Ok(());
    }
    let writer = connections.writer();
    loop {
        let due: Vec<Uuid> = key_to_destroy::Entity::find()
            .select_only()
            .column(key_to_destroy::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(writer)
            .await?;
        if due.is_empty() {
            return Ok(());
        }
        key::Entity::delete_many().filter(key::Column::Id.is_in(due.clone())).exec(writer).await?;
        connections.empty_the_log_of_keys().await?;
        key_to_destroy::Entity::delete_many().filter(key_to_destroy::Column::Id.is_in(due)).exec(writer).await?;
    }
}
