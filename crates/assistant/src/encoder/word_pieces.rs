//! Cutting a text into the pieces of words that the encoder knows, as BERT does it for lower-case English.

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::transformer::POSITIONS;

/// What the vocabulary begins with: something unknown, a text's beginning, and its end.
const UNKNOWN: usize = 0;
const BEGINNING: usize = 1;
const END: usize = 2;
/// A longer run of letters is no word.
const LONGEST_WORD: usize = 100;

/// The vocabulary. A piece that goes on within a word begins with `##`.
#[derive(Default)]
pub struct WordPieces {
    opening: HashMap<&'static str, usize>,
    following: HashMap<&'static str, usize>,
    count: usize,
}

impl WordPieces {
    pub fn read(vocabulary: &'static str) -> Option<Self> {
        let mut pieces = Self::default();
        for piece in vocabulary.lines() {
            match piece.strip_prefix("##").filter(|piece| !piece.is_empty()) {
                Some(following) => pieces.following.insert(following, pieces.count),
                None => pieces.opening.insert(piece, pieces.count),
            };
            pieces.count += 1;
        }
        (pieces.count > END).then_some(pieces)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// The numbers of a text's pieces, between beginning and end. A long text is cut.
    pub fn split(&self, text: &str) -> Vec<usize> {
        let mut numbers = vec![BEGINNING];
        let plain: String = text.nfd().filter(|character| !is_combining_mark(*character)).collect();
        for run in plain.to_lowercase().split(|character: char| character.is_whitespace() || character.is_control()) {
            for word in divided(run) {
                self.split_word(word, &mut numbers);
                if numbers.len() >= POSITIONS - 1 {
                    numbers.truncate(POSITIONS - 1);
                    numbers.push(END);
                    return numbers;
                }
            }
        }
        numbers.push(END);
        numbers
    }

    /// The longest known piece from the front, again and again. A word with a part that no piece fits is unknown.
    fn split_word(&self, word: &str, numbers: &mut Vec<usize>) {
        let first = numbers.len();
        let mut rest = if word.chars().count() > LONGEST_WORD { "" } else { word };
        let mut known = &self.opening;
        while !rest.is_empty() {
            let ends = rest.char_indices().map(|(start, character)| start + character.len_utf8()).rev();
            let longest =
                ends.map(|end| rest.split_at(end)).find_map(|(piece, behind)| Some((known.get(piece)?, behind)));
            let Some((number, behind)) = longest else { break };
            numbers.push(*number);
            rest = behind;
            known = &self.following;
        }
        if !rest.is_empty() || numbers.len() == first {
            numbers.truncate(first);
            numbers.push(UNKNOWN);
        }
    }
}

/// Words and marks of punctuation, each by itself.
fn divided(run: &str) -> impl Iterator<Item = &str> {
    run.split_inclusive(is_mark).flat_map(|part| {
        let mark = part.char_indices().next_back().filter(|(_, last)| is_mark(*last)).map_or(part.len(), |(at, _)| at);
        let (word, mark) = part.split_at(mark);
        [word, mark].into_iter().filter(|piece| !piece.is_empty())
    })
}

fn is_mark(character: char) -> bool {
    character.is_ascii_punctuation()
        || matches!(character, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '¿' | '¡' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<usize> {
        let pieces = WordPieces::read("[UNK]\n[CLS]\n[SEP]\npark\n##ing\n?\n-\nx\nray\ncafe\n#").expect("a vocabulary");
        pieces.split(text)
    }

    #[test]
    fn words_are_put_together_from_pieces() {
        assert_eq!(split("Parking?"), [1, 3, 4, 5, 2]);
        assert_eq!(split(" X-ray  CAFÉ "), [1, 7, 6, 8, 9, 2]);
        assert_eq!(split("#"), [1, 10, 2]);
    }

    #[test]
    fn what_no_piece_fits_is_unknown() {
        assert_eq!(split("parkour"), [1, UNKNOWN, 2]);
        assert_eq!(split(&"park".repeat(60)), [1, UNKNOWN, 2]);
        assert_eq!(split(""), [1, 2]);
    }

    #[test]
    fn a_long_text_is_cut() {
        let numbers = split(&"park ".repeat(500));
        assert_eq!((numbers.len(), numbers.last()), (POSITIONS, Some(&END)));
    }
}
