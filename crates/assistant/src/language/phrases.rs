//! Lists of phrases, and looking for them in a message.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::words::words;

/// As each language writes them.
const COMMAS: [char; 4] = [',', '\u{60c}', '\u{ff0c}', '\u{3001}'];

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
        Self::read_all(&[data], |phrase| format!(" {} ", phrase.trim()))
    }

    /// Reads files of several languages into the same lists. `spell` gives a phrase as the messages are given that it is looked
    /// for in, with a space at each end, so that only whole words are found; words may go on where a `*` stands.
    pub fn read_all(files: &[&'static str], spell: impl Fn(&str) -> String) -> Self {
        let mut lists: HashMap<&'static str, List> = HashMap::new();
        for file in files {
            let mut list = "";
            for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    list = name;
                    continue;
                }
                let phrases = line.split(COMMAS).map(str::trim).filter(|phrase| !phrase.is_empty());
                let spelled = phrases.map(|phrase| {
                    let spelled = spell(phrase.trim_matches('*'));
                    let spelled = if phrase.ends_with('*') { spelled.trim_end() } else { &spelled };
                    if phrase.starts_with('*') { spelled.trim_start() } else { spelled }.to_owned()
                });
                lists.entry(list).or_default().phrases.extend(spelled);
            }
        }
        for list in lists.values_mut() {
            list.search = AhoCorasick::new(&list.phrases).ok();
        }
        Self { lists }
    }

    /// A list's phrases, with a space at each end where a word has to begin or end. Empty for a name that the data does not have.
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
        let several =
            Phrases::read_all(&["[one]\nna\u{ef}ve*\u{ff0c}\u{597d},", "[one]\nyes, *no"], crate::language::plain);
        assert_eq!(several.list("one"), [" naive", " \u{597d} ", " yes ", "no "]);
        assert!(
            several.occur("one", " naively ") && several.occur("one", " yes ") && !several.occur("one", " yesterday ")
        );
        assert_eq!(spoken("Can\u{2019}t  STOP"), " cant stop ");
    }
}
