//! A tenant's apps.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{
    audit::NewAuditEvent, configs::active_config, splits::running_split, suite_requirements::SuiteRequirement,
};
use crate::{
    ConfigVersion, Installation, Split, StoreError, TenantScope,
    entities::{app, tenant},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: Id<id::App>,
    pub tenant: Id<id::Tenant>,
    /// The app's public name, unique in the installation.
    pub project_id: String,
    pub name: String,
    pub description: String,
    /// Origin patterns: see `kuzushi_domain::origin`.
    pub allowed_origins: Vec<String>,
    /// Whether a second person has to approve what changes what new conversations get.
    pub approval_required: bool,
    /// What a version has to pass before new conversations get it.
    pub requirement: Option<SuiteRequirement>,
    /// 1, 2, 3…: rises with every change of the app itself.
    pub revision: i32,
}

#[derive(Debug, Clone)]
pub struct NewApp {
    pub project_id: String,
    pub name: String,
    pub description: String,
    pub allowed_origins: Vec<String>,
}

/// What is to change about an app. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct AppChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub allowed_origins: Option<Vec<String>>,
}

/// An app with the config version that new sessions get.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedApp {
    pub app: App,
    /// None before the first version was activated.
    pub config: Option<ConfigVersion>,
    /// How new sessions are divided among versions, where they are.
    pub split: Option<Split>,
}

impl From<app::Model> for App {
    fn from(row: app::Model) -> Self {
        let requirement = SuiteRequirement::of_app(&row);
        Self {
            id: Id::from_uuid(row.id),
            tenant: Id::from_uuid(row.tenant_id),
            project_id: row.project_id,
            name: row.name,
            description: row.description,
            allowed_origins: strings(&row.allowed_origins),
            approval_required: row.approval_required,
            requirement,
            revision: row.revision,
        }
    }
}

/// The strings of a JSON array that the store itself wrote.
pub(crate) fn strings(array: &serde_json::Value) -> Vec<String> {
    array.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

impl Installation {
    /// Finds an app by its public name: the one look-up that starts without a tenant. One of a closed tenant is not found.
    pub async fn published_app(&self, project_id: &str) -> Result<Option<PublishedApp>, StoreError> {
        let of_tenant = app::Entity::belongs_to(tenant::Entity).from(app::Column::TenantId).to(tenant::Column::Id);
        let row = app::Entity::find()
            .join(JoinType::InnerJoin, of_tenant.into())
            .filter(app::Column::ProjectId.eq(project_id))
            .filter(tenant::Column::ClosedAt.is_null())
            .one(self.reader())
            .await?;
        let Some(app) = row.map(App::from) else {
            return Ok(None);
        };
        let config = active_config(self.reader(), app.tenant, app.id).await?;
        let split = running_split(self.reader(), app.tenant, app.id).await?;
        Ok(Some(PublishedApp { app, config, split }))
    }

    /// The app of this public name, whether it answers anybody or not.
    pub async fn app_by_project(&self, project_id: &str) -> Result<Option<App>, StoreError> {
        let row = app::Entity::find().filter(app::Column::ProjectId.eq(project_id)).one(self.reader()).await?;
        Ok(row.map(App::from))
    }
}

impl TenantScope {
    pub async fn app(&self, id: Id<id::App>) -> Result<App, StoreError> {
        app::Entity::find_by_id(id.uuid())
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .one(self.reader())
            .await?
            .map(App::from)
            .ok_or(StoreError::NotFound)
    }

    /// A page of the tenant's apps, newest first.
    pub async fn apps(&self, before: Option<Id<id::App>>, limit: u64) -> Result<Vec<App>, StoreError> {
        let mut rows = app::Entity::find()
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .order_by_desc(app::Column::Id)
            .limit(limit);
        if let Some(before) = before {
            rows = rows.filter(app::Column::Id.lt(before.uuid()));
        }
        Ok(rows.all(self.reader()).await?.into_iter().map(App::from).collect())
    }

    pub async fn app_by_project(&self, project_id: &str) -> Result<Option<App>, StoreError> {
        let row = app::Entity::find()
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .filter(app::Column::ProjectId.eq(project_id))
            .one(self.reader())
            .await?;
        Ok(row.map(App::from))
    }

    pub async fn create_app(&self, new: NewApp, now: DateTime<Utc>) -> Result<App, StoreError> {
        let id = Id::generate();
        let transaction = self.write().await?;
        app::Entity::insert(app::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            project_id: Set(new.project_id.clone()),
            name: Set(new.name.clone()),
            description: Set(new.description.clone()),
            allowed_origins: Set(new.allowed_origins.clone().into()),
            created_at: Set(now),
            approval_required: Set(false),
            required_suite: Set(None),
            required_suite_hash: Set(None),
            required_share: Set(None),
            revision: Set(1),
        })
        .exec_without_returning(&transaction)
        .await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::AppCreated, id), now).await?;
        transaction.commit().await?;
        Ok(App {
            id,
            tenant: self.id(),
            project_id: new.project_id,
            name: new.name,
            description: new.description,
            allowed_origins: new.allowed_origins,
            approval_required: false,
            requirement: None,
            revision: 1,
        })
    }

    /// Changes name, description or allowed origins; the public name stays. Where they are so already, nothing changes.
    ///
    /// `revision` is the one that the caller has seen: where there is a newer one by now, nothing changes either.
    pub async fn change_app(
        &self,
        id: Id<id::App>,
        change: AppChange,
        revision: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<App, StoreError> {
        let transaction = self.write().await?;
        let known = App::from(self.lock_configs(&transaction, id).await?);
        if revision.is_some_and(|revision| revision != known.revision) {
            return Err(StoreError::Changed { newest: Some(known.revision) });
        }
        let AppChange { name, description, allowed_origins } = change;
        let changed = App {
            name: name.unwrap_or_else(|| known.name.clone()),
            description: description.unwrap_or_else(|| known.description.clone()),
            allowed_origins: allowed_origins.unwrap_or_else(|| known.allowed_origins.clone()),
            ..known.clone()
        };
        if changed == known {
            return Ok(known);
        }
        let changed = App { revision: known.revision + 1, ..changed };
        app::Entity::update_many()
            .col_expr(app::Column::Name, Expr::value(changed.name.clone()))
            .col_expr(app::Column::Description, Expr::value(changed.description.clone()))
            .col_expr(
                app::Column::AllowedOrigins,
                Expr::value(serde_json::Value::from(changed.allowed_origins.clone())),
            )
            .col_expr(app::Column::Revision, Expr::value(changed.revision))
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .filter(app::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::AppChanged, id), now).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}
