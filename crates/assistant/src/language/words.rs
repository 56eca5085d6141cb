//! Cutting a text into words and words to their stems.

use std::{fmt, sync::LazyLock};

use frostem::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::new(Algorithm::English));

/// A word of a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// Lower case, without a possessive 's.
    pub text: String,
    /// Whether it is written like a name: a capital that no sentence start explains.
    pub looks_like_a_name: bool,
}

/// It may be a patient's.
impl fmt::Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Word([redacted])")
    }
}

/// The words of a text. Hyphens divide words: "x-ray" and "x ray" are the same two words.
pub fn words(text: &str) -> Vec<Word> {
    // In a text all in capitals, or With A Capital On Each Word, capitals tell nothing.
    let pieces: Vec<(usize, &str)> = text.unicode_word_indices().collect();
    let capitals = pieces.iter().filter(|(_, word)| word.starts_with(char::is_uppercase)).count();
    let shouted = !text.chars().any(char::is_lowercase) || capitals * 3 > pieces.len().max(4) * 2;
    let mut words = Vec::with_capacity(pieces.len());
    let mut starts_sentence = true;
    let mut end = 0;
    let mut run = Run::default();
    for (start, piece) in pieces {
        if text[end..start].contains(['.', '!', '?', ':', '\n']) {
            starts_sentence = true;
        }
        end = start + piece.len();
        if is_unspaced_character(piece) {
            unspaced(piece, start, &mut run, &mut words);
            starts_sentence = false;
            continue;
        }
        let capital = piece.chars().next().is_some_and(char::is_uppercase);
        let mut text = piece.to_lowercase();
        if text.contains('\u{2019}') {
            text = text.replace('\u{2019}', "'");
        }
        let bare = text.strip_suffix("'s").unwrap_or(&text).trim_end_matches('\'').len();
        text.truncate(bare);
        words.push(Word { text, looks_like_a_name: capital && !starts_sentence && !shouted });
        starts_sentence = false;
    }
    words
}

/// The character of an unspaced text that was read last.
#[derive(Default)]
struct Run {
    /// Where it ends.
    end: usize,
    character: String,
    /// Whether it is a word by itself so far.
    is_alone: bool,
}

/// Whether a character belongs to a writing that sets no spaces between words.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{309f}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

/// Whether a piece is one such character: each comes as a piece of its own.
fn is_unspaced_character(piece: &str) -> bool {
    let mut characters = piece.chars();
    characters.next().is_some_and(is_unspaced) && characters.next().is_none()
}

/// Words of an unspaced text: each pair of characters, since most words there have two. One that stands alone is a word.
fn unspaced(piece: &str, start: usize, run: &mut Run, words: &mut Vec<Word>) {
    let goes_on = run.end == start && !run.character.is_empty();
    let text = if goes_on { format!("{}{piece}", run.character) } else { piece.to_owned() };
    if goes_on && run.is_alone {
        words.pop();
    }
    words.push(Word { text, looks_like_a_name: false });
    *run = Run { end: start + piece.len(), character: piece.to_owned(), is_alone: !goes_on };
}

/// The stem of a lower-case word.
pub fn stem(word: &str) -> String {
    STEMMER.stem(word).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_without_possessives_and_know_names() {
        let found: Vec<(String, bool)> = words("What's the X-ray cost at Mercy? Thanks, Children\u{2019}s")
            .into_iter()
            .map(|word| (word.text, word.looks_like_a_name))
            .collect();
        let expected = [
            ("what", false),
            ("the", false),
            ("x", true),
            ("ray", false),
            ("cost", false),
            ("at", false),
            ("mercy", true),
            ("thanks", false),
            ("children", true),
        ];
        assert_eq!(found, expected.map(|(text, name)| (text.to_owned(), name)));
    }

    #[test]
    fn a_text_without_spaces_is_read_in_pairs() {
        let texts = |text| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(
            texts("\u{505c}\u{8f66}\u{573a}\u{5728}A\u{697c}\u{3002}\u{533b}\u{9662}"),
            ["\u{505c}\u{8f66}", "\u{8f66}\u{573a}", "\u{573a}\u{5728}", "a", "\u{697c}", "\u{533b}\u{9662}"]
        );
    }

    #[test]
    fn a_text_in_capitals_holds_no_names() {
        for text in ["WHERE IS THE LAB", "Where Can I Find The Lab"] {
            assert!(words(text).iter().all(|word| !word.looks_like_a_name), "{text}");
        }
    }
}
