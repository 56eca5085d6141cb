//! The key for what belongs to the installation and to no tenant.

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    entities::installation_key,
    sealed::{Place, TenantKey},
};

/// The one row's name.
pub(crate) const INSTALLATION: Uuid = Uuid::nil();

impl Store {
    /// The installation's key, made at its first use.
    pub(crate) async fn find_installation_key(&self) -> Result<Arc<TenantKey>, StoreError> {
        let row = || installation_key::Entity::find_by_id(INSTALLATION);
        if row().one(&self.connections().reader).await?.is_none() {
            let wrapped_key = self.operator_key().generate_wrapped(Place::installation_key()).await?;
            let new = installation_key::ActiveModel { id: Set(INSTALLATION), wrapped_key: Set(wrapped_key) };
            let transaction = self.connections().write().await?;
            // Another node may be at it as well.
            let once = OnConflict::column(installation_key::Column::Id).do_nothing().to_owned();
            installation_key::Entity::insert(new)
                .on_conflict(once)
                .try_insert()
                .exec_without_returning(&transaction)
                .await?;
            transaction.commit().await?;
        }
        let row = row().one(&self.connections().reader).await?.ok_or(StoreError::NotFound)?;
        let bytes = self.operator_key().unwrap(&row.wrapped_key, Place::installation_key()).await?;
        Ok(Arc::new(TenantKey::from_bytes(&bytes)?))
    }
}
