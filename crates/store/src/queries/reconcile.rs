//! What a restored database does not know: what was erased after the backup was made. Its keys are gone, so it opens for nobody;
//! here the rows follow.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ColumnTrait, Condition, EntityName, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, endings::Closing, tenants::tenants_with_keys};
use crate::{
    Installation, StoreError, TenantScope,
    entities::{key, session, user},
};

/// Conversations or patients erased between two looks.
const BATCH: u64 = 500;

/// What has no key and is not on record as erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WithoutKeys {
    pub conversations: u64,
    pub patients: u64,
}

fn has_no_key(id: SimpleExpr) -> SimpleExpr {
    let its_key = Query::select()
        .expr(Expr::val(1))
        .from(key::Entity.table_ref())
        .and_where(Expr::col((key::Entity, key::Column::Id)).eq(id))
        .to_owned();
    Expr::exists(its_key).not()
}

impl Installation {
    /// How much in the database has no key and is not on record as erased.
    pub async fn without_keys(&self) -> Result<WithoutKeys, StoreError> {
        let mut found = WithoutKeys::default();
        for tenant in tenants_with_keys().all(self.reader()).await? {
            let scope = self.store().tenant(Id::from_uuid(tenant.id)).await?;
            let conversations = session::Entity::find().filter(scope.conversations_without_keys());
            found.conversations += conversations.count(self.reader()).await?;
            let patients = user::Entity::find().filter(scope.patients_without_keys());
            found.patients += patients.count(self.reader()).await?;
        }
        Ok(found)
    }

    /// Erases what has no key, on record, and returns how much that was.
    pub async fn erase_what_has_no_key(&self, now: DateTime<Utc>) -> Result<WithoutKeys, StoreError> {
        let mut erased = WithoutKeys::default();
        for tenant in tenants_with_keys().all(self.reader()).await? {
            let scope = self.store().tenant(Id::from_uuid(tenant.id)).await?.by(self.actor().clone());
            erased.conversations += scope.erase_conversations_without_keys(now).await?;
            erased.patients += scope.delete_patients_without_keys(now).await?;
        }
        Ok(erased)
    }
}

impl TenantScope {
    fn conversations_without_keys(&self) -> Condition {
        Condition::all()
            .add(session::Column::TenantId.eq(self.id().uuid()))
            .add(session::Column::ErasedAt.is_null())
            .add(has_no_key(Expr::col((session::Entity, session::Column::Id))))
    }

    fn patients_without_keys(&self) -> Condition {
        Condition::all()
            .add(user::Column::TenantId.eq(self.id().uuid()))
            .add(user::Column::OwnKey.eq(true))
            .add(user::Column::DeletionDueAt.is_null())
            .add(has_no_key(Expr::col((user::Entity, user::Column::Id))))
    }

    async fn erase_conversations_without_keys(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut erased = 0;
        loop {
            let found: Vec<Uuid> = session::Entity::find()
                .select_only()
                .column(session::Column::Id)
                .filter(self.conversations_without_keys())
                .limit(BATCH)
                .into_tuple()
                .all(self.reader())
                .await?;
            if found.is_empty() {
                return Ok(erased);
            }
            for id in found {
                let transaction = self.write().await?;
                let row = session::Entity::find_by_id(id)
                    .filter(session::Column::TenantId.eq(self.id().uuid()))
                    .lock_exclusive()
                    .one(&transaction)
                    .await?;
                let Some(row) = row else { continue };
                self.close(&transaction, &row, Closing::Erase, now).await?;
                let event = NewAuditEvent::new(AuditAction::ConversationErased, Id::<id::Session>::from_uuid(id));
                self.audit(&transaction, event.with(json!({"because": "erased before a restore"})), now).await?;
                transaction.commit().await?;
                erased += 1;
            }
            self.destroy_keys().await?;
        }
    }

    async fn delete_patients_without_keys(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let found: Vec<Uuid> = user::Entity::find()
                .select_only()
                .column(user::Column::Id)
                .filter(self.patients_without_keys())
                .limit(BATCH)
                .into_tuple()
                .all(self.reader())
                .await?;
            if found.is_empty() {
                return Ok(deleted);
            }
            for id in found {
                self.delete_user(Id::from_uuid(id), None, now).await?;
                deleted += 1;
            }
        }
    }
}
