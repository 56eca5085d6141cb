//! A text as sounds, from dictionaries, and for words that are in none of them from how they are spelled.

mod reading;

use std::sync::{Mutex, PoisonError};

use misaki_rs::{Fallback, G2P, Language, fallback::FallbackError};

use self::reading::read_out;

/// What the dictionaries put in the place of what they do not know.
const UNKNOWN: char = '❓';

pub struct Pronunciation(Mutex<G2P>);

impl Default for Pronunciation {
    fn default() -> Self {
        Self(Mutex::new(G2P::with_fallback(Language::EnglishUS, Some(Box::new(AsSpelled)))))
    }
}

impl Pronunciation {
    /// The sounds of a text. Nothing of it is left out.
    pub fn of(&self, text: &str) -> String {
        let sounds = {
            let dictionaries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            dictionaries.g2p(text).map(|(sounds, _)| sounds)
        };
        match sounds {
            Ok(sounds) if !sounds.contains(UNKNOWN) => sounds,
            // The whole by its spelling is better than a hole in it.
            Ok(_) | Err(_) => text.split_whitespace().map(read_out).collect::<Vec<_>>().join(" "),
        }
    }
}

/// Reads words that are in no dictionary, as the names of most medicines, from their letters.
struct AsSpelled;

impl Fallback for AsSpelled {
    fn phonemize(&self, word: &str) -> Result<String, FallbackError> {
        Ok(read_out(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_left_out() {
        let pronunciation = Pronunciation::default();
        for text in ["Take metoprolol with food.", "Ask about pembrolizumab, please.", "Room B12, XJ9 wing", "Zürich"]
        {
            let sounds = pronunciation.of(text);
            assert!(!sounds.contains(UNKNOWN), "{text}: {sounds}");
            assert!(sounds.split_whitespace().count() >= text.split_whitespace().count(), "{text}: {sounds}");
        }
        assert!(pronunciation.of("Take metoprolol").contains("pɹ"), "{}", pronunciation.of("Take metoprolol"));
    }

    #[test]
    fn what_is_known_comes_from_the_dictionaries() {
        assert_eq!(Pronunciation::default().of("hello"), "həlˈO");
    }
}
