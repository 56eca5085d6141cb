//! Storing what visitors write: once under each name, with the turn that answers it, many in one commit.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Phi, Role, TurnState, id};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::{
    emergencies::{CountedEmergency, INSERT_EMERGENCIES, NewEmergency, given_emergencies},
    messages::{INSERT_MESSAGES, Message, MessageDetails, SealedMessage, given_messages},
    session_locks::{LockedSession, NOTE_NEWEST, locked_sessions, locking_sessions},
    turns::{Turn, reopen_failed_turns},
};
use crate::{
    Session, StoreError, TenantScope,
    dialect::Connections,
    given::{self, Given},
    group_commit::GroupWrite,
    group_transaction::GroupTransaction,
};

#[derive(Debug, Clone)]
pub struct NewUserMessage {
    /// The client's idempotency key within the session.
    pub message_id: String,
    pub content: Phi<String>,
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
            Ok::<_, StoreError>(AcceptMessage {
                node: self.node(),
                message: self.seal_message(session, &message)?,
                notice: notice.zip(emergency),
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
    fn name(&self) -> (Uuid, String) {
        (self.message.session, self.message.message_id.clone())
    }
}

impl GroupWrite for AcceptMessage {
    type Outcome = Accepted;

    async fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<Accepted>, StoreError> {
        let mut transaction = connections.group_of(tenant).await?;
        let ids = writes.iter().map(|write| write.message.session);
        let (locking, lock) = locking_sessions(tenant, ids, transaction.backend());
        let [locked, found] = transaction.ask([(locking, &lock), (finding(tenant, writes), FIND)]).await?;
        let mut sessions = locked_sessions(&locked)?;
        let Found { mut known, mut answering } = Found::read(&found)?;
        let is_going_on = |session: Uuid| sessions.get(&session).is_some_and(|session| !session.has_ended);
        let sent_again = writes.iter().filter_map(|write| {
            let (session, name) = write.name();
            let is_known = matches!(known.get(&write.name()), Some(Known::Stored { is_question: true, .. }));
            (is_known && is_going_on(session)).then_some((session, name, write.now))
        });
        let sent_again = reopen_failed_turns(&mut transaction, tenant, sent_again.collect()).await?;
        // A question that is open again waits as well, and came before those that are new.
        let open_again = sent_again.iter().filter(|(_, turn)| turn.state.is_open());
        answering.extend(open_again.map(|((session, _), _)| *session));
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let message = &write.message;
            let Some(session) = sessions.get_mut(&message.session) else {
                outcomes.push(Accepted::NoSuchSession);
                continue;
            };
            if session.has_ended {
                outcomes.push(Accepted::Ended);
                continue;
            }
            let name = write.name();
            match known.get(&name) {
                Some(Known::Stored { is_question: false, .. }) => outcomes.push(Accepted::NameTaken),
                Some(Known::Stored { seq, .. }) => {
                    let turn = sent_again.get(&name).ok_or(StoreError::NotFound)?.clone();
                    outcomes.push(Accepted::Known { seq: *seq, turn });
                }
                Some(Known::InThisGroup(turn)) => {
                    outcomes.push(Accepted::Known { seq: turn.question_seq, turn: turn.clone() });
                }
                None => {
                    session.last_seq += 1;
                    // Whatever is open already comes first.
                    let begins = answering.insert(message.session) && write.begin;
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
                    known.insert(name, Known::InThisGroup(turn.clone()));
                    outcomes.push(Accepted::Stored { turn, login: session.login.map(Id::from_uuid) });
                }
            }
        }
        if rows.is_empty() {
            transaction.commit().await?;
        } else {
            insert(transaction, tenant, &sessions, &rows).await?;
        }
        Ok(outcomes)
    }
}

/// What is written of a question, or of the notice after it.
struct Row<'a> {
    message: (i64, &'a SealedMessage),
    turn: Option<(Turn, Option<Id<id::Node>>)>,
    emergency: Option<CountedEmergency>,
}

impl<'a> Row<'a> {
    fn question(seq: i64, message: &'a SealedMessage, turn: Turn, owner: Option<Id<id::Node>>) -> Self {
        Self { message: (seq, message), turn: Some((turn, owner)), emergency: None }
    }

    fn notice(seq: i64, message: &'a SealedMessage, emergency: CountedEmergency) -> Self {
        Self { message: (seq, message), turn: None, emergency: Some(emergency) }
    }
}

async fn insert(
    transaction: GroupTransaction,
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
    rows: &[Row<'_>],
) -> Result<(), StoreError> {
    let messages: Vec<_> = rows.iter().map(|row| row.message).collect();
    let turns = || rows.iter().map(|row| row.turn.as_ref());
    let given = given_messages(tenant, sessions, &messages)
        .some("turn_row", turns().map(|turn| turn.map(|(turn, _)| turn.id.uuid())))
        .some("answer_id", turns().map(|turn| turn.map(|(turn, _)| turn.answer_id.clone())))
        .some("state", turns().map(|turn| turn.map(|(turn, _)| turn.state.as_str().to_owned())))
        .some("attempts", turns().map(|turn| turn.map(|(turn, _)| turn.attempts)))
        .some("owner", turns().map(|turn| turn.and_then(|(_, owner)| owner.map(|owner| owner.uuid()))));
    let emergencies: Vec<_> = rows.iter().map(|row| row.emergency).collect();
    // Rarely is there one, and what is done for every question stays as it is.
    if emergencies.iter().all(Option::is_none) {
        return transaction.write_and_commit(given, &[INSERT_MESSAGES, INSERT_TURNS, NOTE_NEWEST]).await;
    }
    let given = given_emergencies(given, &emergencies);
    transaction.write_and_commit(given, &[INSERT_MESSAGES, INSERT_TURNS, INSERT_EMERGENCIES, NOTE_NEWEST]).await
}

/// A name that is in use in its conversation.
enum Known {
    Stored { seq: i64, is_question: bool },
    InThisGroup(Turn),
}

/// What there was before this group in the conversations that it writes to.
#[derive(Default)]
struct Found {
    /// Of the group's names, those in use.
    known: HashMap<(Uuid, String), Known>,
    /// Conversations with open turns.
    answering: HashSet<Uuid>,
}

/// For [`FIND`].
fn finding(tenant: Id<id::Tenant>, writes: &[AcceptMessage]) -> Given {
    Given::default()
        .same("tenant_id", tenant.uuid())
        .each("session_id", writes.iter().map(|write| write.message.session))
        .each("message_id", writes.iter().map(|write| write.message.message_id.clone()))
}

impl Found {
    fn read(rows: &[QueryResult]) -> Result<Self, StoreError> {
        let mut found = Self::default();
        for (session, name, seq, role, open_turn) in given::read::<FoundRow>(rows)? {
            if let (Some(seq), Some(role)) = (seq, role) {
                found.known.insert((session, name), Known::Stored { seq, is_question: role == Role::User.as_str() });
            }
            if open_turn.is_some() {
                found.answering.insert(session);
            }
        }
        Ok(found)
    }
}

/// A conversation and a name; the `seq` and role of the message that has this name; 1 where a turn is open.
type FoundRow = (Uuid, String, Option<i64>, Option<String>, Option<i32>);

const FIND: &str = "\
    SELECT given.session_id, given.message_id, messages.seq, messages.role, \
           (SELECT 1 FROM turns WHERE turns.tenant_id = given.tenant_id AND turns.session_id = given.session_id \
                                  AND turns.state IN ('pending', 'running') LIMIT 1) \
    FROM given LEFT JOIN messages ON messages.tenant_id = given.tenant_id \
                                 AND messages.session_id = given.session_id \
                                 AND messages.message_id = given.message_id";

/// With each message its turn.
const INSERT_TURNS: &str = "\
    INSERT INTO turns (id, tenant_id, session_id, message_id, question_seq, answer_id, state, attempts, owner, \
                       withdrawn, created_at, updated_at) \
    SELECT turn_row, tenant_id, session_id, message_id, seq, answer_id, state, attempts, owner, \
           FALSE, created_at, created_at \
    FROM given WHERE turn_row IS NOT NULL";
