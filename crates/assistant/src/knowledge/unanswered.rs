//! What people ask of any hospital and hardly any hospital's articles answer.
//!
//! "Who runs the pharmacy?" is very like what editors expect to be asked about a pharmacy. It is more like "Who is in
//! charge of the pharmacy?" still, and so no article answers it.

use std::sync::{LazyLock, OnceLock};

use crate::encoder::{ENCODER, Meaning, aside};

/// Those of all apps, since they do not depend on the articles.
static QUESTIONS: LazyLock<Vec<(&str, OnceLock<Meaning>)>> = LazyLock::new(|| {
    let lines = include_str!("../../data/unanswered.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| (line, OnceLock::new())).collect()
});

/// How alike most questions and the nearest of these are: what is assumed until they are read.
const USUAL_LIKENESS: f32 = 0.5;

/// Finds out what the next of them mean, at most so many. Says how many that were.
pub fn learn(most: usize) -> usize {
    let unknown: Vec<_> = QUESTIONS.iter().filter(|(_, meaning)| meaning.get().is_none()).take(most).collect();
    let texts: Vec<&str> = unknown.iter().map(|(text, _)| *text).collect();
    if !texts.is_empty() {
        for ((_, place), meaning) in unknown.iter().zip(aside(|| ENCODER.encode(&texts))) {
            place.get_or_init(|| meaning);
        }
    }
    texts.len()
}

/// Whether it is known what all of them mean.
pub fn are_all_known() -> bool {
    // They are read in order.
    QUESTIONS.last().is_none_or(|(_, meaning)| meaning.get().is_some())
}

/// How alike a meaning and the nearest of these questions are.
pub fn likeness(meaning: &Meaning) -> f32 {
    if !are_all_known() {
        return USUAL_LIKENESS;
    }
    let known = QUESTIONS.iter().filter_map(|(_, known)| known.get());
    known.map(|other| meaning.likeness(other)).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_beside_the_point_is_more_like_these_than_one_that_articles_answer() {
        while learn(usize::MAX) > 0 {}
        let of = |question: &str| likeness(&ENCODER.encode(&[question])[0]);
        assert!(of("how many people work in your kitchen") > of("something to eat at night") + 0.1);
        assert!(QUESTIONS.iter().all(|(text, _)| text.split_whitespace().count() > 1));
    }
}
