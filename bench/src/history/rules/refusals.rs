//! A client that keeps to the protocol is never turned away, and understands all that it is told.

use crate::{
    history::{Event, Rule, SessionHistory, Violation},
    protocol::frames::ServerFrame,
};

/// Close codes after which a client does not come back.
const FINAL_CLOSE_CODES: std::ops::RangeInclusive<u16> = 4000..=4009;

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    for event in &history.events {
        match event {
            Event::Disconnected { tab, code: Some(code) } if FINAL_CLOSE_CODES.contains(code) => {
                violations.push(Violation::new(Rule::TurnedAway, history, format!("tab {tab}: closed with {code}")));
            }
            Event::Received { tab, frame: ServerFrame::Error { code, message_id, retryable: false } } => {
                let detail = format!("tab {tab}: {code} about {}", message_id.as_deref().unwrap_or("no message"));
                violations.push(Violation::new(Rule::TurnedAway, history, detail));
            }
            Event::Unreadable { tab, text } => {
                violations.push(Violation::new(Rule::Unreadable, history, format!("tab {tab}: {text}")));
            }
            _ => {}
        }
    }
}
