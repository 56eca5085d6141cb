//! What people ask of any hospital and hardly any hospital's articles answer.
//!
//! "Who runs the pharmacy?" is very like what editors expect to be asked about a pharmacy. It is more like "Who is in
//! charge of the pharmacy?" still, and so no article answers it.

use std::sync::LazyLock;

use crate::encoder::{Meaning, WRITTEN};

/// What the lines of `unanswered.txt` mean, in their order. Those of all apps, since they do not depend on the articles.
static MEANINGS: LazyLock<Vec<Meaning>> = LazyLock::new(|| {
    let written = include_bytes!("../../data/unanswered_meanings.bin");
    written.chunks_exact(WRITTEN).map(Meaning::read).collect()
});

#[cfg(test)]
pub fn meanings() -> &'static [Meaning] {
    &MEANINGS
}

/// How alike a meaning and the nearest of these questions are.
pub fn likeness(meaning: &Meaning) -> f32 {
    MEANINGS.iter().map(|other| meaning.likeness(other)).fold(0.0, f32::max)
}

/// What the meanings are of.
#[cfg(test)]
pub fn questions() -> Vec<&'static str> {
    let lines = include_str!("../../data/unanswered.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;
    use crate::encoder::ENCODER;

    #[test]
    fn a_question_beside_the_point_is_more_like_these_than_one_that_articles_answer() {
        let of = |question: &str| likeness(&ENCODER.encode(&[question])[0]);
        assert!(of("how many people work in your kitchen") > of("something to eat at night") + 0.1);
        assert!(questions().iter().all(|text| text.split_whitespace().count() > 1));
    }

    /// After a change to the questions or the encoder: `BLESS=1 cargo test -p kuzushi-assistant --lib unanswered`.
    #[test]
    fn the_meanings_are_those_of_the_questions() {
        let found = ENCODER.encode(&questions());
        if env::var_os("BLESS").is_some() {
            let written: Vec<u8> = found.iter().flat_map(Meaning::written).collect();
            fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/unanswered_meanings.bin"), written).unwrap();
            return;
        }
        assert_eq!(MEANINGS.len(), found.len(), "the file is not of these questions");
        for (question, (known, found)) in questions().iter().zip(MEANINGS.iter().zip(&found)) {
            assert!(known.likeness(found) > 0.999, "{question}");
        }
    }
}
