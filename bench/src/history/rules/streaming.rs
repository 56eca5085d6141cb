//! What was streamed is what is stored, and every token begins where the one before ended.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    history::{
        Event, Rule, SessionHistory, TabId, Violation,
        stream::{Misplaced, StreamedAnswer},
    },
    protocol::frames::{Role, ServerFrame, Status},
};

/// What a tab has of the answers that stream to it.
#[derive(Default)]
struct Tab<'a> {
    answers: HashMap<&'a str, StreamedAnswer>,
    /// Answers that it has as a whole.
    complete: HashSet<&'a str>,
    /// The last thing said about answering was that one begins.
    announced: bool,
    /// Greetings that are due: one for the socket, one for each time it asked for what it missed.
    greetings_due: u32,
    /// The socket has brought this tab up to date, so that from here on tokens must fit.
    up_to_date: bool,
}

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let mut tabs = BTreeMap::<TabId, Tab<'_>>::new();
    for event in &history.events {
        match event {
            Event::Loaded { tab, stored } => {
                let complete = stored.iter().map(|message| message.message_id.as_str()).collect();
                tabs.insert(*tab, Tab { complete, ..Tab::default() });
            }
            Event::Connected { tab } => {
                let tab = tabs.entry(*tab).or_default();
                (tab.greetings_due, tab.up_to_date, tab.announced) = (1, false, false);
                for answer in tab.answers.values_mut() {
                    answer.is_of_this_socket = false;
                }
            }
            Event::Resumed { tab, .. } => {
                tabs.entry(*tab).or_default().greetings_due += 1;
            }
            Event::Received { tab: id, frame } => {
                let tab = tabs.entry(*id).or_default();
                tab.receive(frame, |rule, detail| {
                    violations.push(Violation::new(rule, history, format!("tab {id}: {detail}")));
                });
            }
            _ => {}
        }
    }
}

impl<'a> Tab<'a> {
    fn receive(&mut self, frame: &'a ServerFrame, mut report: impl FnMut(Rule, String)) {
        match frame {
            ServerFrame::SessionAck { .. } => {
                self.greetings_due = self.greetings_due.saturating_sub(1);
                self.up_to_date |= self.greetings_due == 0;
            }
            ServerFrame::Status { status } => self.announced = *status == Status::Typing,
            ServerFrame::Token { message_id, delta, offset } if self.up_to_date => {
                let announced = std::mem::take(&mut self.announced);
                if self.complete.contains(message_id.as_str()) {
                    report(Rule::OffsetGap, format!("{message_id}: a token after the whole answer"));
                    return;
                }
                match self.answers.entry(message_id).or_default().take(*offset, delta, announced) {
                    Ok(()) => {}
                    Err(Misplaced::Restart) => report(Rule::HiddenRestart, message_id.clone()),
                    Err(Misplaced::Gap { ends, begins }) => {
                        report(
                            Rule::OffsetGap,
                            format!("{message_id}: the text ends at {ends}, a token begins at {begins}"),
                        );
                    }
                }
            }
            ServerFrame::Message(message) if message.role == Role::Assistant => {
                let whole = &message.content;
                if let Some(answer) = self.answers.get(message.message_id.as_str()) {
                    // The end may come with the whole, where the tab asked for what it missed or was too slow.
                    let fits = !answer.is_of_this_socket || whole.starts_with(&answer.text);
                    if !fits {
                        let detail = format!(
                            "{}: {} bytes were streamed, {} are stored",
                            message.message_id,
                            answer.text.len(),
                            whole.len()
                        );
                        report(Rule::StreamedDiffers, detail);
                    }
                }
                self.complete.insert(&message.message_id);
            }
            _ => {}
        }
    }
}
