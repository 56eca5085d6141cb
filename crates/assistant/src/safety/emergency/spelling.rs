//! Reading words that were written in a hurry: shortened, misspelt, run together.

use std::collections::HashMap;

use strsim::osa_distance;

use super::text::UNKNOWN;
use crate::language::MEANINGS;

/// Words shorter than this resemble too many others to be corrected.
const SHORTEST: usize = 4;
/// Words at least this long may hold two mistakes.
const LONG: usize = 8;
/// Longer than any word the rules know: nothing to look for, whatever it is.
const LONGEST: usize = 24;
/// The least letters of each of two words that were written as one, and of both.
const SHORTEST_HALF: usize = 3;
const SHORTEST_RUN_TOGETHER: usize = 7;

/// The words that the rules know.
#[derive(Default)]
pub(super) struct Spelling {
    words: HashMap<String, u16>,
    /// By a way to shorten or misspell: what it stands for.
    meant: HashMap<String, Vec<u16>>,
    /// Known words by what is left of them without one or two letters: a misspelt word leaves the same.
    remains: HashMap<u64, Vec<u16>>,
    /// Known words by how they sound, roughly.
    sounds: HashMap<String, u16>,
    by_number: Vec<String>,
}

impl Spelling {
    /// The number of a word, new if it is.
    pub fn learn(&mut self, word: &str) -> u16 {
        if let Some(known) = self.words.get(word) {
            return *known;
        }
        if self.by_number.is_empty() {
            self.by_number.push(String::new());
        }
        let number = u16::try_from(self.by_number.len()).unwrap_or(UNKNOWN);
        self.words.insert(word.to_owned(), number);
        self.by_number.push(word.to_owned());
        number
    }

    /// Takes in that a spelling stands for these words.
    pub fn learn_meant(&mut self, spelling: &str, words: &str) {
        let meant = words.split_whitespace().map(|word| self.learn(word)).collect();
        self.meant.insert(spelling.to_owned(), meant);
    }

    /// Prepares to recognise what is misspelt, once all words are learnt.
    pub fn complete(&mut self) {
        for (number, word) in (0_u16..).zip(&self.by_number).filter(|(_, word)| word.chars().count() >= SHORTEST) {
            for remain in remains(word) {
                self.remains.entry(remain).or_default().push(number);
            }
            self.sounds.entry(sound(word)).or_insert(number);
        }
    }

    /// Tells each word that a written one stands for, in lower case and without apostrophes.
    pub fn read(&self, written: &str, mut tell: impl FnMut(u16)) {
        if let Some(meant) = self.meant.get(written) {
            return meant.iter().for_each(|word| tell(*word));
        }
        if let Some(known) = self.words.get(written) {
            return tell(*known);
        }
        let length = written.chars().count();
        // Another word of the language is no misspelling.
        if !(SHORTEST..=LONGEST).contains(&length) || MEANINGS.knows(written) || is_form_of_a_word(written) {
            return tell(UNKNOWN);
        }
        if let Some(corrected) = self.correct(written) {
            return tell(corrected);
        }
        match self.divide(written) {
            Some(halves) => halves.into_iter().for_each(tell),
            None => tell(UNKNOWN),
        }
    }

    /// The word as it is written, or [`UNKNOWN`].
    pub fn exactly(&self, written: &str) -> u16 {
        self.words.get(written).copied().unwrap_or(UNKNOWN)
    }

    fn correct(&self, written: &str) -> Option<u16> {
        if let Some(heard) = self.sounds.get(&sound(written)) {
            return Some(*heard);
        }
        let first = written.chars().next();
        let close = |number: &u16| {
            let known = self.by_number.get(usize::from(*number))?;
            let distance = osa_distance(written, known);
            (distance <= mistakes(known) && known.chars().next() == first).then_some((distance, *number))
        };
        let near = remains(written).into_iter().filter_map(|remain| self.remains.get(&remain)).flatten();
        near.filter_map(close).min().map(|(_, number)| number)
    }

    fn divide(&self, written: &str) -> Option<[u16; 2]> {
        if written.len() < SHORTEST_RUN_TOGETHER || !written.is_ascii() {
            return None;
        }
        (SHORTEST_HALF..=written.len() - SHORTEST_HALF).find_map(|middle| {
            let (one, other) = written.split_at(middle);
            Some([*self.words.get(one)?, *self.words.get(other)?])
        })
    }
}

/// Whether it is a common word with an ending, which the table of common words may not have.
fn is_form_of_a_word(written: &str) -> bool {
    ["s", "es", "ed", "d", "ing", "ly"]
        .into_iter()
        .any(|ending| written.strip_suffix(ending).is_some_and(|bare| bare.len() >= SHORTEST && MEANINGS.knows(bare)))
}

fn mistakes(word: &str) -> usize {
    if word.chars().count() < LONG { 1 } else { 2 }
}

/// The word, and what is left of it without one letter, or two where it is long, each as a number.
fn remains(word: &str) -> Vec<u64> {
    let letters: Vec<char> = word.chars().collect();
    let without = |left_out: &[usize]| {
        let kept = letters.iter().enumerate().filter(|(position, _)| !left_out.contains(position));
        // FNV-1a: a clash costs a comparison and nothing else.
        kept.fold(0xcbf2_9ce4_8422_2325_u64, |hash, (_, letter)| {
            (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mut remains = vec![without(&[])];
    for first in 0..letters.len() {
        remains.push(without(&[first]));
        if letters.len() >= LONG {
            remains.extend((first + 1..letters.len()).map(|second| without(&[first, second])));
        }
    }
    remains
}

/// A word with the letters alike that sound alike, and none twice in a row: "siezure" and "seizure", "hellllp" and "help".
fn sound(word: &str) -> String {
    let word = word.replace("ph", "f").replace("ck", "k").replace("ie", "i").replace("ei", "i").replace('y', "i");
    let mut sound = String::with_capacity(word.len());
    for letter in word.chars() {
        if !sound.ends_with(letter) {
            sound.push(letter);
        }
    }
    sound
}
