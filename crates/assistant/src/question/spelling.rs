//! Typing mistakes: an unknown word is read as the known word it most resembles.

use std::collections::{HashMap, HashSet};

use strsim::osa_distance;

use crate::language::{LEXICON, MEANINGS, Word};

/// Words shorter than this resemble too many others to be corrected.
const SHORTEST: usize = 4;
/// Words at least this long may hold two mistakes.
const LONG: usize = 8;
/// Two words written as one are looked for from this length on.
const SHORTEST_RUN_TOGETHER: usize = 8;

/// The words that articles and lexicon hold, as written.
///
/// An English word that the table of meanings has is never corrected, even where no article has it: "movie" is no misspelling of "move".
#[derive(Debug, Default)]
pub struct Spelling {
    words: HashSet<String>,
    /// The same in order, long enough to be corrected to. Sorted, so that a tie has one outcome.
    targets: Vec<String>,
    /// The known words by how they sound, roughly.
    sounds: HashMap<String, String>,
}

impl Spelling {
    pub fn new(article_words: impl IntoIterator<Item = String>) -> Self {
        let words: HashSet<String> =
            article_words.into_iter().chain(LEXICON.known_words().map(str::to_owned)).collect();
        let mut targets: Vec<String> = words.iter().filter(|word| word.chars().count() >= SHORTEST).cloned().collect();
        targets.sort_unstable();
        let mut sounds = HashMap::with_capacity(targets.len());
        for target in &targets {
            sounds.entry(sound(target)).or_insert_with(|| target.clone());
        }
        Self { words, targets, sounds }
    }

    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Takes two known words that were written as one apart.
    pub fn divide(&self, word: Word) -> Vec<Word> {
        if self.knows(&word.text) || MEANINGS.knows(&word.text) || word.text.chars().count() < SHORTEST_RUN_TOGETHER {
            return vec![word];
        }
        let halves = word.text.char_indices().skip(SHORTEST - 1).map(|(middle, _)| word.text.split_at(middle)).find(
            |(first, second)| {
                second.chars().count() >= SHORTEST && first.len() >= SHORTEST && self.knows(first) && self.knows(second)
            },
        );
        match halves {
            Some((first, second)) => {
                [first, second].map(|half| Word { text: half.to_owned(), looks_like_a_name: false }).to_vec()
            }
            None => vec![word],
        }
    }

    /// The word, or the known word it is a misspelling of; and whether it was corrected.
    pub fn correct(&self, word: &Word) -> (Word, bool) {
        let as_it_is = (word.clone(), false);
        let is_word = word.text.chars().all(char::is_alphabetic);
        if !is_word || word.looks_like_a_name || MEANINGS.knows(&word.text) || self.knows_a_form_of(&word.text) {
            return as_it_is;
        }
        let corrected = self.sounds.get(&sound(&word.text)).or_else(|| self.nearest(&word.text));
        corrected.map_or(as_it_is, |target| (Word { text: target.clone(), looks_like_a_name: false }, true))
    }

    /// The known word with the fewest mistakes in it, the longest common beginning deciding between equals.
    fn nearest(&self, word: &str) -> Option<&String> {
        let length = word.chars().count();
        if length < SHORTEST {
            return None;
        }
        let mistakes = if length < LONG { 1 } else { 2 };
        let first_letter = word.chars().next();
        self.targets
            .iter()
            .filter(|target| target.chars().count().abs_diff(length) <= mistakes)
            // People hardly ever mistype the first letter.
            .filter(|target| target.chars().next() == first_letter)
            .map(|target| (osa_distance(word, target), target))
            .filter(|(distance, _)| *distance <= mistakes)
            .min_by_key(|(distance, target)| (*distance, std::cmp::Reverse(common_beginning(word, target))))
            .map(|(_, target)| target)
    }

    /// Whether the word is a known one, or a known one with an ending.
    fn knows_a_form_of(&self, word: &str) -> bool {
        let without = |ending: &str| word.strip_suffix(ending).is_some_and(|bare| self.knows(bare));
        self.knows(word) || ["s", "es", "ed", "d", "ing", "er", "ly", "'t"].into_iter().any(without)
    }
}

fn common_beginning(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// A word with the letters alike that sound alike: "farmacy" is "pharmacy", "bil" is "bill".
fn sound(word: &str) -> String {
    let word = word.replace("ph", "f").replace("wh", "w").replace("ck", "k").replace("kn", "n").replace('y', "i");
    let mut sound = String::with_capacity(word.len());
    for character in word.chars() {
        if !sound.ends_with(character) {
            sound.push(character);
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        Word { text: text.to_owned(), looks_like_a_name: false }
    }

    fn corrected(text: &str) -> String {
        let spelling =
            Spelling::new(["zucchini", "pharmacist", "ward", "wards", "visiting", "hours"].map(str::to_owned));
        spelling.correct(&word(text)).0.text
    }

    #[test]
    fn one_mistake_in_a_word_and_two_in_a_long_one_are_corrected() {
        assert_eq!(corrected("zuchini"), "zucchini");
        assert_eq!(corrected("pharmasist"), "pharmacist");
        assert_eq!(corrected("phramasist"), "pharmacist");
        assert_eq!(corrected("zucchnii"), "zucchini");
        assert_eq!(corrected("farmacist"), "pharmacist");
    }

    #[test]
    fn short_words_other_words_and_known_words_stay() {
        for text in ["wad", "movie", "helicopter", "ward", "hours", "doctor", "12345"] {
            assert_eq!(corrected(text), text);
        }
    }

    #[test]
    fn a_missing_space_is_put_back() {
        let spelling = Spelling::new(["visiting", "hours"].map(str::to_owned));
        assert_eq!(spelling.divide(word("visitinghours")), [word("visiting"), word("hours")]);
        assert_eq!(spelling.divide(word("helicopter")), [word("helicopter")]);
    }
}
