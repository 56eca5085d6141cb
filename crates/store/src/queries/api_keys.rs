//! Keys to the administration API.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Actor, AuditAction, Id, StaffRole, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{Installation, StoreError, entities::api_key};

/// SHA-256 of a key's secret. The secret has 256 random bits, so nothing slower is needed.
pub type SecretHash = [u8; 32];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: Id<id::ApiKey>,
    /// The tenant it opens; None for an operator's.
    pub tenant: Option<Id<id::Tenant>>,
    pub role: StaffRole,
    pub name: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Made by the caller, since it is part of the key's text.
    pub id: Id<id::ApiKey>,
    /// None for an operator's key, and for no other: the database refuses the rest.
    pub tenant: Option<Id<id::Tenant>>,
    pub role: StaffRole,
    pub name: String,
    pub secret_hash: SecretHash,
    pub created_by: String,
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl TryFrom<api_key::Model> for ApiKey {
    type Error = StoreError;

    fn try_from(row: api_key::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::from_uuid(row.id),
            tenant: row.tenant_id.map(Id::from_uuid),
            role: row.role.parse().map_err(|error| StoreError::Other(format!("API key {}: {error}", row.id)))?,
            name: row.name,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// The keys of a tenant, or those of operators.
fn of(tenant: Option<Id<id::Tenant>>) -> Condition {
    let column = api_key::Column::TenantId;
    Condition::all().add(tenant.map_or_else(|| column.is_null(), |tenant| column.eq(tenant.uuid())))
}

impl Installation {
    pub async fn create_api_key(&self, new: NewApiKey, now: DateTime<Utc>) -> Result<ApiKey, StoreError> {
        let transaction = self.write().await?;
        api_key::Entity::insert(api_key::ActiveModel {
            id: Set(new.id.uuid()),
            tenant_id: Set(new.tenant.map(|tenant| tenant.uuid())),
            role: Set(new.role.as_str().to_owned()),
            name: Set(new.name.clone()),
            secret_hash: Set(new.secret_hash.to_vec()),
            created_by: Set(new.created_by.clone()),
            made_by: Set(Some(self.actor().id())),
            created_at: Set(now),
            expires_at: Set(new.expires_at),
            revoked_at: Set(None),
        })
        .exec_without_returning(&transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::KeyCreated, new.id).with(json!({"role": new.role.as_str()}));
        self.audit(&transaction, new.tenant, event, now).await?;
        transaction.commit().await?;
        Ok(ApiKey {
            id: new.id,
            tenant: new.tenant,
            role: new.role,
            name: new.name,
            created_by: new.created_by,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
        })
    }

    /// The person behind an actor, as far as keys tell: a key is the person's who made it, unless that was on the command
    /// line, where keys are made for others.
    pub async fn person_behind(&self, actor: &str) -> Result<String, StoreError> {
        let mut person = actor.to_owned();
        // Each key is younger than the one that made it, so this ends.
        while let Ok(key) = person.parse::<Id<id::ApiKey>>() {
            let made_by: Option<Option<String>> = api_key::Entity::find_by_id(key.uuid())
                .select_only()
                .column(api_key::Column::MadeBy)
                .into_tuple()
                .one(self.reader())
                .await?;
            match made_by.flatten() {
                Some(maker) if ![Actor::CommandLine.id(), Actor::System.id()].contains(&maker) => person = maker,
                _ => break,
            }
        }
        Ok(person)
    }

    /// A key with the hash of its secret: a look-up that starts without a tenant, because the key names it.
    pub async fn api_key(&self, id: Id<id::ApiKey>) -> Result<Option<(ApiKey, Vec<u8>)>, StoreError> {
        let row = api_key::Entity::find_by_id(id.uuid()).one(self.reader()).await?;
        row.map(|row| {
            let hash = row.secret_hash.clone();
            ApiKey::try_from(row).map(|key| (key, hash))
        })
        .transpose()
    }

    /// A page of a tenant's keys, or of the operators', newest first.
    pub async fn api_keys(
        &self,
        tenant: Option<Id<id::Tenant>>,
        before: Option<Id<id::ApiKey>>,
        limit: u64,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let mut rows = api_key::Entity::find().filter(of(tenant)).order_by_desc(api_key::Column::Id).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(api_key::Column::Id.lt(before.uuid()));
        }
        rows.all(self.reader()).await?.into_iter().map(ApiKey::try_from).collect()
    }

    /// Makes a key of the tenant, or an operator's, worthless. Again changes nothing.
    pub async fn revoke_api_key(
        &self,
        tenant: Option<Id<id::Tenant>>,
        id: Id<id::ApiKey>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let this = of(tenant).add(api_key::Column::Id.eq(id.uuid()));
        let revoked = api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, Expr::value(now))
            .filter(this.clone())
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        if revoked.rows_affected > 0 {
            self.audit(&transaction, tenant, NewAuditEvent::new(AuditAction::KeyRevoked, id), now).await?;
        } else if api_key::Entity::find().filter(this).one(&transaction).await?.is_none() {
            return Err(StoreError::NotFound);
        }
        Ok(transaction.commit().await?)
    }
}
