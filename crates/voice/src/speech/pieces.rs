//! A text that is still being written, cut into pieces that can be said one after the other.

use std::ops::Range;

use super::reading::aloud;

/// Words of the first piece at most: the sooner it is made, the sooner somebody hears something.
const FIRST_WORDS: usize = 6;
/// Words after which a comma is a place to cut: at first, and later.
const FIRST_WORDS_TO_COMMA: usize = 3;
const WORDS_TO_COMMA: usize = 16;
/// Words of any piece at most.
const MOST_WORDS: usize = 32;
/// A point after one of these ends no sentence.
const ABBREVIATIONS: [&str; 14] =
    ["dr", "mr", "mrs", "ms", "st", "prof", "no", "vs", "e.g", "i.e", "a.m", "p.m", "approx", "dept"];

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which bytes of the text it is.
    pub range: Range<usize>,
    /// The same as it stands there.
    pub written: String,
    /// In words that can be said; empty where there is nothing to say.
    pub said: String,
}

/// Cuts a text as it comes.
#[derive(Debug, Default)]
pub struct Pieces {
    text: String,
    cut: usize,
}

impl Pieces {
    /// The text goes on. Returns the pieces that are complete now.
    pub fn push(&mut self, delta: &str) -> Vec<Piece> {
        self.text.push_str(delta);
        let mut pieces = Vec::new();
        while let Some(length) = self.next_cut() {
            pieces.push(self.take(length));
        }
        pieces
    }

    /// The text is over. Returns the rest.
    pub fn finish(&mut self) -> Option<Piece> {
        let rest = self.text.len() - self.cut;
        (rest > 0).then(|| self.take(rest))
    }

    /// Bytes of the text so far.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    fn take(&mut self, length: usize) -> Piece {
        let range = self.cut..self.cut + length;
        let written = self.text.get(range.clone()).unwrap_or_default().to_owned();
        self.cut = range.end;
        Piece { said: aloud(&written), range, written }
    }

    /// How long the next piece is, where it is certain.
    fn next_cut(&self) -> Option<usize> {
        let rest = self.text.get(self.cut..)?;
        let is_first = self.cut == 0;
        let mut words = 0;
        let mut word_begin = None;
        let mut depth = 0_i32;
        for (at, character) in rest.char_indices() {
            match character {
                // The text of a link and its address belong together.
                '[' | '(' => depth += 1,
                ']' | ')' => depth -= 1,
                _ => {}
            }
            if !character.is_whitespace() {
                word_begin.get_or_insert(at);
                continue;
            }
            let end = at + character.len_utf8();
            if let Some(begin) = word_begin.take() {
                words += 1;
                let is_whole = depth <= 0 || words > 2 * MOST_WORDS;
                if is_whole && ends_here(&rest[begin..at], words, is_first) {
                    return Some(end);
                }
            }
            if character == '\n' && words > 0 && depth <= 0 {
                return Some(end);
            }
        }
        None
    }
}

/// Whether a piece may end with this word, the so manieth.
fn ends_here(word: &str, words: usize, is_first: bool) -> bool {
    let bare = word.trim_end_matches(['*', '_', '"', '\'', ')', ']', '\u{201d}', '\u{2019}']);
    let is_abbreviation = || {
        let stem = bare.trim_start_matches(|letter: char| !letter.is_alphanumeric()).trim_end_matches('.');
        ABBREVIATIONS.contains(&stem.to_lowercase().as_str())
            // The number of an item in a list, and a letter of a name.
            || (words == 1 && stem.bytes().all(|byte| byte.is_ascii_digit()))
            || (stem.chars().count() == 1 && stem.chars().all(char::is_uppercase) && stem != "I")
    };
    match bare.chars().last() {
        Some('?' | '!') => true,
        Some('.') => !is_abbreviation(),
        Some(',' | ';' | ':') => words >= if is_first { FIRST_WORDS_TO_COMMA } else { WORDS_TO_COMMA },
        _ => words >= if is_first { FIRST_WORDS } else { MOST_WORDS },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a text that comes in such portions.
    fn pieces(text: &str, portion: usize) -> Vec<String> {
        let mut pieces = Pieces::default();
        let letters: Vec<char> = text.chars().collect();
        let mut cut: Vec<Piece> =
            letters.chunks(portion).flat_map(|portion| pieces.push(&portion.iter().collect::<String>())).collect();
        cut.extend(pieces.finish());
        let joined: String = cut.iter().map(|piece| piece.written.as_str()).collect();
        assert_eq!(joined, text, "nothing is lost");
        assert!(cut.iter().all(|piece| text[piece.range.clone()] == piece.written));
        cut.into_iter().map(|piece| piece.written).collect()
    }

    #[test]
    fn the_first_piece_is_short_and_the_others_are_sentences() {
        let text = "Visiting hours are from 10 am to 8 pm on weekdays. On Sundays they begin at noon! Please ask.";
        for portion in [1, 7, 200] {
            assert_eq!(
                pieces(text, portion),
                [
                    "Visiting hours are from 10 am ",
                    "to 8 pm on weekdays. ",
                    "On Sundays they begin at noon! ",
                    "Please ask."
                ]
            );
        }
    }

    #[test]
    fn points_that_end_no_sentence_do_not_cut() {
        assert_eq!(
            pieces("Ask Dr. Lee at St. Mary's. Open until 8 p.m. on Fridays.", 3),
            ["Ask Dr. Lee at St. Mary's. ", "Open until 8 p.m. on Fridays."]
        );
        assert_eq!(pieces("Yes. Call 555.0100 now.", 4), ["Yes. ", "Call 555.0100 now."]);
    }

    #[test]
    fn a_link_is_not_torn_apart_and_a_line_is_a_piece() {
        let text = "See [our page on visiting hours and parking](https://example.org/a,b) first.\n- Bring your card\n- Be early\n";
        assert_eq!(
            pieces(text, 5),
            [
                "See [our page on visiting hours and parking](https://example.org/a,b) ",
                "first.\n",
                "- Bring your card\n",
                "- Be early\n"
            ]
        );
    }

    #[test]
    fn nothing_is_cut_before_it_is_certain() {
        let mut cut = Pieces::default();
        assert!(cut.push("It costs 3.").is_empty());
        assert_eq!(cut.push("50 dollars. ")[0].written, "It costs 3.50 dollars. ");
        assert_eq!((cut.finish(), cut.length()), (None, 23));
    }
}
