//! What was said in a conversation before the messages that a model is given in full: the beginning of each, in the words
//! that were used. It follows from the messages alone, so it is kept nowhere, and every node has the same.

use std::collections::VecDeque;

use kuzushi_domain::{Phi, Role};

use crate::{answer::HistoryMessage, language::sentences};

/// Messages that it speaks of. Those before them are forgotten.
const MESSAGES: usize = 24;
/// Characters of each.
const LONGEST: usize = 160;

/// Earlier messages in short, the oldest first. These are patients' words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier(VecDeque<Phi<String>>);

impl Earlier {
    /// As many messages as it takes to know all of it.
    pub const MESSAGES: usize = MESSAGES;

    /// Adds the next message.
    pub fn add(&mut self, message: &HistoryMessage) {
        let speaker = match message.role {
            Role::User => "Visitor",
            Role::Assistant => "Assistant",
            Role::Agent | Role::System => "Hospital",
        };
        let text = beginning(message.content.expose());
        // An answer says first what matters. A patient may come to the point late.
        let first = sentences(&text).into_iter().next().unwrap_or(&text);
        let told = if message.role == Role::User { &text } else { first };
        let mut line: String = told.chars().take(LONGEST).collect();
        if line.len() < told.len() {
            // Between two words: half a name is no name that anybody would find in it.
            line.truncate(line.rfind(' ').unwrap_or(line.len()));
            line.push('\u{2026}');
        }
        self.0.push_back(Phi::new(format!("{speaker}: {line}")));
        if self.0.len() > MESSAGES {
            self.0.pop_front();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line for each message.
    pub fn text(&self) -> Phi<String> {
        Phi::new(self.0.iter().map(|line| line.expose().as_str()).collect::<Vec<_>>().join("\n"))
    }
}

/// The words of a text with a space between them, as far as they may matter: a few more than are told, so that where its first
/// sentence ends is seen.
fn beginning(text: &str) -> String {
    let mut beginning = String::new();
    for word in text.split_whitespace() {
        if beginning.len() > 4 * (LONGEST + 1) {
            break;
        }
        if !beginning.is_empty() {
            beginning.push(' ');
        }
        beginning.push_str(word);
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, content: &str) -> HistoryMessage {
        HistoryMessage { role, content: Phi::from(content), cited: Vec::new() }
    }

    #[test]
    fn it_holds_the_beginnings_of_messages_and_never_grows_without_end() {
        let mut earlier = Earlier::default();
        earlier.add(&message(Role::User, "When can\nI visit? My mother is in room 3."));
        earlier.add(&message(Role::Assistant, "Daily from ten. Children may come too."));
        assert_eq!(
            earlier.text().expose(),
            "Visitor: When can I visit? My mother is in room 3.\nAssistant: Daily from ten."
        );
        assert!(!format!("{earlier:?}").contains("mother"));
        for _ in 0..100 {
            earlier.add(&message(Role::User, &"\u{e4}".repeat(10_000)));
        }
        assert_eq!(earlier.text().expose().lines().count(), MESSAGES);
        assert!(earlier.text().expose().chars().count() <= MESSAGES * (LONGEST + 20));
    }
}
