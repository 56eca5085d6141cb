//! Conversations end, and are erased, or hidden until they may be.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, TurnState, id};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};

use super::{audit::NewAuditEvent, turns::is_open};
use crate::{
    StoreError, TenantScope,
    entities::{file, message, session, turn},
};

/// What ending a conversation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    pub at: DateTime<Utc>,
    pub erasure: Erasure,
}

/// What came of wanting something erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// It was not asked for.
    NotWanted,
    Done,
    /// A legal hold is on it: it is hidden now, and erased when that is lifted.
    Deferred,
}

/// What is done to a conversation that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    End,
    Erase,
    /// Hide what is to be erased and must not be yet.
    Defer,
}

impl TenantScope {
    /// Ends a conversation and closes its open turns; with `erase` also destroys its key and content, or hides them where a legal
    /// hold is on it. Ending what has ended keeps the first time.
    pub async fn end_session(
        &self,
        id: Id<id::Session>,
        erase: bool,
        now: DateTime<Utc>,
    ) -> Result<EndedSession, StoreError> {
        let transaction = self.write().await?;
        let row = session::Entity::find_by_id(id.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        let closing =
            if erase && row.erased_at.is_none() { self.how_to_erase(&transaction, &row).await? } else { Closing::End };
        let at = self.close(&transaction, &row, closing, now).await?;
        let (action, is_news) = match closing {
            Closing::End => (AuditAction::ConversationEnded, row.ended_at.is_none()),
            Closing::Erase => (AuditAction::ConversationErased, true),
            Closing::Defer => (AuditAction::ErasureDeferred, row.erasure_due_at.is_none()),
        };
        if is_news {
            self.audit(&transaction, NewAuditEvent::new(action, id), now).await?;
        }
        transaction.commit().await?;
        if erase {
            self.destroy_keys().await?;
        }
        let erasure = match closing {
            Closing::Defer => Erasure::Deferred,
            _ if erase => Erasure::Done,
            _ => Erasure::NotWanted,
        };
        Ok(EndedSession { at, erasure })
    }

    /// Whether a conversation whose row is locked may be erased; so it stays until the transaction ends.
    pub(crate) async fn how_to_erase(
        &self,
        transaction: &DatabaseTransaction,
        row: &session::Model,
    ) -> Result<Closing, StoreError> {
        self.lock_audit(transaction).await?;
        Ok(if self.is_held(transaction, row).await? { Closing::Defer } else { Closing::Erase })
    }

    /// What ending does to a conversation whose row is locked. Returns when it ended. After the transaction,
    /// [`Self::destroy_keys`] ends an erasure.
    pub(crate) async fn close(
        &self,
        transaction: &DatabaseTransaction,
        row: &session::Model,
        closing: Closing,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let ended_at = row.ended_at.unwrap_or(now);
        let mut update = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(ended_at))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(row.id));
        if closing == Closing::Defer {
            let due = row.erasure_due_at.unwrap_or(now);
            update = update.col_expr(session::Column::ErasureDueAt, Expr::value(due));
        }
        if closing == Closing::Erase {
            update = update
                .col_expr(session::Column::ErasedAt, Expr::value(row.erased_at.unwrap_or(now)))
                .col_expr(session::Column::Metadata, Expr::value(None::<Vec<u8>>));
            message::Entity::delete_many()
                .filter(message::Column::TenantId.eq(self.id().uuid()))
                .filter(message::Column::SessionId.eq(row.id))
                .exec(transaction)
                .await?;
            file::Entity::delete_many()
                .filter(file::Column::TenantId.eq(self.id().uuid()))
                .filter(file::Column::SessionId.eq(row.id))
                .exec(transaction)
                .await?;
            self.forget_gap_questions(transaction, row.id).await?;
            self.give_up_key(transaction, row.id).await?;
        }
        update.exec(transaction).await?;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Cancelled.as_str()))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(row.id))
            .filter(is_open())
            .exec(transaction)
            .await?;
        Ok(ended_at)
    }
}
