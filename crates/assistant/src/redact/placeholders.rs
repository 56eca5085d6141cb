//! What stands in the place of what, and the way back.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Kind,
    by_form::FoundLately,
    shadow::{OTHER, Shadow, Squeezed},
};
use crate::providers::LEFT_OUT;

/// Values of one conversation at most; after that they are forgotten, and get other numbers.
const MOST: usize = 2_000;
/// Ways to write one value that are told apart.
const MOST_SPELLINGS: usize = 26;

/// The placeholders of a conversation: the same value gets the same one again. Cheap to clone, and shared by its clones.
#[derive(Clone, Default)]
pub struct Placeholders {
    dictionary: Arc<Mutex<Dictionary>>,
    pub(super) found: FoundLately,
}

/// It holds what patients are known by.
impl fmt::Debug for Placeholders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Placeholders([redacted])")
    }
}

#[derive(Default)]
struct Dictionary {
    values: HashMap<String, Value>,
    given: HashMap<Kind, u32>,
}

struct Value {
    kind: Kind,
    number: u32,
    /// As it was written: `[PHONE_1]`, another time `[PHONE_1b]`.
    spellings: Vec<String>,
}

impl Placeholders {
    /// The name of a value: `PHONE_1`.
    pub(super) fn name(&self, kind: Kind, written: &str) -> String {
        let mut dictionary = self.lock();
        if dictionary.values.len() >= MOST {
            // Numbers go on: an answer that is under way knows the old ones.
            dictionary.values.clear();
        }
        let Dictionary { values, given } = &mut *dictionary;
        let mut number = || {
            let number = given.entry(kind).or_insert(0);
            *number += 1;
            *number
        };
        let value =
            values.entry(key(kind, written)).or_insert_with(|| Value { kind, number: number(), spellings: Vec::new() });
        let spelling = value.spellings.iter().position(|known| known == written).unwrap_or_else(|| {
            if value.spellings.len() == MOST_SPELLINGS {
                value.number = number();
                value.kind = kind;
                value.spellings.clear();
            }
            value.spellings.push(written.to_owned());
            value.spellings.len() - 1
        });
        let suffix = (b'b'..=b'z').nth(spelling.wrapping_sub(1)).map(char::from);
        format!("{}_{}{}", value.kind.label(), value.number, suffix.map(String::from).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Dictionary> {
        self.dictionary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What two ways of writing the same value have in common.
fn key(kind: Kind, written: &str) -> String {
    let shadow = Shadow::of(written).bytes;
    let squeezed = Squeezed::of(&shadow).text;
    if kind == Kind::Text || squeezed.is_empty() || shadow.contains(&OTHER) { written.to_owned() } else { squeezed }
}

/// Puts back what a request's placeholders stand for. What it does not know stays as it is.
#[derive(Default)]
pub struct Restorer {
    values: HashMap<String, String>,
    /// What may become a placeholder.
    held: String,
}

impl fmt::Debug for Restorer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Restorer").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

/// What a text begins with.
enum Beginning {
    /// A placeholder of so many bytes, and its name.
    Placeholder(usize, String),
    /// More of the text would tell.
    Open,
    Other,
}

impl Restorer {
    pub(super) fn add(&mut self, name: String, written: &str) {
        self.values.entry(name).or_insert_with(|| written.to_owned());
    }

    /// A text that is complete, and goes to none but ourselves.
    pub fn restore(&self, text: &str) -> String {
        let mut restored = String::with_capacity(text.len());
        let rest = self.go_through(text, &mut restored, |_, value| value);
        restored.push_str(rest);
        restored
    }

    /// The next piece of a text that the visitor sees. What may be part of a placeholder waits for the next. An address is left
    /// out: those that the articles publish have no placeholder, and whoever wrote a look-up's result may want to lead somewhere with it.
    pub fn piece(&mut self, piece: &str) -> String {
        if self.values.is_empty() {
            return piece.to_owned();
        }
        let mut held = std::mem::take(&mut self.held);
        held.push_str(piece);
        let mut restored = String::with_capacity(held.len());
        let rest = self.go_through(&held, &mut restored, shown_to_visitors).len();
        self.held = held.split_off(held.len() - rest);
        restored
    }

    /// What still waits at the end of the text.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Returns what cannot be decided yet.
    fn go_through<'a>(
        &self,
        text: &'a str,
        restored: &mut String,
        shown: impl for<'b> Fn(&str, &'b str) -> &'b str,
    ) -> &'a str {
        let mut rest = text;
        while let Some(start) = rest.find(['[', '\\']) {
            restored.push_str(&rest[..start]);
            rest = &rest[start..];
            match beginning(rest) {
                Beginning::Open => return rest,
                Beginning::Placeholder(length, name) if self.values.contains_key(&name) => {
                    restored.push_str(shown(&name, &self.values[&name]));
                    rest = &rest[length..];
                }
                Beginning::Placeholder(..) | Beginning::Other => {
                    restored.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
            }
        }
        restored.push_str(rest);
        ""
    }
}

fn shown_to_visitors<'a>(name: &str, value: &'a str) -> &'a str {
    let label = name.split('_').next().unwrap_or_default();
    if Kind::from_label(label) == Some(Kind::Url) { LEFT_OUT } else { value }
}

/// Reads `[PHONE_1]`, in capitals or not, and as Markdown escapes it.
fn beginning(text: &str) -> Beginning {
    let bytes = text.as_bytes();
    let mut position = 0;
    let mut name = String::new();
    // Whether the sign stands there, perhaps behind a backslash. None: the text ends before.
    let take = |position: &mut usize, sign: u8| -> Option<bool> {
        let escaped = usize::from(*bytes.get(*position)? == b'\\');
        let found = *bytes.get(*position + escaped)? == sign;
        if found {
            *position += escaped + 1;
        }
        Some(found)
    };
    macro_rules! expect {
        ($sign:expr) => {
            match take(&mut position, $sign) {
                None => return Beginning::Open,
                Some(false) => return Beginning::Other,
                Some(true) => {}
            }
        };
    }
    expect!(b'[');
    let letters = bytes[position..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if letters > LONGEST_LABEL {
        return Beginning::Other;
    }
    name.push_str(&text[position..position + letters].to_ascii_uppercase());
    position += letters;
    if position == bytes.len() {
        let may_go_on = Kind::ALL.iter().any(|kind| kind.label().starts_with(&name));
        return if may_go_on { Beginning::Open } else { Beginning::Other };
    }
    if Kind::from_label(&name).is_none() {
        return Beginning::Other;
    }
    expect!(b'_');
    name.push('_');
    let digits = bytes[position..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > MOST_DIGITS {
        return Beginning::Other;
    }
    name.push_str(&text[position..position + digits]);
    position += digits;
    match bytes.get(position) {
        None => return Beginning::Open,
        Some(_) if digits == 0 => return Beginning::Other,
        Some(letter) if letter.is_ascii_alphabetic() => {
            name.push(letter.to_ascii_lowercase().into());
            position += 1;
        }
        Some(_) => {}
    }
    expect!(b']');
    Beginning::Placeholder(position, name)
}

/// Letters of the longest label.
const LONGEST_LABEL: usize = 7;
const MOST_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn restorer() -> Restorer {
        let mut restorer = Restorer::default();
        restorer.add("PHONE_1".into(), "(419) 555-7788");
        restorer.add("NAME_12b".into(), "jane");
        restorer
    }

    #[test]
    fn placeholders_are_put_back_however_the_answer_is_cut() {
        let answer =
            "Hi [NAME_12b], we call [PHONE_1](x) or \\[PHONE\\_1\\], not [PHONE_2]; [phone_1] [x] [1] \\ [PHONE_";
        let wanted =
            "Hi jane, we call (419) 555-7788(x) or (419) 555-7788, not [PHONE_2]; (419) 555-7788 [x] [1] \\ [PHONE_";
        assert_eq!(restorer().restore(answer), wanted);
        for size in 1..12 {
            let mut restorer = restorer();
            let mut text = String::new();
            for piece in answer.as_bytes().chunks(size) {
                text.push_str(&restorer.piece(std::str::from_utf8(piece).unwrap()));
            }
            text.push_str(&restorer.finish());
            assert_eq!(text, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn an_address_is_put_back_for_us_and_for_no_visitor() {
        let mut restorer = restorer();
        restorer.add("URL_1".into(), "https://elsewhere.example/x");
        assert_eq!(restorer.restore("See [URL_1]"), "See https://elsewhere.example/x");
        assert_eq!(restorer.piece("See [URL_1], [url\\_1]"), "See [\u{2026}], [\u{2026}]");
    }

    #[test]
    fn only_what_may_become_a_placeholder_waits() {
        let mut restorer = restorer();
        assert_eq!(restorer.piece("See ["), "See ");
        assert_eq!(restorer.piece("the list]"), "[the list]");
        assert_eq!(restorer.piece("[PHON"), "");
        assert_eq!(restorer.piece("E_1"), "");
        assert_eq!(restorer.piece("]!"), "(419) 555-7788!");
    }

    #[test]
    fn a_value_keeps_its_number_and_each_way_to_write_it_its_letter() {
        let placeholders = Placeholders::default();
        assert_eq!(placeholders.name(Kind::Phone, "419-555-7788"), "PHONE_1");
        assert_eq!(placeholders.name(Kind::Phone, "555-1234"), "PHONE_2");
        assert_eq!(placeholders.name(Kind::Number, "4195557788"), "PHONE_1b");
        assert_eq!(placeholders.name(Kind::Phone, "419-555-7788"), "PHONE_1");
        for spelling in 0..200 {
            placeholders.name(Kind::Name, &format!("Jane{}", " ".repeat(spelling)));
        }
        for value in 0..3 * MOST {
            placeholders.name(Kind::Number, &format!("{value}"));
        }
        assert!(placeholders.lock().values.len() <= MOST);
    }
}
