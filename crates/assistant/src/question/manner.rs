//! How a question is put, as far as that tells whether an article may answer it.

use std::{collections::HashSet, sync::LazyLock};

use crate::language::{LEXICON, Phrases, spoken, stem, words};

static CUES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/manner_cues.txt")));

/// How many words behind a number may name what is counted: "six double rooms".
const COUNTED_WITHIN: usize = 3;

/// How a question is put.
#[derive(Clone, Default, PartialEq)]
pub struct Manner {
    /// It asks whether there is something, or whether something may be done: an article that does not name the thing says
    /// nothing about it.
    pub asks_whether: bool,
    /// It asks for a name, an age, a measure or a make.
    pub asks_for_particulars: bool,
    /// It asks about today or last year, which articles do not follow.
    pub asks_about_a_moment: bool,
    /// The stem of what it asks the number of: "how many nurses".
    pub counted: Option<String>,
    /// How many different words it has. A long one says much that no article repeats.
    pub length: usize,
}

impl Manner {
    pub fn of(question: &str) -> Self {
        let spoken = spoken(question);
        let first = spoken.split_whitespace().next().unwrap_or_default();
        Self {
            asks_whether: CUES.occur("whether first", &format!(" {first} ")) || CUES.occur("whether", &spoken),
            asks_for_particulars: CUES.occur("particulars", &spoken),
            asks_about_a_moment: CUES.occur("moment", &spoken),
            counted: counted(&spoken),
            length: spoken.split_whitespace().collect::<HashSet<_>>().len(),
        }
    }
}

fn counted(spoken: &str) -> Option<String> {
    let (_, behind) = spoken.split_once(" how many ")?;
    let word = behind.split_whitespace().next()?;
    let is_thing = !LEXICON.is_stop_word(word) && !CUES.occur("time", &format!(" {word} "));
    is_thing.then(|| stem(word))
}

/// Whether a text gives a number of something that goes by one of these stems.
pub fn counts(text: &str, stems: &[&str]) -> bool {
    const NUMBERS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "several"];
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let is_number =
        |word: &str| word.starts_with(|character: char| character.is_ascii_digit()) || NUMBERS.contains(&word);
    words.iter().enumerate().filter(|(_, word)| is_number(word)).any(|(position, _)| {
        let behind = words[position + 1..].iter().take(COUNTED_WITHIN);
        behind.into_iter().any(|word| stems.contains(&stem(word).as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_apart_by_how_they_are_put() {
        let asks_whether = |question| Manner::of(question).asks_whether;
        assert!(asks_whether("Is the pharmacy open?") && asks_whether("Hello, do you have a crib?"));
        assert!(!asks_whether("Where is the pharmacy?"));
        let particulars = |question| Manner::of(question).asks_for_particulars;
        assert!(particulars("What's the name of the cook?") && particulars("how old is the chapel"));
        assert!(!particulars("Who can visit?") && !particulars("How old must I be to give blood?"));
        assert!(Manner::of("Is it busy right now?").asks_about_a_moment);
        assert_eq!(Manner::of("Please, how many nurses work there?").counted.as_deref(), Some("nurs"));
        assert_eq!(Manner::of("How many days does it take?").counted, None);
        assert_eq!(Manner::of("How many of us may come?").counted, None);
        assert_eq!(Manner::of("Where do I park?").length, 4);
    }

    #[test]
    fn a_number_counts_what_follows_it() {
        let text = "Two visitors at a time may be in the room. On 3 West there are six double rooms.";
        assert!(counts(text, &["visitor"]) && counts(text, &["room", "bed"]));
        assert!(!counts(text, &["nurs"]) && !counts("Ask a nurse on level 2.", &["nurs"]));
    }
}
