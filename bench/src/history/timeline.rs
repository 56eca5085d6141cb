//! A history read by message instead of by time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, SessionHistory};
use crate::protocol::frames::{Message, Role, ServerFrame};

/// What became of one message of the visitor.
#[derive(Debug, Default)]
pub struct Question<'a> {
    pub content: Option<&'a str>,
    pub about: Option<&'a str>,
    /// Every `seq` that it was acknowledged with.
    pub acks: BTreeSet<u64>,
    pub cancelled: bool,
    /// It failed at some time, whatever came later.
    pub ever_failed: bool,
    /// The newest word on it is that it failed.
    pub failed: bool,
}

/// The visitor's messages by their id.
pub fn questions(history: &SessionHistory) -> BTreeMap<&str, Question<'_>> {
    let mut questions = BTreeMap::<&str, Question<'_>>::new();
    for event in &history.events {
        match event {
            Event::Sent { message_id, content, about, .. } => {
                let question = questions.entry(message_id).or_default();
                question.content.get_or_insert(content);
                question.about.get_or_insert(about);
                question.failed = false;
            }
            Event::Cancelled { message_id, .. } => questions.entry(message_id).or_default().cancelled = true,
            Event::Received { frame: ServerFrame::Ack { message_id, seq }, .. } => {
                questions.entry(message_id).or_default().acks.insert(*seq);
            }
            Event::Received {
                frame: ServerFrame::Error { code, message_id: Some(message_id), retryable: true },
                ..
            } if is_failed_answer(code) => {
                let question = questions.entry(message_id).or_default();
                question.failed = true;
                question.ever_failed = true;
            }
            _ => {}
        }
    }
    questions
}

/// Whether an error says that an answer failed, rather than that a frame was refused.
pub fn is_failed_answer(code: &str) -> bool {
    matches!(code, "AI_ERROR" | "AI_TIMEOUT")
}

/// The stored answers to each message.
pub fn answers(history: &SessionHistory) -> BTreeMap<&str, Vec<&Message>> {
    let mut answers = BTreeMap::<&str, Vec<&Message>>::new();
    for message in history.stored.iter().filter(|message| message.role == Role::Assistant) {
        answers.entry(message.in_reply_to.as_deref().unwrap_or_default()).or_default().push(message);
    }
    answers
}
