//! A history that is right, to be made wrong in one place.

use kuzushi_bench::{
    history::{Event, SessionHistory},
    protocol::frames::{Message, Metadata, Role, ServerFrame, Status},
};

pub const CANARY: &str = "canary00000000000000aa";

fn user(id: &str, seq: u64) -> Message {
    let (message_id, content) = (id.to_owned(), format!("{id} {CANARY}"));
    Message { message_id, seq, role: Role::User, content, in_reply_to: None, metadata: Metadata::default() }
}

pub fn answer(id: &str, seq: u64, question: &str) -> Message {
    Message {
        message_id: id.to_owned(),
        seq,
        role: Role::Assistant,
        content: String::from("the tower 🗼 is open"),
        in_reply_to: Some(question.to_owned()),
        metadata: Metadata::default(),
    }
}

pub fn sent(tab: usize, id: &str) -> Event {
    let (message_id, content) = (id.to_owned(), format!("{id} {CANARY}"));
    Event::Sent { tab, message_id, content, about: String::from("tower") }
}

pub fn ack(tab: usize, id: &str, seq: u64) -> Event {
    received(tab, ServerFrame::Ack { message_id: id.to_owned(), seq })
}

pub fn received(tab: usize, frame: ServerFrame) -> Event {
    Event::Received { tab, frame }
}

pub fn token(tab: usize, answer: &str, offset: usize, delta: &str) -> Event {
    received(tab, ServerFrame::Token { message_id: answer.to_owned(), delta: delta.to_owned(), offset })
}

pub fn status(tab: usize, status: Status) -> Event {
    received(tab, ServerFrame::Status { status })
}

pub fn greeting(tab: usize, last_seq: u64) -> Event {
    received(tab, ServerFrame::SessionAck { session_id: String::from("sess_a"), last_seq })
}

pub fn message(tab: usize, message: Message) -> Event {
    received(tab, ServerFrame::Message(message))
}

pub fn error(code: &str, id: &str) -> Event {
    let (code, message_id) = (code.to_owned(), Some(id.to_owned()));
    received(0, ServerFrame::Error { code, message_id, retryable: true })
}

/// Connected, and up to date from `last_seq` on.
fn opened(tab: usize, last_seq: u64) -> [Event; 4] {
    [Event::Connected { tab }, Event::Resumed { tab, last_seq }, greeting(tab, last_seq), greeting(tab, last_seq)]
}

/// Two tabs and two questions. The socket of tab 0 is cut in the middle of the first answer, which the server, having
/// died, begins again; tab 1 is reloaded between the two.
pub fn correct() -> SessionHistory {
    let stored = vec![user("q1", 1), user("q2", 2), answer("a1", 3, "q1"), answer("a2", 4, "q2")];
    let mut events = Vec::new();
    events.extend(opened(0, 0));
    events.extend(opened(1, 0));
    events.extend([
        sent(0, "q1"),
        ack(0, "q1", 1),
        message(1, stored[0].clone()),
        status(0, Status::Typing),
        token(0, "a1", 0, "the tower 🗼"),
        sent(1, "q2"),
        ack(1, "q2", 2),
        message(0, stored[1].clone()),
        Event::Disconnected { tab: 0, code: None },
        Event::Disconnected { tab: 1, code: Some(1012) },
        Event::Loaded { tab: 1, stored: stored[..2].to_vec() },
    ]);
    events.extend(opened(0, 2));
    events.extend(opened(1, 2));
    for tab in [0, 1] {
        events.extend([
            status(tab, Status::Typing),
            token(tab, "a1", 0, "the tower 🗼 "),
            token(tab, "a1", 13, "is open"),
            message(tab, stored[2].clone()),
            status(tab, Status::Idle),
            status(tab, Status::Typing),
            token(tab, "a2", 0, "the tower 🗼 is open"),
            message(tab, stored[3].clone()),
            status(tab, Status::Idle),
        ]);
    }
    // The same message again, from the other tab.
    events.extend([sent(1, "q1"), ack(1, "q1", 1)]);
    SessionHistory { session: String::from("sess_a"), canary: CANARY.to_owned(), events, stored, given_up: 0 }
}

/// Replaces the first event that fits.
pub fn replace(history: &mut SessionHistory, wanted: &Event, with: Vec<Event>) {
    let position = history.events.iter().position(|event| event == wanted).expect("the event is in the history");
    history.events.splice(position..=position, with);
}

/// Replaces the last event that fits.
pub fn replace_last(history: &mut SessionHistory, wanted: &Event, with: Vec<Event>) {
    let position = history.events.iter().rposition(|event| event == wanted).expect("the event is in the history");
    history.events.splice(position..=position, with);
}
