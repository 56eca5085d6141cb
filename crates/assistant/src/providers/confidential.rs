//! What a model was told and must not repeat: its instructions.
//!
//! The instructions carry a mark that is said nowhere else. A model that is talked into reading them out says the mark first,
//! since they begin with it; the beginnings of the rules are looked for as well. What is worded anew goes unseen, so nothing
//! secret belongs in a prompt.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
};

use memchr::memmem::Finder;

/// Letters and digits of a text that stand for all of it.
const TELLTALE: usize = 80;
/// A shorter beginning may be said by chance.
const SHORTEST: usize = 40;

/// The mark of every prompt of this process. One for all, so that providers can keep the beginning of a prompt.
pub static MARK: LazyLock<String> = LazyLock::new(|| format!("KZ-{:016X}", RandomState::new().build_hasher().finish()));

/// Reads an answer in pieces for what must not be in it.
#[derive(Debug)]
pub struct Confidential {
    /// What gives it away, in lower-case letters and digits alone: neither spaces nor line breaks between them hide it.
    telltales: Vec<Finder<'static>>,
    /// The end of what was read, the same way.
    read: String,
    /// Whether that is all of it.
    is_beginning: bool,
}

impl Confidential {
    /// Watches for the mark, and for the beginning of each of these texts.
    pub fn new(texts: &[&str]) -> Self {
        let beginnings = texts.iter().map(|text| bare(text).take(TELLTALE).collect::<String>());
        let long = beginnings.filter(|beginning| beginning.chars().count() >= SHORTEST);
        let telltales = long.chain([bare(&MARK).collect()]).map(|telltale| Finder::new(&telltale).into_owned());
        Self { telltales: telltales.collect(), read: String::new(), is_beginning: true }
    }

    /// Whether the text gives anything away with this piece.
    pub fn is_given_away_by(&mut self, piece: &str) -> bool {
        self.read(piece);
        let is_given_away = self.telltales.iter().any(|telltale| telltale.find(self.read.as_bytes()).is_some());
        // Of what was read only what a telltale may begin in is of use.
        let kept = self.read.char_indices().rev().nth(TELLTALE).map_or(0, |(start, _)| start);
        self.is_beginning &= kept == 0;
        self.read.drain(..kept);
        is_given_away
    }

    fn read(&mut self, piece: &str) {
        if !piece.is_ascii() {
            return self.read.extend(bare(piece));
        }
        // Most pieces are, and an answer has many.
        let letters = piece.bytes().filter(u8::is_ascii_alphanumeric);
        self.read.extend(letters.map(|byte| char::from(byte.to_ascii_lowercase())));
    }

    /// Whether all that was read may be the beginning of something confidential.
    pub fn may_be_beginning(&self) -> bool {
        let read = self.read.as_bytes();
        self.is_beginning && self.telltales.iter().any(|telltale| telltale.needle().starts_with(read))
    }
}

fn bare(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "State only what the sources below say, and put the number of each source behind it.";

    #[test]
    fn the_mark_and_the_rules_are_found_however_they_are_cut_and_spaced() {
        let spaced: String = MARK.chars().flat_map(|character| [character, ' ']).collect();
        for text in [MARK.to_lowercase(), spaced, format!("Sure! {RULE}"), RULE.to_uppercase().replace(' ', "\n")] {
            let mut watch = Confidential::new(&[RULE]);
            let found = text.chars().any(|character| watch.is_given_away_by(&character.to_string()));
            assert!(found, "{text}");
        }
    }

    #[test]
    fn ordinary_answers_give_nothing_away() {
        let mut watch = Confidential::new(&[RULE, "You help."]);
        for piece in ["You help. KZ-1 I state only what the sources say.", &"word ".repeat(500)] {
            assert!(!watch.is_given_away_by(piece));
        }
        assert!(watch.read.len() <= TELLTALE + 1);
    }
}
