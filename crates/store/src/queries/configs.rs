//! Config versions.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, config::AppConfig, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use crate::{
    StoreError, TenantScope,
    entities::{app, app_config},
};

#[derive(Debug, Clone, PartialEq)]
pub struct ConfigVersion {
    pub id: Id<id::Config>,
    /// 1, 2, 3… within the app.
    pub version: i32,
    pub config: AppConfig,
}

#[derive(Debug, Clone)]
pub struct NewConfig {
    pub config: AppConfig,
    /// The person or program that made the version.
    pub created_by: String,
    pub note: String,
}

impl TryFrom<app_config::Model> for ConfigVersion {
    type Error = StoreError;

    fn try_from(row: app_config::Model) -> Result<Self, StoreError> {
        let config = serde_json::from_value(row.config_data)
            .map_err(|error| StoreError::Other(format!("config version {}: {error}", row.version)))?;
        Ok(Self { id: Id::from_uuid(row.id), version: row.version, config })
    }
}

/// The app's active version.
pub(crate) async fn active_config(
    reader: &DatabaseConnection,
    tenant: Id<id::Tenant>,
    app: Id<id::App>,
) -> Result<Option<ConfigVersion>, StoreError> {
    app_config::Entity::find()
        .filter(app_config::Column::TenantId.eq(tenant.uuid()))
        .filter(app_config::Column::AppId.eq(app.uuid()))
        .filter(app_config::Column::IsActive.eq(true))
        .one(reader)
        .await?
        .map(ConfigVersion::try_from)
        .transpose()
}

impl TenantScope {
    pub async fn config_version(&self, app: Id<id::App>, version: i32) -> Result<ConfigVersion, StoreError> {
        app_config::Entity::find()
            .filter(app_config::Column::TenantId.eq(self.id().uuid()))
            .filter(app_config::Column::AppId.eq(app.uuid()))
            .filter(app_config::Column::Version.eq(version))
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)?
            .try_into()
    }

    /// The version that new sessions get. None before the first was activated.
    pub async fn active_config(&self, app: Id<id::App>) -> Result<Option<ConfigVersion>, StoreError> {
        active_config(self.reader(), self.id(), app).await
    }

    /// Adds the next version and makes it the active one, in one step.
    pub async fn publish_config(
        &self,
        app: Id<id::App>,
        new: NewConfig,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let data = serde_json::to_value(&new.config).map_err(|error| StoreError::Other(error.to_string()))?;
        let transaction = self.write().await?;
        // The app's row is the lock under which version numbers are given.
        app::Entity::find_by_id(app.uuid())
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        let newest = app_config::Entity::find()
            .filter(app_config::Column::TenantId.eq(self.id().uuid()))
            .filter(app_config::Column::AppId.eq(app.uuid()))
            .order_by_desc(app_config::Column::Version)
            .one(&transaction)
            .await?;
        let version = newest.map_or(1, |newest| newest.version + 1);
        app_config::Entity::update_many()
            .col_expr(app_config::Column::IsActive, Expr::value(false))
            .filter(app_config::Column::TenantId.eq(self.id().uuid()))
            .filter(app_config::Column::AppId.eq(app.uuid()))
            .filter(app_config::Column::IsActive.eq(true))
            .exec(&transaction)
            .await?;
        let id = Id::generate();
        app_config::Entity::insert(app_config::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(app.uuid()),
            version: Set(version),
            is_active: Set(true),
            config_data: Set(data),
            created_by: Set(new.created_by),
            note: Set(new.note),
            created_at: Set(now),
        })
        .exec_without_returning(&transaction)
        .await?;
        transaction.commit().await?;
        Ok(ConfigVersion { id, version, config: new.config })
    }
}
