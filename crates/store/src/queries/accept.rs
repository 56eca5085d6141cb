//! Storing what visitors write: once under each name, with the turn that answers it, many in one commit.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Phi, Role, TurnState, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    messages::{Message, MessageDetails},
    sessions::{LockedSession, lock_sessions, note_messages},
    turns::{Turn, is_open, reopen_failed_turn},
};
use crate::{
    Session, StoreError, TenantScope,
    dialect::Connections,
    entities::{message, turn},
    group_commit::GroupWrite,
};

#[derive(Debug, Clone)]
pub struct NewUserMessage {
    /// The client's idempotency key within the session.
    pub message_id: String,
    pub content: Phi<String>,
    pub client_timestamp: Option<String>,
    /// Whether this node begins to answer at once, when nothing else waits in the conversation.
    pub begin: bool,
}

/// What came of a message that a client sent.
#[derive(Debug, Clone)]
pub enum AcceptedMessage {
    /// Stored now, with the turn that answers it: running on this node where it was asked to begin, else waiting.
    Stored { message: Message, turn: Turn },
    /// Stored before under the same name. Where its answer had failed, the turn is open again.
    Known { seq: i64, turn: Turn },
    /// The name belongs to a message that the client did not send.
    NameTaken,
    /// The conversation has ended.
    Ended,
}

/// A sealed message and its turn, both still without a `seq`.
pub(crate) struct AcceptMessage {
    node: Id<id::Node>,
    session: Uuid,
    message_id: String,
    row: message::ActiveModel,
    answer_id: String,
    begin: bool,
    now: DateTime<Utc>,
}

/// An outcome before the opened message is put back.
pub(crate) enum Accepted {
    Stored { turn: Turn },
    Known { seq: i64, turn: Turn },
    NameTaken,
    Ended,
    NoSuchSession,
}

impl TenantScope {
    /// Stores a message of the visitor, once, and opens the turn that answers it, in one transaction.
    pub async fn accept_user_message(
        &self,
        session: &Session,
        new: NewUserMessage,
        now: DateTime<Utc>,
    ) -> Result<AcceptedMessage, StoreError> {
        let mut message = Message {
            message_id: new.message_id,
            seq: 0,
            role: Role::User,
            content: new.content,
            details: MessageDetails { client_timestamp: new.client_timestamp, ..MessageDetails::default() },
            in_reply_to: None,
            created_at: now,
        };
        let write = || {
            Ok::<_, StoreError>(AcceptMessage {
                node: self.node(),
                session: session.id.uuid(),
                message_id: message.message_id.clone(),
                row: self.seal_message(session, &message)?,
                answer_id: Id::<id::Message>::generate().to_string(),
                begin: new.begin,
                now,
            })
        };
        let accepted = match self.writes().messages.write(self.id(), write()?).await {
            // Whether the commit arrived is not known. The name makes it safe to ask again.
            Err(StoreError::Unavailable(_)) => self.writes().messages.write(self.id(), write()?).await?,
            other => other?,
        };
        Ok(match accepted {
            Accepted::Stored { turn } => {
                message.seq = turn.question_seq;
                AcceptedMessage::Stored { message, turn }
            }
            Accepted::Known { seq, turn } => AcceptedMessage::Known { seq, turn },
            Accepted::NameTaken => AcceptedMessage::NameTaken,
            Accepted::Ended => AcceptedMessage::Ended,
            Accepted::NoSuchSession => return Err(StoreError::NotFound),
        })
    }
}

impl GroupWrite for AcceptMessage {
    type Outcome = Accepted;

    async fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<Accepted>, StoreError> {
        let transaction = connections.write().await?;
        let mut sessions = lock_sessions(&transaction, tenant, writes.iter().map(|write| write.session)).await?;
        let mut known = known_messages(&transaction, tenant, &sessions, writes).await?;
        let mut answering = sessions_with_open_turns(&transaction, tenant, &sessions).await?;
        let (mut messages, mut turns) = (Vec::new(), Vec::new());
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let Some(session) = sessions.get_mut(&write.session) else {
                outcomes.push(Accepted::NoSuchSession);
                continue;
            };
            if session.has_ended {
                outcomes.push(Accepted::Ended);
                continue;
            }
            let name = (write.session, write.message_id.clone());
            match known.get(&name) {
                Some(Known::Stored { is_question: false, .. }) => outcomes.push(Accepted::NameTaken),
                Some(Known::Stored { seq, .. }) => {
                    let turn = reopen_failed_turn(&transaction, tenant, &name, write.now).await?;
                    outcomes.push(Accepted::Known { seq: *seq, turn });
                }
                Some(Known::InThisGroup(turn)) => {
                    outcomes.push(Accepted::Known { seq: turn.question_seq, turn: turn.clone() });
                }
                None => {
                    session.last_seq += 1;
                    session.has_news = true;
                    // Whatever is open already comes first.
                    let begins = answering.insert(write.session) && write.begin;
                    let turn = Turn {
                        id: Id::generate(),
                        message_id: write.message_id.clone(),
                        question_seq: session.last_seq,
                        answer_id: write.answer_id.clone(),
                        state: if begins { TurnState::Running } else { TurnState::Pending },
                        attempts: i32::from(begins),
                        opened_at: write.now,
                        since: write.now,
                    };
                    messages.push(message::ActiveModel { seq: Set(session.last_seq), ..write.row.clone() });
                    turns.push(turn_row(tenant, write, &turn));
                    known.insert(name, Known::InThisGroup(turn.clone()));
                    outcomes.push(Accepted::Stored { turn });
                }
            }
        }
        if !messages.is_empty() {
            message::Entity::insert_many(messages).exec_without_returning(&transaction).await?;
            turn::Entity::insert_many(turns).exec_without_returning(&transaction).await?;
            let now = writes.iter().map(|write| write.now).max();
            note_messages(&transaction, tenant, &sessions, now.unwrap_or_default()).await?;
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

/// A name that is in use in its conversation.
enum Known {
    Stored { seq: i64, is_question: bool },
    InThisGroup(Turn),
}

async fn known_messages(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
    writes: &[AcceptMessage],
) -> Result<HashMap<(Uuid, String), Known>, StoreError> {
    let asked: Vec<_> = writes
        .iter()
        .filter(|write| sessions.get(&write.session).is_some_and(|session| session.last_seq > 0))
        .collect();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    // Names are unique within a session only: this may find namesakes in another, which nobody asks for below.
    let rows: Vec<(Uuid, String, i64, String)> = message::Entity::find()
        .select_only()
        .columns([message::Column::SessionId, message::Column::MessageId, message::Column::Seq, message::Column::Role])
        .filter(message::Column::TenantId.eq(tenant.uuid()))
        .filter(message::Column::SessionId.is_in(asked.iter().map(|write| write.session)))
        .filter(message::Column::MessageId.is_in(asked.iter().map(|write| write.message_id.as_str())))
        .into_tuple()
        .all(transaction)
        .await?;
    let known = |(session, name, seq, role): (Uuid, String, i64, String)| {
        ((session, name), Known::Stored { seq, is_question: role == Role::User.as_str() })
    };
    Ok(rows.into_iter().map(known).collect())
}

async fn sessions_with_open_turns(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
) -> Result<HashSet<Uuid>, StoreError> {
    let asked: Vec<_> = sessions.iter().filter(|(_, session)| session.last_seq > 0).map(|(id, _)| *id).collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Uuid> = turn::Entity::find()
        .select_only()
        .column(turn::Column::SessionId)
        .distinct()
        .filter(turn::Column::TenantId.eq(tenant.uuid()))
        .filter(turn::Column::SessionId.is_in(asked))
        .filter(is_open())
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(rows.into_iter().collect())
}

fn turn_row(tenant: Id<id::Tenant>, write: &AcceptMessage, turn: &Turn) -> turn::ActiveModel {
    turn::ActiveModel {
        id: Set(turn.id.uuid()),
        tenant_id: Set(tenant.uuid()),
        session_id: Set(write.session),
        message_id: Set(turn.message_id.clone()),
        question_seq: Set(turn.question_seq),
        answer_id: Set(turn.answer_id.clone()),
        state: Set(turn.state.as_str().to_owned()),
        attempts: Set(turn.attempts),
        owner: Set((turn.state == TurnState::Running).then(|| write.node.uuid())),
        withdrawn: Set(false),
        failure: Set(None),
        created_at: Set(write.now),
        updated_at: Set(write.now),
    }
}
