//! A message as the rules read it: words they know, numbers, and where sentences and clauses end.

use unicode_segmentation::UnicodeSegmentation;

use super::spelling::Spelling;

/// A word that no rule knows.
pub(super) const UNKNOWN: u16 = 0;

/// A word of a message.
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// The word among those the rules know, or [`UNKNOWN`].
    pub word: u16,
    pub number: Option<f32>,
    /// Counted from the beginning of the text.
    pub sentence: u16,
    /// Counted likewise. A clause ends wherever somebody would pause.
    pub clause: u16,
}

/// Reads a text to the end of what came before.
#[derive(Default)]
pub(super) struct Reader {
    pub tokens: Vec<Token>,
    sentence: u16,
    clause: u16,
}

impl Reader {
    /// Takes a text in; a pause lies between it and the text before it.
    pub fn read(&mut self, text: &str, spelling: &Spelling) {
        self.clause = self.clause.saturating_add(1);
        let mut end = 0;
        for (start, piece) in text.unicode_word_indices() {
            self.pause(&text[end..start]);
            end = start + piece.len();
            let word = plain(piece);
            for part in parts(&word) {
                if let Some(number) = number(part) {
                    self.push(spelling.exactly(part), Some(number));
                    continue;
                }
                spelling.read(part, |word| self.push(word, None));
            }
        }
        self.pause(&text[end..]);
    }

    fn push(&mut self, word: u16, number: Option<f32>) {
        self.tokens.push(Token { word, number, sentence: self.sentence, clause: self.clause });
    }

    /// Ends sentences and clauses as what stands between two words says.
    fn pause(&mut self, between: &str) {
        let trails_off = between.contains("..") || between.contains('\u{2026}');
        if !trails_off && between.contains(['.', '!', '?', ';', '\u{61f}', '\u{3002}', '\u{ff01}', '\u{ff1f}']) {
            self.sentence = self.sentence.saturating_add(1);
            self.clause = self.clause.saturating_add(1);
        } else if trails_off || between.contains([',', ':', '\n', '(', ')', '\u{2013}', '\u{2014}', '\u{60c}']) {
            self.clause = self.clause.saturating_add(1);
        }
    }
}

/// A word in lower case, without apostrophes and without the 's of "my husband's" and "she's".
fn plain(word: &str) -> String {
    let lower = word.to_lowercase().replace('\u{2019}', "'");
    lower.strip_suffix("'s").unwrap_or(&lower).replace('\'', "")
}

/// Divides "36weeks" and "5mo" where figures end.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let begins_with_figure = word.starts_with(|character: char| character.is_ascii_digit());
    let middle = word
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .filter(|middle| begins_with_figure && *middle > 0);
    let (figures, rest) = middle.map_or((word, ""), |middle| word.split_at(middle));
    [figures, rest].into_iter().filter(|part| !part.is_empty())
}

/// Numbers in words, as far as people write them out.
const NUMBERS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];
const TENS: [(&str, f32); 7] = [
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("hundred", 100.0),
];

fn number(word: &str) -> Option<f32> {
    if word.starts_with(|character: char| character.is_ascii_digit()) {
        return word.trim_end_matches('.').parse().ok();
    }
    // "One" is said of anything.
    let written = (2_u8..).zip(&NUMBERS[2..]).find(|(_, name)| **name == word).map(|(value, _)| f32::from(value));
    written.or_else(|| TENS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value))
}
