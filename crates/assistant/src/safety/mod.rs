//! What must not be left to ranking: emergencies, and questions only a clinician may answer.
//!
//! Deterministic, and asked before anything else, whoever answers. It reads words and nothing more: it knows the plain
//! ways to say that somebody is in danger, in English. The safety layer proper, with a hospital's own rules and notices
//! apart from the answer, will take the place of these two functions.

mod advice;
mod emergency;

pub use advice::asks_for_medical_advice;
pub use emergency::{Emergency, emergency};

use crate::language::words;

/// The message in lower-case words with single spaces, one at each end, without apostrophes: "can't" and "cant" are the
/// same to somebody in a hurry.
fn spoken(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|word| word.text.replace('\'', "")).collect();
    format!(" {} ", words.join(" "))
}

/// Whether any of the phrases occurs, as whole words.
fn says_any(spoken: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| spoken.contains(&format!(" {phrase} ")))
}
