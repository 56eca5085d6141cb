//! An answer comes after its question, and answers come in the order of their questions.

use std::collections::BTreeMap;

use crate::{
    history::{Rule, SessionHistory, Violation, timeline},
    protocol::frames::Role,
};

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let stored: BTreeMap<&str, u64> = history
        .stored
        .iter()
        .filter(|message| message.role == Role::User)
        .map(|message| (message.message_id.as_str(), message.seq))
        .collect();
    let questions = timeline::questions(history);
    let mut newest = (0, "");
    let mut given_up = history.given_up;
    for answer in history.stored.iter().filter(|message| message.role == Role::Assistant) {
        let id = answer.in_reply_to.as_deref().unwrap_or_default();
        let Some(seq) = stored.get(id).copied() else {
            let detail = format!("{} with {} answers nothing that is stored", answer.message_id, answer.seq);
            violations.push(Violation::new(Rule::OutOfOrder, history, detail));
            continue;
        };
        if answer.seq < seq {
            let detail = format!("{id} with {seq} is answered with {}", answer.seq);
            violations.push(Violation::new(Rule::OutOfOrder, history, detail));
        }
        // One that failed and was tried again is answered late, and rightly so.
        if questions.get(id).is_some_and(|question| question.ever_failed) {
            continue;
        }
        if seq < newest.0 && given_up > 0 {
            // So was this one, and nobody was there to be told.
            given_up -= 1;
        } else if seq < newest.0 {
            let detail = format!("{id} with {seq} is answered after {} with {}", newest.1, newest.0);
            violations.push(Violation::new(Rule::OutOfOrder, history, detail));
        } else {
            newest = (seq, id);
        }
    }
}
