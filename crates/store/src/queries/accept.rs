//! Storing what visitors write: once under each name, with the turn that answers it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Attachment, Id, Phi, Role, TurnState, id};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::{
    conversation_writes::{ConversationWrite, Row},
    emergencies::{CountedEmergency, NewEmergency},
    messages::{Message, MessageDetails, SealedMessage},
    session_locks::LockedSession,
    turns::{Turn, reopen_failed_turns},
};
use crate::{
    Session, StoreError, TenantScope,
    given::{self, Given},
    group_transaction::GroupTransaction,
};

#[derive(Debug, Clone)]
pub struct NewUserMessage {
    /// The client's idempotency key within the session.
    pub message_id: String,
    pub content: Phi<String>,
    /// What [`TenantScope::attach_files`] gave.
    pub attachments: Vec<Attachment>,
    pub client_timestamp: Option<String>,
    /// Whether it was spoken in a call.
    pub is_spoken: bool,
    /// Whether this node begins to answer at once, when nothing else waits in the conversation.
    pub begin: bool,
    /// What it says of a danger: the notice is stored with it, as the event after it.
    pub emergency: Option<NewEmergency>,
}

/// What came of a message that a client sent.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly every message is stored, and none of these is kept")]
pub enum AcceptedMessage {
    /// Stored now, with the turn that answers it: running on this node where it was asked to begin, else waiting; and with
    /// the login that made the conversation its patient's. `notice` came with it, where there was a danger.
    Stored { message: Message, turn: Turn, login: Option<Id<id::Login>>, notice: Option<Box<Message>> },
    /// Stored before under the same name. Where its answer had failed, the turn is open again.
    Known { seq: i64, turn: Turn },
    /// The name belongs to a message that the client did not send.
    NameTaken,
    /// The conversation has ended.
    Ended,
}

/// A sealed message and what its turn begins with.
pub(crate) struct AcceptMessage {
    node: Id<id::Node>,
    message: SealedMessage,
    notice: Option<(SealedMessage, CountedEmergency)>,
    answer_id: String,
    begin: bool,
    now: DateTime<Utc>,
}

/// An outcome before the opened message is put back.
pub(crate) enum Accepted {
    Stored { turn: Turn, login: Option<Id<id::Login>> },
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
            details: MessageDetails {
                attachments: new.attachments,
                client_timestamp: new.client_timestamp,
                is_spoken: new.is_spoken,
                ..MessageDetails::default()
            },
            feedback: None,
            in_reply_to: None,
            created_at: now,
        };
        let notice = new.emergency.as_ref().map(|emergency| emergency.message(now));
        let write = || {
            let emergency = new.emergency.as_ref().map(|emergency| emergency.counted(session));
            let notice = notice.as_ref().map(|notice| self.seal_message(session, notice)).transpose()?;
            Ok::<_, StoreError>(ConversationWrite::Accept(AcceptMessage {
                node: self.node(),
                message: self.seal_message(session, &message)?,
                notice: notice.zip(emergency),
                answer_id: Id::<id::Message>::generate().to_string(),
                begin: new.begin,
                now,
            }))
        };
        let accepted = match self.writes().conversations.write(self.id(), write()?).await {
            // Whether the commit arrived is not known. The name makes it safe to ask again.
            Err(StoreError::Unavailable(_)) => self.writes().conversations.write(self.id(), write()?).await?,
            other => other?,
        };
        Ok(match accepted.accepted()? {
            Accepted::Stored { turn, login } => {
                message.seq = turn.question_seq;
                let notice = notice.map(|notice| Box::new(Message { seq: turn.question_seq + 1, ..notice }));
                AcceptedMessage::Stored { message, turn, login, notice }
            }
            Accepted::Known { seq, turn } => AcceptedMessage::Known { seq, turn },
            Accepted::NameTaken => AcceptedMessage::NameTaken,
            Accepted::Ended => AcceptedMessage::Ended,
            Accepted::NoSuchSession => return Err(StoreError::NotFound),
        })
    }
}

impl AcceptMessage {
    pub(crate) fn session(&self) -> Uuid {
        self.message.session
    }

    fn name(&self) -> (Uuid, String) {
        (self.message.session, self.message.message_id.clone())
    }
}

/// A name that is in use in its conversation.
enum Known {
    Stored { seq: i64, is_question: bool },
    InThisGroup(Turn),
}

/// What there was before a group in the conversations that it writes to, and what it adds.
#[derive(Default)]
pub(crate) struct Accepting {
    /// Of the group's names, those in use.
    known: HashMap<(Uuid, String), Known>,
    /// Conversations with open turns.
    answering: HashSet<Uuid>,
    /// The turns of questions that were stored before.
    sent_again: HashMap<(Uuid, String), Turn>,
}

impl Accepting {
    /// Reads what [`FIND`] found, and opens the turns of questions that were sent again and had failed.
    pub(crate) async fn begin(
        transaction: &mut GroupTransaction,
        tenant: Id<id::Tenant>,
        writes: &[&AcceptMessage],
        sessions: &HashMap<Uuid, LockedSession>,
        rows: &[QueryResult],
    ) -> Result<Self, StoreError> {
        let mut begun = Self::default();
        for (session, name, seq, role, open_turn) in given::read::<FoundRow>(rows)? {
            if let (Some(seq), Some(role)) = (seq, role) {
                begun.known.insert((session, name), Known::Stored { seq, is_question: role == Role::User.as_str() });
            }
            if open_turn.is_some() {
                begun.answering.insert(session);
            }
        }
        let is_going_on = |session: Uuid| sessions.get(&session).is_some_and(|session| !session.has_ended);
        let sent_again = writes.iter().filter_map(|write| {
            let (session, name) = write.name();
            let is_known = matches!(begun.known.get(&write.name()), Some(Known::Stored { is_question: true, .. }));
            (is_known && is_going_on(session)).then_some((session, name, write.now))
        });
        begun.sent_again = reopen_failed_turns(transaction, tenant, sent_again.collect()).await?;
        // A question that is open again waits as well, and came before those that are new.
        let open_again = begun.sent_again.iter().filter(|(_, turn)| turn.state.is_open());
        begun.answering.extend(open_again.map(|((session, _), _)| *session));
        Ok(begun)
    }

    /// Takes one message in, and adds what is to be written for it.
    pub(crate) fn accept<'a>(
        &mut self,
        write: &'a AcceptMessage,
        sessions: &mut HashMap<Uuid, LockedSession>,
        rows: &mut Vec<Row<'a>>,
    ) -> Result<Accepted, StoreError> {
        let message = &write.message;
        let Some(session) = sessions.get_mut(&message.session) else {
            return Ok(Accepted::NoSuchSession);
        };
        if session.has_ended {
            return Ok(Accepted::Ended);
        }
        let name = write.name();
        Ok(match self.known.get(&name) {
            Some(Known::Stored { is_question: false, .. }) => Accepted::NameTaken,
            Some(Known::Stored { seq, .. }) => {
                let turn = self.sent_again.get(&name).ok_or(StoreError::NotFound)?.clone();
                Accepted::Known { seq: *seq, turn }
            }
            Some(Known::InThisGroup(turn)) => Accepted::Known { seq: turn.question_seq, turn: turn.clone() },
            None => {
                session.last_seq += 1;
                // Whatever is open already comes first.
                let begins = self.answering.insert(message.session) && write.begin;
                let turn = Turn {
                    id: Id::generate(),
                    message_id: message.message_id.clone(),
                    question_seq: session.last_seq,
                    answer_id: write.answer_id.clone(),
                    state: if begins { TurnState::Running } else { TurnState::Pending },
                    attempts: i32::from(begins),
                    opened_at: write.now,
                    since: write.now,
                };
                rows.push(Row::question(session.last_seq, message, turn.clone(), begins.then_some(write.node)));
                if let Some((notice, emergency)) = &write.notice {
                    session.last_seq += 1;
                    rows.push(Row::notice(session.last_seq, notice, *emergency));
                }
                self.known.insert(name, Known::InThisGroup(turn.clone()));
                Accepted::Stored { turn, login: session.login.map(Id::from_uuid) }
            }
        })
    }
}

/// For [`FIND`].
pub(crate) fn finding(tenant: Id<id::Tenant>, writes: &[&AcceptMessage]) -> Given {
    Given::default()
        .same("tenant_id", tenant.uuid())
        .each("session_id", writes.iter().map(|write| write.message.session))
        .each("message_id", writes.iter().map(|write| write.message.message_id.clone()))
}

/// A conversation and a name; the `seq` and role of the message that has this name; 1 where a turn is open.
type FoundRow = (Uuid, String, Option<i64>, Option<String>, Option<i32>);

/// What there is under the names of a group, and where turns are open.
pub(crate) const FIND: &str = "\
    SELECT given.session_id, given.message_id, messages.seq, messages.role, \
           (SELECT 1 FROM turns WHERE turns.tenant_id = given.tenant_id AND turns.session_id = given.session_id \
                                  AND turns.state IN ('pending', 'running') LIMIT 1) \
    FROM given LEFT JOIN messages ON messages.tenant_id = given.tenant_id \
                                 AND messages.session_id = given.session_id \
                                 AND messages.message_id = given.message_id";

/// With each message its turn.
pub(crate) const INSERT_TURNS: &str = "\
    INSERT INTO turns (id, tenant_id, session_id, message_id, question_seq, answer_id, state, attempts, owner, \
                       withdrawn, created_at, updated_at) \
    SELECT turn_row, tenant_id, session_id, message_id, seq, answer_id, state, attempts, owner, \
           FALSE, created_at, created_at \
    FROM given WHERE turn_row IS NOT NULL";
