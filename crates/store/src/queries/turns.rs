//! The work of answering.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, TurnState, UnknownName, id};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};

use super::nodes::{is_alive, other_nodes_alive};
use crate::{Installation, StoreError, TenantScope, entities::turn, given::Given, group_transaction::GroupTransaction};

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
    /// When the question was last sent.
    pub opened_at: DateTime<Utc>,
    /// When it was opened, begun or handed over, whichever was last, before it was begun this time.
    pub since: DateTime<Utc>,
}

/// A conversation in which something waits to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTurn {
    pub tenant: Id<id::Tenant>,
    pub session: Id<id::Session>,
}

/// What a conversation has to answer next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextTurn {
    /// This turn, which runs on this node now.
    Begun(Turn),
    /// Another node that is alive works on it.
    Elsewhere,
    Nothing,
}

/// A question without an answer, for a client that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    pub message_id: String,
    pub question_seq: i64,
    /// The error code of an answer that failed. None: it is still to come.
    pub failure: Option<String>,
}

/// Said in constants: an index over open turns is of use only to a statement that itself says that it wants no others.
pub(crate) fn is_open() -> SimpleExpr {
    let open = [TurnState::Pending, TurnState::Running].map(|state| SimpleExpr::Constant(state.as_str().into()));
    Expr::col((turn::Entity, turn::Column::State)).is_in(open)
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
            opened_at: row.created_at,
            since: row.updated_at,
        })
    }
}

impl Installation {
    /// Conversations with open turns that no other living node works on, longest waiting first: what this node has to
    /// take up when it starts, and when another one has died. Only what has stood still for so long: a question that
    /// another node has just stored is about to be begun there.
    pub async fn open_turns(&self, now: DateTime<Utc>, still_for: TimeDelta) -> Result<Vec<OpenTurn>, StoreError> {
        let elsewhere = Query::select()
            .column(turn::Column::SessionId)
            .from(turn::Entity)
            .and_where(turn::Column::State.eq(TurnState::Running.as_str()))
            .and_where(turn::Column::Owner.in_subquery(other_nodes_alive(self.node(), now)))
            .to_owned();
        let rows = turn::Entity::find()
            .filter(is_open())
            .filter(turn::Column::SessionId.not_in_subquery(elsewhere))
            .filter(turn::Column::UpdatedAt.lte(now - still_for))
            .order_by_asc(turn::Column::CreatedAt)
            .limit(10_000)
            .all(self.reader())
            .await?;
        let mut seen = HashSet::new();
        Ok(rows
            .into_iter()
            .map(|row| OpenTurn { tenant: Id::from_uuid(row.tenant_id), session: Id::from_uuid(row.session_id) })
            .filter(|open| seen.insert(open.session.uuid()))
            .collect())
    }
}

impl Installation {
    /// Answers that this node is giving and that were withdrawn at another: their conversations and questions.
    pub async fn withdrawn_turns(&self) -> Result<Vec<(Id<id::Session>, String)>, StoreError> {
        let rows: Vec<(uuid::Uuid, String)> = turn::Entity::find()
            .select_only()
            .columns([turn::Column::SessionId, turn::Column::MessageId])
            .filter(is_open())
            .filter(turn::Column::Owner.eq(self.node().uuid()))
            .filter(turn::Column::Withdrawn.eq(true))
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(|(session, question)| (Id::from_uuid(session), question)).collect())
    }
}

impl TenantScope {
    /// Takes the conversation's oldest open turn and marks it running here, unless another living node runs it.
    pub async fn begin_next_turn(&self, session: Id<id::Session>, now: DateTime<Utc>) -> Result<NextTurn, StoreError> {
        let oldest = turn::Entity::find()
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(session.uuid()))
            .filter(is_open())
            .order_by_asc(turn::Column::QuestionSeq)
            .limit(1);
        // Most often there is nothing, and a look costs less than a transaction.
        if oldest.clone().one(self.reader()).await?.is_none() {
            return Ok(NextTurn::Nothing);
        }
        let transaction = self.write().await?;
        let Some(row) = oldest.lock_exclusive().one(&transaction).await? else {
            return Ok(NextTurn::Nothing);
        };
        let owner = row.owner.map(Id::from_uuid).filter(|owner| *owner != self.node());
        if let Some(owner) = owner
            && row.state == TurnState::Running.as_str()
            && is_alive(&transaction, owner, now).await?
        {
            return Ok(NextTurn::Elsewhere);
        }
        let attempts = row.attempts + 1;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Running.as_str()))
            .col_expr(turn::Column::Attempts, Expr::value(attempts))
            .col_expr(turn::Column::Owner, Expr::value(Some(self.node().uuid())))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(NextTurn::Begun(Turn { state: TurnState::Running, attempts, ..row.try_into()? }))
    }

    /// Puts a turn that runs here back: it waits again, for any node, as if it had not been begun this time.
    pub async fn hand_over_turn(&self, turn: &Turn, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Pending.as_str()))
            .col_expr(turn::Column::Attempts, Expr::value(turn.attempts - 1))
            .col_expr(turn::Column::Owner, Expr::value(None::<uuid::Uuid>))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::Id.eq(turn.id.uuid()))
            .filter(turn::Column::State.eq(TurnState::Running.as_str()))
            .filter(turn::Column::Owner.eq(self.node().uuid()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Questions of the conversation whose answer is still to come, or failed, in their order.
    pub async fn unanswered(&self, session: Id<id::Session>) -> Result<Vec<Unanswered>, StoreError> {
        let rows = turn::Entity::find()
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(session.uuid()))
            .filter(turn::Column::State.is_in([
                TurnState::Pending.as_str(),
                TurnState::Running.as_str(),
                TurnState::Failed.as_str(),
            ]))
            .order_by_asc(turn::Column::QuestionSeq)
            .all(self.reader())
            .await?;
        let unanswered = |row: turn::Model| Unanswered {
            message_id: row.message_id,
            question_seq: row.question_seq,
            failure: row.failure,
        };
        Ok(rows.into_iter().map(unanswered).collect())
    }

    /// Closes a turn that waits, and marks one that another node runs as withdrawn, for that node to see. Returns
    /// whether it was waiting.
    pub async fn withdraw_turn(
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
        if updated.rows_affected == 0 {
            turn::Entity::update_many()
                .col_expr(turn::Column::Withdrawn, Expr::value(true))
                .filter(turn::Column::TenantId.eq(self.id().uuid()))
                .filter(turn::Column::SessionId.eq(session.uuid()))
                .filter(turn::Column::MessageId.eq(message_id))
                .filter(turn::Column::State.eq(TurnState::Running.as_str()))
                .filter(turn::Column::Owner.ne(self.node().uuid()))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(updated.rows_affected > 0)
    }
}

/// A question that was sent again: its conversation, its name, and when.
pub(crate) type SentAgain = (uuid::Uuid, String, DateTime<Utc>);

/// The turns of questions that were sent again, by conversation and name: open once more where they had failed.
pub(crate) async fn reopen_failed_turns(
    transaction: &mut GroupTransaction,
    tenant: Id<id::Tenant>,
    questions: Vec<SentAgain>,
) -> Result<HashMap<(uuid::Uuid, String), Turn>, StoreError> {
    if questions.is_empty() {
        return Ok(HashMap::new());
    }
    let given = || {
        Given::default()
            .same("tenant_id", tenant.uuid())
            .each("session_id", questions.iter().map(|(session, ..)| *session))
            .each("message_id", questions.iter().map(|(_, name, _)| name.clone()))
            .each("now", questions.iter().map(|(_, _, now)| *now))
    };
    let [_, rows] = transaction.ask([(given(), REOPEN_FAILED), (given(), FIND_TURNS)]).await?;
    let mut turns = HashMap::with_capacity(rows.len());
    for row in rows {
        let row = turn::Model::from_query_result(&row, "")?;
        turns.insert((row.session_id, row.message_id.clone()), Turn::try_from(row)?);
    }
    Ok(turns)
}

const REOPEN_FAILED: &str = "\
    UPDATE turns SET state = 'pending', failure = NULL, attempts = 0, withdrawn = FALSE, \
                     created_at = given.now, updated_at = given.now \
    FROM given \
    WHERE turns.tenant_id = given.tenant_id AND turns.session_id = given.session_id \
      AND turns.message_id = given.message_id AND turns.state = 'failed'";

const FIND_TURNS: &str = "\
    SELECT turns.* FROM given JOIN turns ON turns.tenant_id = given.tenant_id \
                                        AND turns.session_id = given.session_id \
                                        AND turns.message_id = given.message_id";

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, EntityTrait, QueryFilter, QueryTrait};

    use super::*;

    #[test]
    fn a_search_for_open_turns_says_what_their_indexes_say() {
        for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
            let statement = turn::Entity::find().filter(is_open()).build(backend);
            assert!(statement.sql.ends_with(r#""state" IN ('pending', 'running')"#), "{}", statement.sql);
        }
    }
}
