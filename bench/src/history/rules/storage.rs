//! What is stored is what was sent: once, under the `seq` it was acknowledged with, without a hole.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    history::{Event, Rule, SessionHistory, Violation, timeline},
    protocol::frames::{Message, Role, ServerFrame},
};

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    sent_and_stored(history, violations);
    numbers(history, violations);
    frames(history, violations);
}

fn sent_and_stored(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let mut stored = BTreeMap::<&str, Vec<&Message>>::new();
    for message in &history.stored {
        stored.entry(&message.message_id).or_default().push(message);
    }
    for (id, copies) in &stored {
        if copies.len() > 1 {
            let detail = format!("{id} is stored {} times", copies.len());
            violations.push(Violation::new(Rule::Doubled, history, detail));
        }
    }
    let questions = timeline::questions(history);
    for (id, question) in &questions {
        let copies = stored.get(id).map(Vec::as_slice).unwrap_or_default();
        if question.acks.is_empty() {
            violations.push(Violation::new(Rule::Unacknowledged, history, format!("{id} was sent")));
        }
        if question.acks.len() > 1 {
            let detail = format!("{id} was acknowledged with {:?}", question.acks);
            violations.push(Violation::new(Rule::ChangedSeq, history, detail));
        }
        if copies.is_empty() && !question.acks.is_empty() {
            violations.push(Violation::new(
                Rule::Lost,
                history,
                format!("{id}, acknowledged with {:?}", question.acks),
            ));
        }
        for copy in copies {
            if !question.acks.is_empty() && !question.acks.contains(&copy.seq) {
                let detail = format!("{id} was acknowledged with {:?} and is stored with {}", question.acks, copy.seq);
                violations.push(Violation::new(Rule::ChangedSeq, history, detail));
            }
            if question.content.is_some_and(|content| content != copy.content) || copy.role != Role::User {
                violations.push(Violation::new(Rule::Altered, history, format!("{id}, stored with {}", copy.seq)));
            }
        }
    }
    for message in history.stored.iter().filter(|message| message.role == Role::User) {
        let question = questions.get(message.message_id.as_str());
        if question.is_none_or(|question| question.content.is_none()) {
            let detail = format!("{} with {}", message.message_id, message.seq);
            violations.push(Violation::new(Rule::Unsent, history, detail));
        }
    }
}

/// Notices have a `seq` and are no messages: those that were seen fill their places.
fn numbers(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let notices: BTreeSet<u64> = history
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Received { frame: ServerFrame::Notice { seq, .. }, .. } => Some(*seq),
            _ => None,
        })
        .collect();
    let mut wanted = 1;
    for message in &history.stored {
        while notices.contains(&wanted) {
            wanted += 1;
        }
        if message.seq != wanted {
            let detail = format!("{} is stored with {} where {wanted} was due", message.message_id, message.seq);
            violations.push(Violation::new(Rule::Hole, history, detail));
        }
        wanted = message.seq + 1;
    }
}

/// Whatever a socket or a page showed of a stored message is what is stored in the end.
fn frames(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let stored: BTreeMap<&str, &Message> =
        history.stored.iter().map(|message| (message.message_id.as_str(), message)).collect();
    for event in &history.events {
        let shown = match event {
            Event::Received { frame: ServerFrame::Message(message), .. } => std::slice::from_ref(message),
            Event::Loaded { stored, .. } => stored.as_slice(),
            _ => continue,
        };
        for shown in shown {
            match stored.get(shown.message_id.as_str()) {
                Some(message) if *message == shown => {}
                Some(message) if message.seq != shown.seq => {
                    let detail =
                        format!("{} came with {}, is stored with {}", shown.message_id, shown.seq, message.seq);
                    violations.push(Violation::new(Rule::ChangedSeq, history, detail));
                }
                Some(_) => {
                    let detail = format!("{} with {}", shown.message_id, shown.seq);
                    violations.push(Violation::new(Rule::FrameDiffers, history, detail));
                }
                None => {
                    let detail = format!("{} came with {} and is not stored", shown.message_id, shown.seq);
                    violations.push(Violation::new(Rule::Lost, history, detail));
                }
            }
        }
    }
}
