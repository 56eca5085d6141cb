//! The words of the articles that mean about the same as a word of a question.

use std::collections::HashSet;

use crate::{
    language::{LEXICON, MEANINGS, Meaning, stem},
    question::Question,
};

/// From this likeness on, words are taken for near enough.
const NEAR: f32 = 0.5;
/// How much a word counts for its likeness: less than a synonym that an editor wrote down.
const WORTH: f32 = 0.5;
/// How many near words a word of a question brings in.
const MOST: usize = 6;

/// The articles' words that have a meaning in the table, by stem.
#[derive(Debug, Default)]
pub struct SimilarWords {
    meanings: Vec<(String, Meaning)>,
}

impl SimilarWords {
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let meaningful = |word: &String| !LEXICON.is_stop_word(word) && !LEXICON.is_background(&stem(word));
        let words = words.into_iter().filter(meaningful);
        let mut meanings: Vec<(String, Meaning)> =
            words.filter_map(|word| MEANINGS.of(&word).map(|meaning| (stem(&word), meaning))).collect();
        // In order, so that equals have one outcome.
        meanings.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self { meanings }
    }

    /// Adds near words to what each word of a question may be found by.
    pub fn widen(&self, question: &mut Question) {
        for concept in question.concepts.iter_mut().filter(|concept| concept.missed >= 1.0) {
            let Some(meaning) = concept.word.as_deref().and_then(|word| MEANINGS.of(word)) else { continue };
            let mut near: Vec<(f32, &str)> = self
                .meanings
                .iter()
                .map(|(stem, other)| (meaning.likeness(other), stem.as_str()))
                .filter(|(likeness, _)| *likeness >= NEAR)
                .collect();
            near.sort_by(|(one, one_stem), (other, other_stem)| other.total_cmp(one).then(one_stem.cmp(other_stem)));
            let known: HashSet<String> = concept.alternatives.iter().map(|(term, _)| term.clone()).collect();
            let mut added = HashSet::new();
            for (likeness, stem) in near {
                if added.len() < MOST && !known.contains(stem) && added.insert(stem) {
                    concept.near.push((stem.to_owned(), likeness * WORTH));
                }
            }
        }
    }
}
