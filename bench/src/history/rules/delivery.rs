//! Every open tab gets every stored event, in order, and knows in the end that nobody is writing.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    history::{Event, Rule, SessionHistory, TabId, Violation},
    protocol::frames::{ServerFrame, Status},
};

#[derive(Default)]
struct Tab {
    /// Every `seq` that the tab has seen since it was loaded.
    seen: BTreeSet<u64>,
    /// What the tab asked for last: all after this.
    asked_after: u64,
    greetings_due: u32,
    /// The newest `seq` that the socket has shown since it was asked. None: it was not asked yet.
    newest: Option<u64>,
    typing: bool,
}

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let mut tabs = BTreeMap::<TabId, Tab>::new();
    for event in &history.events {
        match event {
            Event::Loaded { tab, stored } => {
                let seen = stored.iter().map(|message| message.seq).collect();
                tabs.insert(*tab, Tab { seen, ..Tab::default() });
            }
            Event::Connected { tab } => {
                let tab = tabs.entry(*tab).or_default();
                (tab.greetings_due, tab.newest, tab.typing) = (1, None, false);
            }
            Event::Resumed { tab, last_seq } => {
                let tab = tabs.entry(*tab).or_default();
                tab.greetings_due += 1;
                tab.asked_after = *last_seq;
            }
            Event::Left { tab } => {
                tabs.remove(tab);
            }
            Event::Received { tab: id, frame } => {
                let tab = tabs.entry(*id).or_default();
                if let Some((after, seq)) = tab.receive(frame) {
                    let detail = format!("tab {id}: after {after} came {seq}");
                    violations.push(Violation::new(Rule::Skipped, history, detail));
                }
            }
            _ => {}
        }
    }
    for (id, tab) in tabs {
        let missed: Vec<u64> =
            history.stored.iter().map(|message| message.seq).filter(|seq| !tab.seen.contains(seq)).collect();
        if !missed.is_empty() {
            violations.push(Violation::new(Rule::Missed, history, format!("tab {id} never got {missed:?}")));
        }
        if tab.typing {
            violations.push(Violation::new(Rule::StillTyping, history, format!("tab {id}")));
        }
    }
}

impl Tab {
    /// Returns the place after which events were passed over, and the one that came instead.
    fn receive(&mut self, frame: &ServerFrame) -> Option<(u64, u64)> {
        match frame {
            ServerFrame::SessionAck { .. } => {
                self.greetings_due = self.greetings_due.saturating_sub(1);
                if self.greetings_due == 0 {
                    self.newest = Some(self.asked_after);
                }
            }
            ServerFrame::Status { status } => self.typing = *status == Status::Typing,
            _ => {}
        }
        let seq = frame.seq()?;
        self.seen.insert(seq);
        let newest = self.newest?;
        self.newest = Some(newest.max(seq));
        (seq > newest + 1).then_some((newest, seq))
    }
}
