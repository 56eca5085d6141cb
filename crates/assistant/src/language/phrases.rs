//! Lists of phrases, and looking for them in a message.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::words::words;

/// Phrases by the name of their list.
#[derive(Debug)]
pub struct Phrases {
    lists: HashMap<&'static str, List>,
}

#[derive(Debug, Default)]
struct List {
    phrases: Vec<String>,
    /// Looks for all of them at once. None: more than it can hold, which no list of ours is.
    search: Option<AhoCorasick>,
}

impl Phrases {
    /// Reads `[name]` followed by lines of phrases with commas between them; `#` begins a comment.
    pub fn read(data: &'static str) -> Self {
        let mut lists: HashMap<&'static str, List> = HashMap::new();
        let mut list = "";
        for line in data.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => list = name,
                // A space at each end, so that only whole words are found.
                None => {
                    let phrases = line.split(',').map(|phrase| format!(" {} ", phrase.trim()));
                    lists.entry(list).or_default().phrases.extend(phrases);
                }
            }
        }
        for list in lists.values_mut() {
            list.search = AhoCorasick::new(&list.phrases).ok();
        }
        Self { lists }
    }

    /// A list's phrases, with a space at each end. Empty for a name that the data does not have.
    pub fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], |list| list.phrases.as_slice())
    }

    /// Whether a message, as [`spoken`] gives it, has any phrase of a list.
    pub fn occur(&self, list: &str, spoken: &str) -> bool {
        let Some(List { phrases, search }) = self.lists.get(list) else { return false };
        match search {
            Some(search) => search.is_match(spoken),
            None => phrases.iter().any(|phrase| spoken.contains(phrase.as_str())),
        }
    }
}

/// A message in lower-case words with single spaces, one at each end, without apostrophes: "can't" and "cant" are the
/// same to somebody in a hurry.
pub fn spoken(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len() + 2);
    spoken.push(' ');
    for word in words(text) {
        spoken.extend(word.text.split('\''));
        spoken.push(' ');
    }
    // An empty message has an end and a beginning.
    if spoken.len() == 1 {
        spoken.push(' ');
    }
    spoken
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
