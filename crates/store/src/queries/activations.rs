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

/// What rolling back leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RollBack {
    /// The split that runs ends, and all get this version, which is active already.
    EndSplit {
        active: i32,
    },
    To {
        version: i32,
    },
}

impl RollBack {
    pub(crate) fn version(self) -> i32 {
        match self {
            Self::EndSplit { active: version } | Self::To { version } => version,
        }
    }
}

impl TenantScope {
    /// Makes a version the one that all new sessions get, and ends a split. Activating the active one without a split changes
    /// nothing.
    ///
    /// Where new conversations are not divided as the caller takes them to be by now, nothing changes. Nor where the version has
    /// not passed the suite that the app requires, or a second person has to approve it: see [`TenantScope::request_change`].
    pub async fn activate_config(
        &self,
        app: Id<id::App>,
        version: i32,
        replaces: Replaces,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_configs(&transaction, app).await?;
        let wanted = versions_of(self.id(), app)
            .filter(app_config::Column::Version.eq(version))
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        if !wanted.is_active || running_split(&transaction, self.id(), app).await?.is_some() {
            self.check_replaced(&transaction, app, replaces).await?;
            self.check_proven(&transaction, &row, &[version], now).await?;
            if row.approval_required {
                return Err(StoreError::ApprovalNeeded);
            }
            self.activate(&transaction, app, version, &self.actor().to_string(), now).await?;
            transaction.commit().await?;
        }
        Ok(ConfigVersion { is_active: true, ..wanted.try_into()? })
    }

    /// Lets all new conversations have a version, under the lock of [`TenantScope::lock_configs`].
    pub(crate) async fn activate(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        version: i32,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let active = active_config(transaction, self.id(), app).await?;
        if active.is_some_and(|active| active.version == version) {
            return self.end_split(transaction, app, by, now).await.map(drop);
        }
        self.switch_to(transaction, app, version, AuditAction::ConfigActivated, by, now).await
    }

    /// Returns to how it was before: ends a split, or else makes the version active again that was before the one that is.
    /// None was: not found.
    ///
    /// Nothing changes where [`TenantScope::activate_config`] would change nothing either; but no suite has to be passed, since
    /// what is returned to was let in before, and there may be no time.
    pub async fn roll_back_config(
        &self,
        app: Id<id::App>,
        replaces: Replaces,
        now: DateTime<Utc>,
    ) -> Result<ConfigVersion, StoreError> {
        let transaction = self.write().await?;
        let needs_approval = self.lock_configs(&transaction, app).await?.approval_required;
        self.check_replaced(&transaction, app, replaces).await?;
        let target = self.roll_back_target(&transaction, app).await?;
        if needs_approval {
            return Err(StoreError::ApprovalNeeded);
        }
        self.roll_back_to(&transaction, app, target, &self.actor().to_string(), now).await?;
        let wanted = active_config(&transaction, self.id(), app).await?.ok_or(StoreError::NotFound)?;
        transaction.commit().await?;
        Ok(wanted)
    }

    /// Where rolling back would lead to.
    pub(crate) async fn roll_back_target(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
    ) -> Result<RollBack, StoreError> {
        let active = active_config(transaction, self.id(), app).await?.ok_or(StoreError::NotFound)?.version;
        if running_split(transaction, self.id(), app).await?.is_some() {
            return Ok(RollBack::EndSplit { active });
        }
        let before = self
            .newest_activations(app)
            .filter(config_activation::Column::Version.ne(active))
            .one(transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        Ok(RollBack::To { version: before.version })
    }

    pub(crate) async fn roll_back_to(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        target: RollBack,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match target {
            RollBack::EndSplit { .. } => self.end_split(transaction, app, by, now).await.map(drop),
            RollBack::To { version } => {
                self.switch_to(transaction, app, version, AuditAction::ConfigRolledBack, by, now).await
            }
        }
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
        self.void_requests(transaction, app).await?;
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
