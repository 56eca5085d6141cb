//! English as patients and hospitals write it: words, stems, synonyms and the words that carry no meaning. Of other languages,
//! words and stems.

mod lexicon;
mod phrases;
mod plain;
mod sentences;
mod shorthand;
mod similar;
mod tongue;
mod words;

pub use lexicon::LEXICON;
pub use phrases::{Phrases, spoken};
pub use plain::{bare_letters, for_each_plain_word, is_cut_off, is_known_as_a_whole_only, plain};
pub use sentences::sentences;
pub use shorthand::spelled_out;
pub use similar::{MEANINGS, Meaning};
pub use tongue::Tongue;
pub use words::{Word, stem, words};

/// The terms a text is indexed under: the stems of its meaningful words, and the phrases the lexicon knows.
pub fn terms(text: &str) -> Vec<String> {
    let words = words(text);
    let stems: Vec<String> = words.iter().map(|word| stem(&word.text)).collect();
    let mut terms = Vec::with_capacity(stems.len());
    for (position, word) in words.iter().enumerate() {
        terms.extend(LEXICON.phrases_at(&stems[position..]).map(|phrase| phrase.join("_")));
        if !LEXICON.is_stop_word(&word.text) {
            terms.push(stems[position].clone());
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_indexed_by_stems_and_by_phrases() {
        assert_eq!(terms("The visiting hours"), ["visit", "hour"]);
        assert_eq!(terms("Emergency Department"), ["emergenc_depart", "emergenc", "depart"]);
        assert_eq!(terms("Bill for the x-ray"), ["bill", "x_ray", "x", "ray"]);
    }
}
