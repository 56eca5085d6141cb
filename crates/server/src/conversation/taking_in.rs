//! Storing what a visitor said, typed or spoken, and having it answered.

use std::sync::Arc;

use kuzushi_domain::{Id, TurnState, id};
use kuzushi_store::{AcceptedMessage, NewUserMessage, Session, StoreError, TenantScope};

use super::{Begun, Conversation, SocketId, answer_what_waits, looking_ahead::look_ahead};
use crate::{auth::logins::note_use_of, chat::frames::ServerFrame, state::AppState};

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenIn {
    /// It is stored, now or since before, under this `seq`.
    Stored {
        seq: i64,
    },
    /// Its name belongs to a message that the visitor did not send.
    NameTaken,
    Ended,
}

/// Where a message comes from.
pub struct Incoming<'a> {
    pub state: &'a AppState,
    pub scope: &'a TenantScope,
    pub session: &'a Session,
    pub conversation: &'a Arc<Conversation>,
    /// The socket that needs not be told of it.
    pub from: Option<SocketId>,
    /// The login whose token let that socket in.
    pub login: Option<Id<id::Login>>,
    /// Whether what was said just before was looked at with it for a danger.
    pub is_read_with_the_last: bool,
}

/// Stores it, tells every other socket, and sees that somebody answers.
pub async fn take_in(incoming: Incoming<'_>, new: NewUserMessage) -> Result<TakenIn, StoreError> {
    let Incoming { state, scope, session, conversation, from, login, is_read_with_the_last } = incoming;
    let is_typed = !new.is_spoken;
    look_ahead(state, scope, session);
    let (seq, begun) = match scope.accept_user_message(session, new, state.clock.now()).await? {
        AcceptedMessage::Stored { message, turn, login: owner, notice } => {
            note_use(&said_by(login, owner), state, scope).await;
            conversation.deliver(message.seq, &ServerFrame::message(&message), from);
            if let Some(notice) = &notice {
                conversation.deliver(notice.seq, &ServerFrame::message(notice), None);
            }
            if is_typed {
                // Whoever types in a call has heard enough of what is being said.
                conversation.quieten_voice();
            }
            let seq = message.seq;
            let begun = (turn.state == TurnState::Running).then(|| Begun {
                turn,
                question: Some(message),
                session: session.clone(),
                has_notice: notice.is_some(),
                is_read_with_the_last,
                has_login: owner.is_some(),
            });
            (seq, begun)
        }
        AcceptedMessage::Known { seq, turn: _ } => (seq, None),
        AcceptedMessage::NameTaken => return Ok(TakenIn::NameTaken),
        AcceptedMessage::Ended => return Ok(TakenIn::Ended),
    };
    answer_what_waits(state, scope.clone(), session.id, begun);
    Ok(TakenIn::Stored { seq })
}

/// The login that let a socket in, and the one that made the conversation a patient's.
fn said_by(socket: Option<Id<id::Login>>, owner: Option<Id<id::Login>>) -> Vec<Id<id::Login>> {
    socket.into_iter().chain(owner.filter(|owner| socket != Some(*owner))).collect()
}

/// Whoever says something stays signed in.
async fn note_use(logins: &[Id<id::Login>], state: &AppState, scope: &TenantScope) {
    for login in logins {
        if let Err(error) = note_use_of(state, scope, *login).await {
            tracing::warn!(%error, "that a patient is active was not noted");
        }
    }
}
