//! Which config version is the active one, and which were before.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};

use serde_json::json;

use super::{
    audit::NewAuditEvent,
    configs::{active_config, versions_of},
    splits::{Replaces, running_split},
};
use crate::{
    ConfigVersion, StoreError, TenantScope,
    entities::{app_config, config_activation},
};

/// A config version that became the active one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// 1, 2, 3… within the app.
    pub number: i32,
    pub version: i32,
    pub activated_by: String,
    pub activated_at: DateTime<Utc>,
}

impl From<config_activation::Model> for Activation {
    fn from(row: config_activation::Model) -> Self {
        Self {
            number: row.number,
            version: row.version,
            activated_by: row.activated_by,
            activated_at: row.activated_at,
        }
    }
}

impl TenantScope {
    /// Makes a version the one that all new sessions get, and ends a split. Activating the active one without a split changes
    /// nothing.
    ///
    /// Where new conversations are not divided as the caller takes them to be by now, nothing changes.
    pub async fn activate_config(
        &self,
        app: Id<id::App>,
        version: i32,
        replaces: Replaces,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let wanted = versions_of(self.id(), app)
            .filter(app_config::Column::Version.eq(version))
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        if !wanted.is_active {
            self.check_replaced(&transaction, app, replaces).await?;
            self.switch_to(&transaction, app, version, AuditAction::ConfigActivated, by, now).await?;
            transaction.commit().await?;
        } else if running_split(&transaction, self.id(), app).await?.is_some() {
            self.check_replaced(&transaction, app, replaces).await?;
            self.end_split(&transaction, app, by, now).await?;
            transaction.commit().await?;
        }
        Ok(ConfigVersion { is_active: true, ..wanted.try_into()? })
    }

    /// Returns to how it was before: ends a split, or else makes the version active again that was before the one that is.
    /// None was: not found.
    pub async fn roll_back_config(
        &self,
        app: Id<id::App>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let active = active_config(&transaction, self.id(), app).await?.ok_or(StoreError::NotFound)?;
        if self.end_split(&transaction, app, by, now).await? {
            transaction.commit().await?;
            return Ok(active);
        }
        let before = self
            .newest_activations(app)
            .filter(config_activation::Column::Version.ne(active.version))
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        self.switch_to(&transaction, app, before.version, AuditAction::ConfigRolledBack, by, now).await?;
        let wanted = active_config(&transaction, self.id(), app).await?.ok_or(StoreError::NotFound)?;
        transaction.commit().await?;
        Ok(wanted)
    }

    /// A page of what was active, newest first.
    pub async fn activations(
        &self,
        app: Id<id::App>,
        before: Option<i32>,
        limit: u64,
    ) -> Result<Vec<Activation>, StoreError> {
        let mut rows = self.newest_activations(app).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(config_activation::Column::Number.lt(before));
        }
        Ok(rows.all(self.reader()).await?.into_iter().map(Activation::from).collect())
    }

    fn newest_activations(&self, app: Id<id::App>) -> Select<config_activation::Entity> {
        config_activation::Entity::find()
            .filter(config_activation::Column::TenantId.eq(self.id().uuid()))
            .filter(config_activation::Column::AppId.eq(app.uuid()))
            .order_by_desc(config_activation::Column::Number)
    }

    /// Makes a version the active one, under the lock of [`TenantScope::lock_configs`].
    pub(crate) async fn switch_to(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        version: i32,
        action: AuditAction,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let of_app = |is_active: bool| {
            app_config::Entity::update_many()
                .col_expr(app_config::Column::IsActive, Expr::value(is_active))
                .filter(app_config::Column::TenantId.eq(self.id().uuid()))
                .filter(app_config::Column::AppId.eq(app.uuid()))
        };
        self.end_split(transaction, app, by, now).await?;
        // In this order: the database allows one active version at any time.
        of_app(false).filter(app_config::Column::IsActive.eq(true)).exec(transaction).await?;
        of_app(true).filter(app_config::Column::Version.eq(version)).exec(transaction).await?;
        let last = self.newest_activations(app).one(transaction).await?;
        config_activation::Entity::insert(config_activation::ActiveModel {
            app_id: Set(app.uuid()),
            number: Set(last.map_or(1, |last| last.number + 1)),
            tenant_id: Set(self.id().uuid()),
            version: Set(version),
            activated_by: Set(by.to_owned()),
            activated_at: Set(now),
        })
        .exec_without_returning(transaction)
        .await?;
        self.audit(transaction, NewAuditEvent::new(action, app).with(json!({"version": version})), now).await
    }
}
