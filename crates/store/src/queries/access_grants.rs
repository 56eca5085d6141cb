//! Leave to read patients' words for a while, given to those whose work it is not, for a reason that they state.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{StoreError, TenantScope, entities::access_grant};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGrant {
    pub id: Id<id::AccessGrant>,
    pub reason: String,
    pub expires_at: DateTime<Utc>,
}

impl TenantScope {
    /// Lets the scope's actor read until then. The reason is on record, here and with everything read because of it.
    pub async fn grant_access(
        &self,
        reason: String,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<AccessGrant, StoreError> {
        let id = Id::generate();
        let transaction = self.write().await?;
        access_grant::Entity::insert(access_grant::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            actor: Set(self.actor().id()),
            reason: Set(reason.clone()),
            created_at: Set(now),
            expires_at: Set(expires_at),
        })
        .exec_without_returning(&transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::AccessGranted, id)
            .because(&reason)
            .with(json!({"minutes": (expires_at - now).num_minutes()}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(AccessGrant { id, reason, expires_at })
    }

    /// What lets the scope's actor read now: the grant that lasts longest.
    pub async fn access_grant(&self, now: DateTime<Utc>) -> Result<Option<AccessGrant>, StoreError> {
        let row = access_grant::Entity::find()
            .filter(access_grant::Column::TenantId.eq(self.id().uuid()))
            .filter(access_grant::Column::Actor.eq(self.actor().id()))
            .filter(access_grant::Column::ExpiresAt.gt(now))
            .order_by_desc(access_grant::Column::ExpiresAt)
            .one(self.reader())
            .await?;
        Ok(row.map(|row| AccessGrant { id: Id::from_uuid(row.id), reason: row.reason, expires_at: row.expires_at }))
    }
}
