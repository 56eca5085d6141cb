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

/// What gives texts away, in lower-case letters and digits alone: neither spaces nor line breaks between them hide it.
#[derive(Debug)]
pub struct Telltales(Vec<Finder<'static>>);

impl Telltales {
    /// The beginning of each of these texts that has one long enough.
    pub fn of(texts: &[&str]) -> Self {
        let beginnings = texts.iter().map(|text| bare(text).take(TELLTALE).collect::<String>());
        let long = beginnings.filter(|beginning| beginning.chars().count() >= SHORTEST);
        Self(long.map(|beginning| Finder::new(&beginning).into_owned()).collect())
    }

    /// With the mark, which is short, and said nowhere else.
    pub fn and_mark(mut self) -> Self {
        self.0.push(Finder::new(&bare(&MARK).collect::<String>()).into_owned());
        self
    }
}

/// Reads an answer in pieces for what must not be in it.
#[derive(Debug)]
pub struct Confidential {
    /// Of what every prompt says.
    rules: &'static Telltales,
    /// Of what this hospital's says.
    own: Telltales,
    /// Bytes of the longest.
    longest: usize,
    /// The end of what was read, in the same letters and digits.
    read: Vec<u8>,
    /// Whether that is all of it.
    is_beginning: bool,
}

impl Confidential {
    /// Watches for what gives the rules away, or the hospital's own instructions.
    pub fn new(rules: &'static Telltales, instructions: &str) -> Self {
        let mut watch =
            Self { rules, own: Telltales::of(&[instructions]), longest: 0, read: Vec::new(), is_beginning: true };
        watch.longest = watch.telltales().map(|telltale| telltale.needle().len()).max().unwrap_or_default();
        watch
    }

    /// Whether the text gives anything away with this piece.
    pub fn is_given_away_by(&mut self, piece: &str) -> bool {
        self.read(piece);
        let is_given_away = self.telltales().any(|telltale| telltale.find(&self.read).is_some());
        // Of what was read only what a telltale may begin in is of use.
        let past = self.read.len().saturating_sub(self.longest);
        self.is_beginning &= past == 0;
        self.read.drain(..past);
        is_given_away
    }

    fn read(&mut self, piece: &str) {
        self.read.reserve(piece.len());
        // Most pieces are ASCII, and an answer has many.
        if piece.is_ascii() {
            let letters = piece.bytes().filter(u8::is_ascii_alphanumeric);
            self.read.extend(letters.map(|byte| byte.to_ascii_lowercase()));
        } else {
            let mut buffer = [0; 4];
            for letter in bare(piece) {
                self.read.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }

    /// Whether all that was read may be the beginning of something confidential.
    pub fn may_be_beginning(&self) -> bool {
        self.is_beginning && self.telltales().any(|telltale| telltale.needle().starts_with(&self.read))
    }

    fn telltales(&self) -> impl Iterator<Item = &Finder<'static>> {
        self.rules.0.iter().chain(&self.own.0)
    }
}

fn bare(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "State only what the sources below say, and put the number of each source behind it.";
    static RULES: LazyLock<Telltales> = LazyLock::new(|| Telltales::of(&[RULE]).and_mark());

    #[test]
    fn the_mark_and_the_rules_are_found_however_they_are_cut_and_spaced() {
        let spaced: String = MARK.chars().flat_map(|character| [character, ' ']).collect();
        for text in [MARK.to_lowercase(), spaced, format!("Sure! {RULE}"), RULE.to_uppercase().replace(' ', "\n")] {
            let mut watch = Confidential::new(&RULES, "You help.");
            let found = text.chars().any(|character| watch.is_given_away_by(&character.to_string()));
            assert!(found, "{text}");
        }
    }

    #[test]
    fn ordinary_answers_give_nothing_away() {
        let mut watch = Confidential::new(&RULES, "You help.");
        for piece in ["You help. KZ-1 I state only what the sources say.", &"word ".repeat(500)] {
            assert!(!watch.is_given_away_by(piece));
        }
        assert!(watch.read.len() <= TELLTALE);
    }
}
