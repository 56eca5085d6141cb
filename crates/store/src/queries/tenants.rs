//! Organisations.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::audit::NewAuditEvent;
use crate::{Installation, StoreError, entities::tenant, sealed::Place};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: Id<id::Tenant>,
    pub name: String,
    pub domain: String,
    pub created_at: DateTime<Utc>,
    /// From then on its apps answer nobody.
    pub closed_at: Option<DateTime<Utc>>,
    /// Nothing that was sealed for it opens any more.
    pub erased_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct NewTenant {
    pub name: String,
    /// The organisation's internet domain; unique in the installation.
    pub domain: String,
}

impl From<tenant::Model> for Tenant {
    fn from(row: tenant::Model) -> Self {
        Self {
            id: Id::from_uuid(row.id),
            name: row.name,
            domain: row.domain,
            created_at: row.created_at,
            closed_at: row.closed_at,
            erased_at: row.erased_at,
        }
    }
}

/// The tenants whose key was not destroyed.
pub(crate) fn tenants_with_keys() -> Select<tenant::Entity> {
    tenant::Entity::find().filter(tenant::Column::ErasedAt.is_null())
}

impl Installation {
    pub async fn tenant(&self, id: Id<id::Tenant>) -> Result<Tenant, StoreError> {
        let row = tenant::Entity::find_by_id(id.uuid()).one(self.reader()).await?;
        row.map(Tenant::from).ok_or(StoreError::NotFound)
    }

    /// A page of all tenants, newest first.
    pub async fn tenants(&self, before: Option<Id<id::Tenant>>, limit: u64) -> Result<Vec<Tenant>, StoreError> {
        let mut rows = tenant::Entity::find().order_by_desc(tenant::Column::Id).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(tenant::Column::Id.lt(before.uuid()));
        }
        Ok(rows.all(self.reader()).await?.into_iter().map(Tenant::from).collect())
    }

    pub async fn tenant_by_domain(&self, domain: &str) -> Result<Option<Tenant>, StoreError> {
        let row = tenant::Entity::find().filter(tenant::Column::Domain.eq(domain)).one(self.reader()).await?;
        Ok(row.map(Tenant::from))
    }

    /// The organisation of this id or internet domain.
    pub async fn find_tenant(&self, text: &str) -> Result<Option<Tenant>, StoreError> {
        let Ok(id) = text.parse() else { return self.tenant_by_domain(text).await };
        match self.tenant(id).await {
            Ok(tenant) => Ok(Some(tenant)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds an organisation, with a new key of its own.
    pub async fn create_tenant(&self, new: NewTenant, now: DateTime<Utc>) -> Result<Tenant, StoreError> {
        let id = Id::generate();
        let wrapped_key = self.operator_key().generate_wrapped(Place::tenant_key(id)).await?;
        let transaction = self.write().await?;
        tenant::Entity::insert(tenant::ActiveModel {
            id: Set(id.uuid()),
            name: Set(new.name.clone()),
            domain: Set(new.domain.clone()),
            wrapped_key: Set(wrapped_key),
            created_at: Set(now),
            closed_at: Set(None),
            erased_at: Set(None),
            emptied_at: Set(None),
        })
        .exec_without_returning(&transaction)
        .await?;
        self.audit(&transaction, None, NewAuditEvent::new(AuditAction::TenantCreated, id), now).await?;
        transaction.commit().await?;
        let NewTenant { name, domain } = new;
        Ok(Tenant { id, name, domain, created_at: now, closed_at: None, erased_at: None })
    }
}
