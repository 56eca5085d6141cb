//! The main phrases in other languages than English. Nobody who speaks them has reviewed them for this purpose.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use kuzushi_domain::EmergencyKind;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Certainty, Finding};

/// Characters before a phrase in which a "not" is looked for.
const REACH: usize = 24;

static FILES: [&str; 6] = [
    include_str!("../../../data/emergencies/other_languages/spanish.txt"),
    include_str!("../../../data/emergencies/other_languages/french.txt"),
    include_str!("../../../data/emergencies/other_languages/german.txt"),
    include_str!("../../../data/emergencies/other_languages/vietnamese.txt"),
    include_str!("../../../data/emergencies/other_languages/arabic.txt"),
    include_str!("../../../data/emergencies/other_languages/chinese.txt"),
];

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| FILES.iter().map(|file| Language::read(file)).collect());

/// Looks for the phrases of all languages at once: most messages hold none, and are looked through no further.
static ANY: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let phrases = LANGUAGES.iter().flat_map(|language| &language.phrases);
    AhoCorasick::new(phrases.map(|(_, phrase)| wanted(phrase))).ok()
});

#[derive(Default)]
struct Language {
    phrases: Vec<(EmergencyKind, String)>,
    negations: Vec<String>,
    information: Vec<String>,
}

impl Language {
    fn read(file: &str) -> Self {
        let mut language = Self::default();
        let mut section = "";
        for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            for phrase in line.split([',', '\u{60c}', '\u{ff0c}']).map(folded).filter(|phrase| phrase != "  ") {
                match section {
                    "not" => language.negations.push(phrase),
                    "information" => language.information.push(phrase),
                    kind => language.phrases.extend(kind.parse().ok().map(|kind| (kind, phrase))),
                }
            }
        }
        language
    }

    fn find(&self, folded: &str) -> Option<EmergencyKind> {
        if self.information.iter().any(|phrase| occurs(folded, phrase).is_some()) {
            return None;
        }
        let said = |phrase: &String| {
            let start = occurs(folded, phrase)?;
            let reach = folded.floor_char_boundary(start.saturating_sub(REACH));
            // A space, so that a phrase at the very end of what came before is found whole.
            let before = format!("{} ", &folded[reach..start]);
            let is_denied = self.negations.iter().any(|negation| before.trim_end().ends_with(negation.trim()));
            (!is_denied).then_some(())
        };
        self.phrases.iter().find(|(_, phrase)| said(phrase).is_some()).map(|(kind, _)| *kind)
    }
}

/// Where a phrase stands in a text, both folded. Languages that write no spaces are looked through by letters.
fn occurs(folded: &str, phrase: &str) -> Option<usize> {
    folded.find(wanted(phrase))
}

fn wanted(phrase: &str) -> &str {
    let is_unspaced = phrase.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    if is_unspaced { phrase.trim() } else { phrase }
}

/// A text in lower case without accents, words with single spaces, one at each end.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            '\u{111}' => folded.push('d'),
            '\'' | '\u{2019}' => {}
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
    folded
}

/// The danger that a message speaks of in another language, if it does.
pub(super) fn emergencies(message: &str) -> Vec<Finding> {
    let folded = folded(message);
    if ANY.as_ref().is_some_and(|any| !any.is_match(&folded)) {
        return Vec::new();
    }
    let kinds = LANGUAGES.iter().filter_map(|language| language.find(&folded));
    kinds.take(1).map(|kind| Finding { certainty: Certainty::Explicit, kind }).collect()
}
