//! Lists of phrases, and looking for them in a message.

use std::collections::HashMap;

use super::words::words;

/// Phrases by the name of their list.
#[derive(Debug)]
pub struct Phrases {
    lists: HashMap<&'static str, Vec<String>>,
}

impl Phrases {
    /// Reads `[name]` followed by lines of phrases with commas between them; `#` begins a comment.
    pub fn read(data: &'static str) -> Self {
        let mut lists: HashMap<&'static str, Vec<String>> = HashMap::new();
        let mut list = "";
        for line in data.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => list = name,
                // A space at each end, so that only whole words are found.
                None => {
                    lists.entry(list).or_default().extend(line.split(',').map(|phrase| format!(" {} ", phrase.trim())))
                }
            }
        }
        Self { lists }
    }

    /// A list's phrases, with a space at each end. Empty for a name that the data does not have.
    pub fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a message, as [`spoken`] gives it, has any phrase of a list.
    pub fn occur(&self, list: &str, spoken: &str) -> bool {
        self.list(list).iter().any(|phrase| spoken.contains(phrase.as_str()))
    }
}

/// A message in lower-case words with single spaces, one at each end, without apostrophes: "can't" and "cant" are the
/// same to somebody in a hurry.
pub fn spoken(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|word| word.text.replace('\'', "")).collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words() {
        let phrases = Phrases::read("# comment\n[one]\nis it, what  is\n\n[two]\nno");
        assert!(phrases.occur("one", &spoken("Is it?")));
        assert!(!phrases.occur("one", &spoken("This item")));
        assert!(phrases.occur("two", &spoken("No!")));
        assert!(!phrases.occur("three", &spoken("no")));
        assert_eq!(spoken("Can\u{2019}t  STOP"), " cant stop ");
    }
}
