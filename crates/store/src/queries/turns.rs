//! The work of answering.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Phi, Role, TurnState, UnknownName, id};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};

use super::messages::{Message, MessageDetails};
use crate::{Installation, Session, StoreError, TenantScope, entities::turn};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub id: Id<id::Turn>,
    /// The question.
    pub message_id: String,
    pub question_seq: i64,
    /// The name that the answer has, or will have.
    pub answer_id: String,
    pub state: TurnState,
    /// How often the answer was begun since the question was last sent.
    pub attempts: i32,
}

/// A conversation in which something waits to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTurn {
    pub tenant: Id<id::Tenant>,
    pub session: Id<id::Session>,
}

/// How a turn ended.
#[derive(Debug, Clone)]
pub enum FinishedAnswer {
    Done {
        content: Phi<String>,
        details: MessageDetails,
    },
    /// Stopped by the visitor. What was said until then is kept, if anything was.
    Cancelled {
        content: Phi<String>,
    },
    /// Failed with this error code; nothing is kept, and the question can be sent again.
    Failed {
        code: &'static str,
    },
}

pub(crate) fn is_open() -> SimpleExpr {
    turn::Column::State.is_in([TurnState::Pending.as_str(), TurnState::Running.as_str()])
}

impl TryFrom<turn::Model> for Turn {
    type Error = StoreError;

    fn try_from(row: turn::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::from_uuid(row.id),
            message_id: row.message_id,
            question_seq: row.question_seq,
            answer_id: row.answer_id,
            state: row.state.parse().map_err(|error: UnknownName| StoreError::Other(error.to_string()))?,
            attempts: row.attempts,
        })
    }
}

impl Installation {
    /// Conversations with open turns, oldest first: what a restarted server has to take up again.
    pub async fn open_turns(&self) -> Result<Vec<OpenTurn>, StoreError> {
        let rows = turn::Entity::find()
            .filter(is_open())
            .order_by_asc(turn::Column::CreatedAt)
            .limit(10_000)
            .all(self.reader())
            .await?;
        let mut open: Vec<OpenTurn> = Vec::new();
        for row in rows {
            let turn = OpenTurn { tenant: Id::from_uuid(row.tenant_id), session: Id::from_uuid(row.session_id) };
            if !open.contains(&turn) {
                open.push(turn);
            }
        }
        Ok(open)
    }
}

impl TenantScope {
    /// Takes the conversation's oldest open turn and marks it running. None when nothing waits.
    pub async fn begin_next_turn(
        &self,
        session: Id<id::Session>,
        now: DateTime<Utc>,
    ) -> Result<Option<Turn>, StoreError> {
        let transaction = self.write().await?;
        let row = turn::Entity::find()
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(session.uuid()))
            .filter(is_open())
            .order_by_asc(turn::Column::QuestionSeq)
            .limit(1)
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let attempts = row.attempts + 1;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Running.as_str()))
            .col_expr(turn::Column::Attempts, Expr::value(attempts))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(Turn { state: TurnState::Running, attempts, ..row.try_into()? }))
    }

    /// Stores the outcome of a running turn, and the answer with it. None when the turn is no longer running,
    /// because the conversation ended, or when there is nothing to keep.
    pub async fn finish_turn(
        &self,
        session: &Session,
        turn: &Turn,
        outcome: FinishedAnswer,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let (state, failure, answer) = match outcome {
            FinishedAnswer::Done { content, details } => (TurnState::Done, None, Some((content, details))),
            FinishedAnswer::Cancelled { content } if content.expose().is_empty() => (TurnState::Cancelled, None, None),
            FinishedAnswer::Cancelled { content } => {
                let details = MessageDetails { stopped: true, ..MessageDetails::default() };
                (TurnState::Cancelled, None, Some((content, details)))
            }
            FinishedAnswer::Failed { code } => (TurnState::Failed, Some(code), None),
        };
        let transaction = self.write().await?;
        let row = self.lock_session(&transaction, session.id).await?;
        let updated = turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(state.as_str()))
            .col_expr(turn::Column::Failure, Expr::value(failure))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::Id.eq(turn.id.uuid()))
            .filter(turn::Column::State.eq(TurnState::Running.as_str()))
            .exec(&transaction)
            .await?;
        if updated.rows_affected == 0 {
            return Ok(None);
        }
        let message = answer.map(|(content, details)| Message {
            message_id: turn.answer_id.clone(),
            seq: row.last_seq + 1,
            role: Role::Assistant,
            content,
            details,
            in_reply_to: Some(turn.message_id.clone()),
            created_at: now,
        });
        if let Some(message) = &message {
            self.append(&transaction, session, message).await?;
        }
        transaction.commit().await?;
        Ok(message)
    }

    /// Closes a turn that waits its turn. Returns whether it was still waiting.
    pub async fn cancel_pending_turn(
        &self,
        session: Id<id::Session>,
        message_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let transaction = self.write().await?;
        let updated = turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Cancelled.as_str()))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(session.uuid()))
            .filter(turn::Column::MessageId.eq(message_id))
            .filter(turn::Column::State.eq(TurnState::Pending.as_str()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(updated.rows_affected > 0)
    }

    /// The turn of a question that was sent again: open once more if it had failed.
    pub(crate) async fn reopen_failed_turn(
        &self,
        transaction: &DatabaseTransaction,
        session: Id<id::Session>,
        message_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Turn, StoreError> {
        let row = turn::Entity::find()
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(session.uuid()))
            .filter(turn::Column::MessageId.eq(message_id))
            .lock_exclusive()
            .one(transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        let turn = Turn::try_from(row)?;
        if turn.state != TurnState::Failed {
            return Ok(turn);
        }
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Pending.as_str()))
            .col_expr(turn::Column::Failure, Expr::value(None::<String>))
            .col_expr(turn::Column::Attempts, Expr::value(0))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::Id.eq(turn.id.uuid()))
            .exec(transaction)
            .await?;
        Ok(Turn { state: TurnState::Pending, attempts: 0, ..turn })
    }
}
