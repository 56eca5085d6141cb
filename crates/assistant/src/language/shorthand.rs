//! What people shorten on a phone: "tmrw", "ppl", "appt".

use std::{collections::HashMap, sync::LazyLock};

use super::Word;

/// By a short spelling: the words it stands for.
static SHORTHAND: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| read(include_str!("../../data/shorthand.txt")));

/// The word, or the words that it stands for.
pub fn spelled_out(word: Word) -> Vec<Word> {
    let long = |word: &&str| Word { text: (*word).to_owned(), looks_like_a_name: false };
    match SHORTHAND.get(word.text.as_str()) {
        Some(words) => words.iter().map(long).collect(),
        None => vec![word],
    }
}

fn read(table: &'static str) -> HashMap<&'static str, Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let spellings = lines
        .flat_map(|(short, long)| short.split(',').map(move |short| (short.trim(), long.split_whitespace().collect())));
    spellings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_spellings_stand_for_words() {
        let long = |word: &str| {
            let words = spelled_out(Word { text: word.to_owned(), looks_like_a_name: false });
            words.into_iter().map(|word| word.text).collect::<Vec<_>>()
        };
        assert_eq!(long("tmrw"), ["tomorrow"]);
        assert_eq!(long("wanna"), ["want", "to"]);
        assert_eq!(long("visit"), ["visit"]);
    }
}
