//! Storing how turns ended, with the answers.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use kuzushi_domain::{AnswerOutcome, Id, Phi, Role, TurnState, id};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::{
    conversation_writes::{ConversationWrite, Row},
    messages::{Message, MessageDetails, SealedMessage},
    session_locks::LockedSession,
    turns::Turn,
};
use crate::{
    Session, StoreError, TenantScope,
    given::{self, Given},
};

/// How a turn ended.
#[derive(Debug, Clone)]
pub enum FinishedAnswer {
    Done {
        content: Phi<String>,
        details: MessageDetails,
        outcome: AnswerOutcome,
    },
    /// Stopped by the visitor. What was said until then is kept, if anything was.
    Cancelled {
        content: Phi<String>,
        /// Whether it was being read out in a call.
        is_spoken: bool,
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
    outcome: Option<AnswerOutcome>,
    /// The sealed answer, still without a `seq`.
    answer: Option<SealedMessage>,
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
        let answered = match &outcome {
            FinishedAnswer::Done { outcome, .. } => Some(*outcome),
            FinishedAnswer::Cancelled { .. } | FinishedAnswer::Failed { .. } => None,
        };
        let (state, failure, answer) = match outcome {
            FinishedAnswer::Done { content, details, outcome: _ } => (TurnState::Done, None, Some((content, details))),
            FinishedAnswer::Cancelled { content, .. } if content.expose().is_empty() => {
                (TurnState::Cancelled, None, None)
            }
            FinishedAnswer::Cancelled { content, is_spoken } => {
                let details = MessageDetails { stopped: true, is_spoken, ..MessageDetails::default() };
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
            feedback: None,
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
            outcome: answered,
            answer: sealed,
            now,
        };
        let written = self.writes().conversations.write(self.id(), ConversationWrite::Finish(write)).await?;
        let Finished::Stored { seq: Some(seq) } = written.finished()? else {
            return Ok(None);
        };
        Ok(answer.map(|answer| Message { seq, ..answer }))
    }
}

/// One try at a turn on this node: the turn, and which try it was. It tells apart an answer that is still awaited from
/// one that was begun anew.
type Run = (Uuid, i32);

impl FinishTurn {
    pub(crate) fn session(&self) -> Uuid {
        self.session
    }

    fn run(&self) -> Run {
        (self.turn, self.attempts)
    }
}

/// Those of a group's turns that still ran as they were begun here, and have ended now.
pub(crate) struct Ending(HashSet<Run>);

impl Ending {
    /// Reads what [`END_TURNS`] returned.
    pub(crate) fn read(rows: &[QueryResult]) -> Result<Self, StoreError> {
        Ok(Self(given::read(rows)?.into_iter().collect()))
    }

    /// Takes one outcome in, and adds the answer that is to be written for it.
    pub(crate) fn finish<'a>(
        &mut self,
        write: &'a FinishTurn,
        sessions: &mut HashMap<Uuid, LockedSession>,
        rows: &mut Vec<Row<'a>>,
    ) -> Finished {
        // Once: whoever brings the same turn again comes too late.
        let is_ours = self.0.remove(&write.run());
        let Some(session) = sessions.get_mut(&write.session).filter(|_| is_ours) else {
            return Finished::NotOurs;
        };
        let seq = write.answer.as_ref().map(|answer| {
            session.last_seq += 1;
            rows.push(Row::answer(session.last_seq, answer));
            session.last_seq
        });
        Finished::Stored { seq }
    }
}

/// For [`END_TURNS`].
pub(crate) fn ending_turns(tenant: Id<id::Tenant>, writes: &[&FinishTurn]) -> Given {
    // What comes twice is ended as the first one says.
    let mut seen = HashSet::with_capacity(writes.len());
    let firsts: Vec<_> = writes.iter().filter(|write| seen.insert(write.run())).collect();
    Given::default()
        .same("tenant_id", tenant.uuid())
        .each("id", firsts.iter().map(|write| write.turn))
        .each("attempts", firsts.iter().map(|write| write.attempts))
        .each("node", firsts.iter().map(|write| write.node.uuid()))
        .each("state", firsts.iter().map(|write| write.state.as_str().to_owned()))
        .some("outcome", firsts.iter().map(|write| write.outcome.map(|outcome| outcome.as_str().to_owned())))
        .some("failure", firsts.iter().map(|write| write.failure.map(str::to_owned)))
        .each("now", firsts.iter().map(|write| write.now))
}

/// Ends those of the turns that still run as they were begun here, and returns which these were.
pub(crate) const END_TURNS: &str = "\
    UPDATE turns SET state = given.state, failure = given.failure, outcome = given.outcome, updated_at = given.now FROM given \
    WHERE turns.tenant_id = given.tenant_id AND turns.id = given.id \
      AND turns.state = 'running' AND turns.owner = given.node AND turns.attempts = given.attempts \
    RETURNING turns.id, turns.attempts";
