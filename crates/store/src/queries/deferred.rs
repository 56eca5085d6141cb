//! Erasures that wait for a legal hold to be lifted.
//!
//! What is under a hold is not destroyed when somebody wants it erased: it ends, opens for nobody but staff with a stated reason, and is
//! erased once no hold is on it any more.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, holds::no_hold_on_session};
use crate::{
    StoreError, TenantScope,
    entities::{session, user},
    sealed::random_mark,
};

/// As the audit trail says why.
const LIFTED: &str = "legal hold lifted";

/// What was erased that had waited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasedAfterHold {
    pub conversations: Vec<Id<id::Session>>,
    pub patients: u64,
}

impl TenantScope {
    /// Erases what waited for a hold and has none on it any more, `limit` conversations and patients at most.
    pub async fn erase_what_waited(&self, limit: u64, now: DateTime<Utc>) -> Result<ErasedAfterHold, StoreError> {
        let mut erased = ErasedAfterHold::default();
        let due: Vec<Uuid> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::ErasureDueAt.is_not_null())
            .filter(session::Column::ErasedAt.is_null())
            .filter(no_hold_on_session())
            .limit(limit)
            .into_tuple()
            .all(self.reader())
            .await?;
        for id in due {
            if self.erase_waiting_session(id, now).await? {
                erased.conversations.push(Id::from_uuid(id));
            }
        }
        let due: Vec<Uuid> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::TenantId.eq(self.id().uuid()))
            .filter(user::Column::DeletionDueAt.is_not_null())
            .order_by_asc(user::Column::Id)
            .into_tuple()
            .all(self.reader())
            .await?;
        for id in due.into_iter().map(Id::from_uuid) {
            if erased.patients == limit {
                break;
            }
            if !self.is_user_held(self.reader(), id).await? && self.delete_waiting_user(id, now).await? {
                erased.patients += 1;
            }
        }
        self.destroy_keys().await?;
        Ok(erased)
    }

    async fn erase_waiting_session(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let transaction = self.write().await?;
        let row = session::Entity::find_by_id(id)
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::ErasedAt.is_null())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        self.lock_audit(&transaction).await?;
        let Some(row) = row else { return Ok(false) };
        if self.is_held(&transaction, &row).await? {
            return Ok(false);
        }
        self.close(&transaction, &row, super::endings::Closing::Erase, now).await?;
        let event = NewAuditEvent::new(AuditAction::ConversationErased, Id::<id::Session>::from_uuid(id));
        self.audit(&transaction, event.with(json!({"because": LIFTED})), now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn delete_waiting_user(&self, id: Id<id::User>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let transaction = self.write().await?;
        let row = user::Entity::find_by_id(id.uuid())
            .filter(user::Column::TenantId.eq(self.id().uuid()))
            .filter(user::Column::DeletionDueAt.is_not_null())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        self.lock_audit(&transaction).await?;
        if row.is_none() || self.is_user_held(&transaction, id).await? {
            return Ok(false);
        }
        user::Entity::delete_by_id(id.uuid()).exec(&transaction).await?;
        self.give_up_key(&transaction, id.uuid()).await?;
        let event = NewAuditEvent::new(AuditAction::UserDeleted, id).with(json!({"because": LIFTED}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Hides an account that must not be deleted yet. By its marks nobody finds it any more, and its address is free again.
    pub(crate) async fn defer_deletion(
        &self,
        transaction: &DatabaseTransaction,
        row: user::Model,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let forgotten = |mark: Option<Vec<u8>>| mark.map(|_| random_mark()).transpose();
        let hidden = user::ActiveModel {
            id: Set(row.id),
            email_mark: Set(forgotten(row.email_mark)?),
            subject_mark: Set(forgotten(row.subject_mark)?),
            disabled_at: Set(Some(row.disabled_at.unwrap_or(now))),
            deletion_due_at: Set(Some(now)),
            version: Set(row.version + 1),
            ..Default::default()
        };
        user::Entity::update(hidden).exec(transaction).await?;
        Ok(())
    }
}
