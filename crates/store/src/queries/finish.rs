//! Storing how turns ended, with the answers, many in one commit.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Phi, Role, TurnState, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    messages::{Message, MessageDetails},
    sessions::{lock_sessions, note_messages},
    turns::Turn,
};
use crate::{
    Session, StoreError, TenantScope,
    dialect::Connections,
    entities::{message, turn},
    group_commit::GroupWrite,
};

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

pub(crate) struct FinishTurn {
    node: Id<id::Node>,
    session: Uuid,
    turn: Uuid,
    attempts: i32,
    state: TurnState,
    failure: Option<&'static str>,
    /// The sealed answer, still without a `seq`.
    answer: Option<message::ActiveModel>,
    now: DateTime<Utc>,
}

/// What came of finishing a turn.
pub(crate) enum Finished {
    /// Stored, with the answer under this `seq` where there is one.
    Stored { seq: Option<i64> },
    /// Somebody else ended it, or took it over.
    NotOurs,
}

impl TenantScope {
    /// Stores the outcome of a turn that runs on this node, and the answer with it. None when there is nothing to keep,
    /// or the turn is no longer ours: the conversation ended, or another node took this one for dead.
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
        let answer = answer.map(|(content, details)| Message {
            message_id: turn.answer_id.clone(),
            seq: 0,
            role: Role::Assistant,
            content,
            details,
            in_reply_to: Some(turn.message_id.clone()),
            created_at: now,
        });
        let sealed = answer.as_ref().map(|answer| self.seal_message(session, answer)).transpose()?;
        let write = FinishTurn {
            node: self.node(),
            session: session.id.uuid(),
            turn: turn.id.uuid(),
            attempts: turn.attempts,
            state,
            failure,
            answer: sealed,
            now,
        };
        let finished = self.writes().finished.write(self.id(), write).await?;
        let Finished::Stored { seq: Some(seq) } = finished else {
            return Ok(None);
        };
        Ok(answer.map(|answer| Message { seq, ..answer }))
    }
}

impl GroupWrite for FinishTurn {
    type Outcome = Finished;

    async fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<Finished>, StoreError> {
        let transaction = connections.write().await?;
        let mut sessions = lock_sessions(&transaction, tenant, writes.iter().map(|write| write.session)).await?;
        let ours = running(&transaction, tenant, writes).await?;
        let mut answers = Vec::new();
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let Some(session) = sessions.get_mut(&write.session).filter(|_| ours.contains(&write.run())) else {
                outcomes.push(Finished::NotOurs);
                continue;
            };
            let seq = write.answer.as_ref().map(|answer| {
                session.last_seq += 1;
                session.has_news = true;
                answers.push(message::ActiveModel { seq: Set(session.last_seq), ..answer.clone() });
                session.last_seq
            });
            outcomes.push(Finished::Stored { seq });
        }
        let ours = writes.iter().filter(|write| ours.contains(&write.run()));
        note_outcomes(&transaction, tenant, ours).await?;
        if !answers.is_empty() {
            message::Entity::insert_many(answers).exec_without_returning(&transaction).await?;
            let now = writes.iter().map(|write| write.now).max();
            note_messages(&transaction, tenant, &sessions, now.unwrap_or_default()).await?;
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

/// One try at a turn: the turn, which try it was, and whose. It tells apart an answer that is still awaited from one
/// that somebody else has begun anew.
type Run = (Uuid, i32, Option<Uuid>);

impl FinishTurn {
    fn run(&self) -> Run {
        (self.turn, self.attempts, Some(self.node.uuid()))
    }
}

/// How these turns run now, as far as they do.
async fn running(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    writes: &[FinishTurn],
) -> Result<HashSet<Run>, StoreError> {
    let rows: Vec<Run> = turn::Entity::find()
        .select_only()
        .columns([turn::Column::Id, turn::Column::Attempts, turn::Column::Owner])
        .filter(turn::Column::TenantId.eq(tenant.uuid()))
        .filter(turn::Column::Id.is_in(writes.iter().map(|write| write.turn)))
        .filter(turn::Column::State.eq(TurnState::Running.as_str()))
        .lock_exclusive()
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(rows.into_iter().collect())
}

/// One statement for each kind of outcome in the group: nearly always one.
async fn note_outcomes<'a>(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    writes: impl Iterator<Item = &'a FinishTurn>,
) -> Result<(), StoreError> {
    let mut kinds: Vec<Vec<&FinishTurn>> = Vec::new();
    for write in writes {
        match kinds.iter_mut().find(|kind| (kind[0].state, kind[0].failure) == (write.state, write.failure)) {
            Some(kind) => kind.push(write),
            None => kinds.push(vec![write]),
        }
    }
    for kind in kinds {
        let FinishTurn { state, failure, now, .. } = kind[0];
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(state.as_str()))
            .col_expr(turn::Column::Failure, Expr::value(*failure))
            .col_expr(turn::Column::UpdatedAt, Expr::value(*now))
            .filter(turn::Column::TenantId.eq(tenant.uuid()))
            .filter(turn::Column::Id.is_in(kind.iter().map(|write| write.turn)))
            .exec(transaction)
            .await?;
    }
    Ok(())
}
