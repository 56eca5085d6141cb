//! Nothing of one session ever reaches another.

use crate::{
    history::{Event, Rule, SessionHistory, Violation},
    protocol::frames::{Message, ServerFrame},
};

/// Every canary begins so; what follows is each session's own.
pub const CANARY: &str = "canary";

pub fn check(sessions: &[SessionHistory], violations: &mut Vec<Violation>) {
    for history in sessions {
        for event in &history.events {
            match event {
                Event::Received { frame, tab } => {
                    if let Some(what) = foreign_in_frame(frame, history) {
                        violations.push(Violation::new(Rule::Foreign, history, format!("tab {tab}: {what}")));
                    }
                }
                Event::Loaded { stored, .. } => foreign_in_history(stored, history, violations),
                _ => {}
            }
        }
        foreign_in_history(&history.stored, history, violations);
    }
}

fn foreign_in_history(stored: &[Message], history: &SessionHistory, violations: &mut Vec<Violation>) {
    for message in stored {
        if is_foreign(&message.content, history) {
            let detail = format!("{} of its history, with {}", message.message_id, message.seq);
            violations.push(Violation::new(Rule::Foreign, history, detail));
        }
    }
}

fn foreign_in_frame(frame: &ServerFrame, history: &SessionHistory) -> Option<String> {
    let (text, what) = match frame {
        ServerFrame::SessionAck { session_id, .. } if *session_id != history.session => {
            return Some(format!("a greeting for {session_id}"));
        }
        ServerFrame::Ack { message_id, .. } => (message_id, format!("the acknowledgement of {message_id}")),
        ServerFrame::Error { message_id: Some(message_id), .. } => (message_id, format!("an error about {message_id}")),
        ServerFrame::Token { message_id, delta, .. } => (delta, format!("a token of {message_id}")),
        ServerFrame::Message(message) => (&message.content, format!("{} with {}", message.message_id, message.seq)),
        ServerFrame::Notice { content, seq, .. } => (content, format!("the notice with {seq}")),
        _ => return None,
    };
    is_foreign(text, history).then_some(what)
}

/// Whether a text holds a canary that is not this session's.
fn is_foreign(text: &str, history: &SessionHistory) -> bool {
    text.match_indices(CANARY).any(|(position, _)| !text[position..].starts_with(&history.canary))
}
