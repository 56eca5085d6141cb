//! What is written to conversations, questions and answers alike, many in one commit.
//!
//! Both lock their conversations, store messages under the next `seq`, and note the newest: together they cost little more than
//! either alone.

use std::collections::HashMap;

use kuzushi_domain::{Id, id};
use uuid::Uuid;

use super::{
    accept::{AcceptMessage, Accepted, Accepting, FIND, INSERT_TURNS, finding},
    emergencies::{CountedEmergency, INSERT_EMERGENCIES, given_emergencies},
    finish::{END_TURNS, Ending, FinishTurn, Finished, ending_turns},
    messages::{INSERT_MESSAGES, SealedMessage, given_messages, is_active_again},
    session_locks::{LockedSession, NOTE_NEWEST, NOTE_NEWEST_AND_USE, locked_sessions, locking_sessions},
    turns::Turn,
};
use crate::{
    StoreError, dialect::Connections, given::Given, group_commit::GroupWrite, group_transaction::GroupTransaction,
};

pub(crate) enum ConversationWrite {
    /// A visitor's message.
    Accept(AcceptMessage),
    /// The end of a turn.
    Finish(FinishTurn),
}

/// What came of it.
pub(crate) enum Written {
    Accepted(Accepted),
    Finished(Finished),
}

impl ConversationWrite {
    fn session(&self) -> Uuid {
        match self {
            Self::Accept(accept) => accept.session(),
            Self::Finish(finish) => finish.session(),
        }
    }
}

impl Written {
    pub(crate) fn accepted(self) -> Result<Accepted, StoreError> {
        match self {
            Self::Accepted(accepted) => Ok(accepted),
            Self::Finished(_) => Err(StoreError::Other(String::from("a message was taken for the end of a turn"))),
        }
    }

    pub(crate) fn finished(self) -> Result<Finished, StoreError> {
        match self {
            Self::Finished(finished) => Ok(finished),
            Self::Accepted(_) => Err(StoreError::Other(String::from("the end of a turn was taken for a message"))),
        }
    }
}

impl GroupWrite for ConversationWrite {
    type Outcome = Written;

    async fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<Written>, StoreError> {
        let (mut accepts, mut finishes) = (Vec::new(), Vec::new());
        for write in writes {
            match write {
                Self::Accept(accept) => accepts.push(accept),
                Self::Finish(finish) => finishes.push(finish),
            }
        }
        let mut transaction = connections.group_of(tenant).await?;
        let (locking, lock) = locking_sessions(tenant, writes.iter().map(Self::session), transaction.backend());
        let sized = |given: Given| given.with_room_for(writes.len());
        let mut statements = vec![(sized(locking), lock.as_str())];
        // Turns end first: a question that waited for one of them need not wait any longer.
        if !finishes.is_empty() {
            statements.push((sized(ending_turns(tenant, &finishes)), END_TURNS));
        }
        if !accepts.is_empty() {
            statements.push((sized(finding(tenant, &accepts)), FIND));
        }
        let mut found = transaction.ask_all(statements).await?.into_iter();
        let mut sessions = locked_sessions(&found.next().unwrap_or_default())?;
        let mut next = |was_asked: bool| if was_asked { found.next().unwrap_or_default() } else { Vec::new() };
        let mut ending = Ending::read(&next(!finishes.is_empty()))?;
        let earlier = next(!accepts.is_empty());
        let mut accepting = Accepting::begin(&mut transaction, tenant, &accepts, &sessions, &earlier).await?;
        let mut rows: Vec<Row<'_>> = Vec::with_capacity(writes.len());
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(match write {
                Self::Accept(accept) => Written::Accepted(accepting.accept(accept, &mut sessions, &mut rows)?),
                Self::Finish(finish) => Written::Finished(ending.finish(finish, &mut sessions, &mut rows)),
            });
        }
        if rows.is_empty() {
            transaction.commit().await?;
        } else {
            insert(transaction, tenant, &sessions, &rows).await?;
        }
        Ok(outcomes)
    }
}

/// What is written of a message: a question, the notice after it, or an answer.
pub(crate) struct Row<'a> {
    message: (i64, &'a SealedMessage),
    turn: Option<(Turn, Option<Id<id::Node>>)>,
    emergency: Option<CountedEmergency>,
}

impl<'a> Row<'a> {
    /// `owner`: the node that begins to answer it at once.
    pub(crate) fn question(seq: i64, message: &'a SealedMessage, turn: Turn, owner: Option<Id<id::Node>>) -> Self {
        Self { message: (seq, message), turn: Some((turn, owner)), emergency: None }
    }

    pub(crate) fn notice(seq: i64, message: &'a SealedMessage, emergency: CountedEmergency) -> Self {
        Self { message: (seq, message), turn: None, emergency: Some(emergency) }
    }

    pub(crate) fn answer(seq: i64, message: &'a SealedMessage) -> Self {
        Self { message: (seq, message), turn: None, emergency: None }
    }
}

async fn insert(
    transaction: GroupTransaction,
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
    rows: &[Row<'_>],
) -> Result<(), StoreError> {
    let messages: Vec<_> = rows.iter().map(|row| row.message).collect();
    let mut given = given_messages(tenant, sessions, &messages);
    let mut statements = vec![INSERT_MESSAGES];
    if rows.iter().any(|row| row.turn.is_some()) {
        let turns = || rows.iter().map(|row| row.turn.as_ref());
        given = given
            .some("turn_row", turns().map(|turn| turn.map(|(turn, _)| turn.id.uuid())))
            .some("answer_id", turns().map(|turn| turn.map(|(turn, _)| turn.answer_id.clone())))
            .some("state", turns().map(|turn| turn.map(|(turn, _)| turn.state.as_str().to_owned())))
            .some("attempts", turns().map(|turn| turn.map(|(turn, _)| turn.attempts)))
            .some("owner", turns().map(|turn| turn.and_then(|(_, owner)| owner.map(|owner| owner.uuid()))));
        statements.push(INSERT_TURNS);
    }
    let emergencies: Vec<_> = rows.iter().map(|row| row.emergency).collect();
    // Rarely is there one, and what is done for every question stays as it is.
    if emergencies.iter().any(Option::is_some) {
        given = given_emergencies(given, &emergencies);
        statements.push(INSERT_EMERGENCIES);
    }
    statements.push(if messages.iter().any(|message| is_active_again(sessions, message)) {
        NOTE_NEWEST_AND_USE
    } else {
        NOTE_NEWEST
    });
    transaction.write_and_commit(given, &statements).await
}
