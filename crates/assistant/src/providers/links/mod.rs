//! Where a model's words may lead: to what the hospital publishes, and nowhere else. Images are never let through, since a
//! browser fetches them unasked, and with their address goes whatever a model was talked into putting there.

mod allowed;
#[cfg(test)]
mod tests;

pub use allowed::AllowedLinks;

use crate::knowledge::{Candidate, Knowledge};

/// What stands in place of an address that leads elsewhere.
pub const LEFT_OUT: &str = "[\u{2026}]";
/// Characters that wait for a bracket to close. A label that is longer is text.
const LONGEST_LABEL: usize = 400;
/// Characters of an address that are looked at. One that is longer is left out.
const LONGEST_ADDRESS: usize = 2_048;
/// What begins an address at the beginning of a word.
const BEGINNINGS: [&str; 4] = ["http://", "https://", "www.", "//"];
/// What tells an address in the middle of a word.
const AFTER_SCHEME: &str = "://";

/// Reads a text that comes in pieces, and leaves out what leads elsewhere.
#[derive(Debug)]
pub struct SafeLinks {
    allowed: AllowedLinks,
    reading: Reading,
    /// What is looked at before it is passed on: the beginning of an address, or one.
    held: String,
    /// Brackets that are open, each with the text in it so far.
    open: Vec<Bracket>,
    /// The character before, which tells where a word begins.
    before: char,
    passed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Text,
    /// An exclamation mark, which makes an image of a bracket.
    Exclamation,
    /// A sign that makes markup of the letter behind it.
    LessThan,
    /// What may become an address.
    Beginning,
    Address,
    /// A bracket has just closed. Whether right behind an address.
    Closed {
        after_address: bool,
    },
    /// What stands between the round brackets of a link.
    Destination,
}

#[derive(Debug)]
struct Bracket {
    text: String,
    is_image: bool,
}

/// Whether a character of a text may be the first that has to be looked at.
fn may_begin(character: char) -> bool {
    matches!(character, '[' | ']' | '!' | '<' | ':' | '/' | 'h' | 'H' | 'w' | 'W')
}

impl SafeLinks {
    pub fn new(allowed: AllowedLinks) -> Self {
        Self {
            allowed,
            reading: Reading::Text,
            held: String::new(),
            open: Vec::new(),
            before: ' ',
            passed: String::new(),
        }
    }

    /// Allows what more passages link, and where they are published.
    pub fn allow(&mut self, knowledge: &Knowledge, sources: &[Candidate]) {
        self.allowed.add(knowledge, sources);
    }

    /// The next piece, as far as it is known to be harmless.
    pub fn pass(&mut self, piece: &str) -> String {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.reading == Reading::Text {
                // Most of a text can begin nothing: it is passed on by the word.
                let (plain, others) = rest.split_at(rest.find(may_begin).unwrap_or(rest.len()));
                if !plain.is_empty() {
                    self.push(plain);
                }
                rest = others;
            }
            let mut characters = rest.chars();
            if let Some(character) = characters.next() {
                self.take(character);
            }
            rest = characters.as_str();
        }
        std::mem::take(&mut self.passed)
    }

    /// What still waits at the end of the text.
    pub fn finish(&mut self) -> String {
        match self.reading {
            Reading::Address => self.end_address(),
            Reading::Closed { .. } => self.close_without_address(),
            Reading::Destination => self.close_link(false),
            Reading::LessThan | Reading::Exclamation | Reading::Beginning | Reading::Text => self.let_go(),
        }
        self.reading = Reading::Text;
        self.flush_brackets();
        std::mem::take(&mut self.passed)
    }

    fn take(&mut self, character: char) {
        match self.reading {
            Reading::Text => self.take_text(character),
            Reading::Exclamation => {
                self.reading = Reading::Text;
                if character == '[' {
                    self.held.clear();
                    self.open(true);
                } else {
                    self.let_go();
                    self.take_text(character);
                }
            }
            Reading::LessThan => {
                self.reading = Reading::Text;
                let is_markup = character.is_alphabetic() || matches!(character, '/' | '!' | '?');
                if is_markup {
                    self.held.clear();
                    self.before = ' ';
                } else {
                    self.let_go();
                }
                self.take_text(character);
            }
            Reading::Beginning => self.take_beginning(character),
            Reading::Address => self.take_address(character),
            Reading::Closed { after_address } => {
                if character == '(' {
                    self.held.clear();
                    self.reading = Reading::Destination;
                    return;
                }
                self.close_without_address();
                if after_address && !character.is_whitespace() {
                    self.push(" ");
                }
                self.take_text(character);
            }
            Reading::Destination if character == ')' => {
                let address = self.held.trim().split(char::is_whitespace).next().unwrap_or_default();
                let is_allowed = self.allowed.allows(address);
                self.held = address.to_owned();
                self.close_link(is_allowed);
            }
            Reading::Destination if self.held.len() > LONGEST_ADDRESS => {
                self.close_link(false);
                self.take_text(character);
            }
            Reading::Destination => self.held.push(character),
        }
    }

    fn take_text(&mut self, character: char) {
        let starts_word = !self.before.is_alphanumeric();
        match character {
            '[' => self.open(false),
            ']' => self.close(false),
            '!' | '<' => {
                self.held.push(character);
                self.reading = if character == '!' { Reading::Exclamation } else { Reading::LessThan };
            }
            ':' => self.begin(character),
            '/' | 'h' | 'H' | 'w' | 'W' if starts_word => self.begin(character),
            _ => self.push_character(character),
        }
    }

    fn open(&mut self, is_image: bool) {
        self.before = '[';
        self.open.push(Bracket { text: String::new(), is_image });
        self.limit_brackets();
    }

    fn begin(&mut self, character: char) {
        self.held.push(character);
        self.reading = Reading::Beginning;
    }

    fn take_beginning(&mut self, character: char) {
        self.held.push(character);
        let lower = self.held.to_ascii_lowercase();
        if BEGINNINGS.contains(&lower.as_str()) || lower == AFTER_SCHEME {
            self.reading = Reading::Address;
        } else if !BEGINNINGS.iter().chain([&AFTER_SCHEME]).any(|beginning| beginning.starts_with(&lower)) {
            self.held.pop();
            self.let_go();
            self.reading = Reading::Text;
            self.take_text(character);
        }
    }

    fn take_address(&mut self, character: char) {
        let closes = character == ']' && !self.open.is_empty();
        if character.is_whitespace() || matches!(character, '<' | '>' | '"' | '`') || closes {
            self.end_address();
            self.reading = Reading::Text;
            if closes { self.close(true) } else { self.take_text(character) }
        } else if self.held.len() < LONGEST_ADDRESS {
            self.held.push(character);
        } else if !self.held.ends_with('\\') {
            // Nothing that is allowed holds this character.
            self.held.push('\\');
        }
    }

    fn end_address(&mut self) {
        let held = std::mem::take(&mut self.held);
        let address = held.trim_end_matches(|character: char| ".,;:!?*_'~)]}|".contains(character));
        let leads_somewhere = address.contains(char::is_alphanumeric);
        self.push(if leads_somewhere && !self.allowed.allows(address) { LEFT_OUT } else { address });
        let rest = &held[address.len()..];
        // A bracket may still close a link.
        self.push(&rest.replace(']', ""));
    }

    fn close(&mut self, after_address: bool) {
        self.before = ']';
        self.reading = Reading::Closed { after_address };
    }

    /// Brackets that were no link: as they stand, but for the mark of an image.
    fn close_without_address(&mut self) {
        self.reading = Reading::Text;
        match self.open.pop() {
            Some(bracket) => self.push(&format!("[{}]", bracket.text)),
            None => self.push("]"),
        }
    }

    /// A link that may be one; otherwise its label.
    fn close_link(&mut self, is_allowed: bool) {
        self.reading = Reading::Text;
        let address = std::mem::take(&mut self.held);
        match self.open.pop() {
            Some(Bracket { text, is_image: false }) if is_allowed => self.push(&format!("[{text}]({address})")),
            Some(bracket) => self.push(&bracket.text),
            // Where the label had become too long there is no link to make.
            None => self.push("] "),
        }
    }

    /// Passes on what was held after all.
    fn let_go(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.push(&held);
    }

    fn push_character(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    fn push(&mut self, text: &str) {
        self.before = text.chars().next_back().unwrap_or(self.before);
        match self.open.last_mut() {
            Some(bracket) => {
                bracket.text.push_str(text);
                self.limit_brackets();
            }
            None => self.passed.push_str(text),
        }
    }

    fn limit_brackets(&mut self) {
        let waiting: usize = self.open.iter().map(|bracket| bracket.text.len() + 1).sum();
        if waiting > LONGEST_LABEL {
            self.flush_brackets();
        }
    }

    fn flush_brackets(&mut self) {
        for bracket in std::mem::take(&mut self.open) {
            self.passed.push('[');
            self.passed.push_str(&bracket.text);
        }
    }
}
