//! Config versions.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, config::AppConfig, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{
    StoreError, TenantScope,
    entities::{app, app_config},
};

#[derive(Debug, Clone, PartialEq)]
pub struct ConfigVersion {
    pub id: Id<id::Config>,
    /// 1, 2, 3… within the app.
    pub version: i32,
    /// Whether new sessions get this one.
    pub is_active: bool,
    pub config: AppConfig,
    pub created_by: String,
    pub note: String,
    pub created_at: DateTime<Utc>,
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
        Ok(Self {
            id: Id::from_uuid(row.id),
            version: row.version,
            is_active: row.is_active,
            config,
            created_by: row.created_by,
            note: row.note,
            created_at: row.created_at,
        })
    }
}

/// An app's versions.
pub(crate) fn versions_of(tenant: Id<id::Tenant>, app: Id<id::App>) -> Select<app_config::Entity> {
    app_config::Entity::find()
        .filter(app_config::Column::TenantId.eq(tenant.uuid()))
        .filter(app_config::Column::AppId.eq(app.uuid()))
}

/// The app's active version.
pub(crate) async fn active_config(
    reader: &impl ConnectionTrait,
    tenant: Id<id::Tenant>,
    app: Id<id::App>,
) -> Result<Option<ConfigVersion>, StoreError> {
    let active = versions_of(tenant, app).filter(app_config::Column::IsActive.eq(true)).one(reader).await?;
    active.map(ConfigVersion::try_from).transpose()
}

impl TenantScope {
    pub async fn config_version(&self, app: Id<id::App>, version: i32) -> Result<ConfigVersion, StoreError> {
        versions_of(self.id(), app)
            .filter(app_config::Column::Version.eq(version))
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)?
            .try_into()
    }

    /// A page of an app's versions, newest first.
    pub async fn config_versions(
        &self,
        app: Id<id::App>,
        before: Option<i32>,
        limit: u64,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        let mut rows = versions_of(self.id(), app).order_by_desc(app_config::Column::Version).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(app_config::Column::Version.lt(before));
        }
        rows.all(self.reader()).await?.into_iter().map(ConfigVersion::try_from).collect()
    }

    /// The version that new sessions get. None before the first was activated.
    pub async fn active_config(&self, app: Id<id::App>) -> Result<Option<ConfigVersion>, StoreError> {
        active_config(self.reader(), self.id(), app).await
    }

    /// Adds the next version; new sessions go on getting the active one.
    ///
    /// `based_on` is the newest version that its author knows of: where there is a newer one by now, nothing is added.
    pub async fn create_config(
        &self,
        app: Id<id::App>,
        new: NewConfig,
        based_on: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let newest = self.newest_version(&transaction, app).await?;
        if based_on.is_some() && based_on != newest {
            return Err(StoreError::Changed { newest });
        }
        let created = self.add_version(&transaction, app, newest, new, now).await?;
        transaction.commit().await?;
        Ok(created)
    }

    /// Adds the next version and makes it the active one, in one step. Not where it has to pass a suite first, or a second person
    /// has to approve it.
    pub async fn publish_config(
        &self,
        app: Id<id::App>,
        new: NewConfig,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_configs(&transaction, app).await?;
        let newest = self.newest_version(&transaction, app).await?;
        self.check_proven(&transaction, &row, &[newest.unwrap_or(0) + 1], now).await?;
        if row.approval_required {
            return Err(StoreError::ApprovalNeeded);
        }
        let by = new.created_by.clone();
        let created = self.add_version(&transaction, app, newest, new, now).await?;
        self.switch_to(&transaction, app, created.version, AuditAction::ConfigActivated, &by, now).await?;
        transaction.commit().await?;
        Ok(ConfigVersion { is_active: true, ..created })
    }

    /// The app's row is the lock under which versions are numbered and activated.
    pub(crate) async fn lock_configs(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
    ) -> Result<app::Model, StoreError> {
        let row = app::Entity::find_by_id(app.uuid())
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(transaction)
            .await?;
        row.ok_or(StoreError::NotFound)
    }

    async fn newest_version(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
    ) -> Result<Option<i32>, StoreError> {
        let newest = versions_of(self.id(), app).order_by_desc(app_config::Column::Version).one(transaction).await?;
        Ok(newest.map(|newest| newest.version))
    }

    async fn add_version(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        newest: Option<i32>,
        new: NewConfig,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let data = serde_json::to_value(&new.config).map_err(|error| StoreError::Other(error.to_string()))?;
        let (id, version) = (Id::generate(), newest.unwrap_or(0) + 1);
        app_config::Entity::insert(app_config::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(app.uuid()),
            version: Set(version),
            is_active: Set(false),
            config_data: Set(data),
            created_by: Set(new.created_by.clone()),
            note: Set(new.note.clone()),
            created_at: Set(now),
        })
        .exec_without_returning(transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::ConfigCreated, id)
            .with(json!({"appId": app.to_string(), "version": version}));
        self.audit(transaction, event, now).await?;
        let NewConfig { config, created_by, note } = new;
        Ok(ConfigVersion { id, version, is_active: false, config, created_by, note, created_at: now })
    }
}
