//! The main phrases in other languages than English. Nobody who speaks them has reviewed them for this purpose.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use kuzushi_domain::EmergencyKind;

use super::{Certainty, Finding};
use crate::language::bare_letters;

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

/// Looks for what any pattern begins with in all languages at once: most sentences hold nothing of it, and are looked through no
/// further.
static ANY: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let first = LANGUAGES.iter().flat_map(|language| &language.patterns).filter_map(|(_, pattern)| pattern.first());
    AhoCorasick::new(first.flatten().map(|phrase| &phrase.0)).ok()
});

#[derive(Default)]
struct Language {
    patterns: Vec<(EmergencyKind, Pattern)>,
    negations: Vec<Phrase>,
    information: Vec<Pattern>,
}

/// Phrases of which all have to be in a sentence, each given as alternatives.
type Pattern = Vec<Vec<Phrase>>;

/// A phrase, folded, with spaces where a word has to begin and end.
struct Phrase(String);

impl Language {
    fn read(file: &str) -> Self {
        let mut language = Self::default();
        let mut section = "";
        for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            for pattern in line.split([',', '\u{60c}', '\u{ff0c}']).filter(|pattern| !pattern.trim().is_empty()) {
                let alternatives = |part: &str| part.split('/').map(Phrase::read).collect();
                let pattern: Pattern = pattern.split('&').map(alternatives).collect();
                match section {
                    "not" => language.negations.extend(pattern.into_iter().flatten()),
                    "information" => language.information.push(pattern),
                    kind => language.patterns.extend(kind.parse().ok().map(|kind| (kind, pattern))),
                }
            }
        }
        language
    }

    /// The danger that a folded sentence speaks of.
    fn find(&self, sentence: &str) -> Option<EmergencyKind> {
        let is_said = |pattern: &Pattern| {
            let places: Option<Vec<_>> =
                pattern.iter().map(|part| part.iter().find_map(|phrase| phrase.place(sentence))).collect();
            places.is_some_and(|places| !places.iter().any(|place| self.is_denied(sentence, place, &places)))
        };
        let (kind, _) = self.patterns.iter().find(|(_, pattern)| is_said(pattern))?;
        (!self.information.iter().any(is_said)).then_some(*kind)
    }

    /// Whether a "not" that is no part of the pattern itself stands right before one of its places.
    fn is_denied(&self, sentence: &str, place: &Range<usize>, places: &[Range<usize>]) -> bool {
        let reach = sentence.floor_char_boundary(place.start.saturating_sub(REACH));
        // The space before the phrase is the one behind the "not".
        let before = sentence[..place.start].trim_end();
        self.negations.iter().map(|negation| negation.0.trim_end()).any(|negation| {
            let start = before.len().saturating_sub(negation.len());
            start >= reach && before.ends_with(negation) && !places.iter().any(|other| other.contains(&(start + 1)))
        })
    }
}

impl Phrase {
    /// Words that end in `*` may go on. Languages that write no spaces are looked through by letters.
    fn read(written: &str) -> Self {
        let written = written.trim();
        let is_unspaced = written.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        let folded = folded(written);
        Self(match written.strip_suffix('*') {
            _ if is_unspaced => folded.trim().to_owned(),
            Some(_) => folded.trim_end().to_owned(),
            None => folded,
        })
    }

    fn place(&self, sentence: &str) -> Option<Range<usize>> {
        sentence.find(&self.0).map(|start| start..start + self.0.trim_end().len())
    }
}

/// A text in lower case without accents, words with single spaces, one at each end.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    for character in text.chars() {
        bare_letters(character, |letter| match letter {
            '\'' | '\u{2019}' => {}
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') => {}
            _ => folded.push(' '),
        });
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
    folded
}

/// The danger that a message speaks of in another language, if it does.
pub(super) fn emergencies(message: &str) -> Vec<Finding> {
    let ends = ['.', '!', '?', ';', '\n', '\u{61f}', '\u{3002}', '\u{ff01}', '\u{ff1f}', '\u{ff1b}'];
    let may_tell = |sentence: &String| ANY.as_ref().is_none_or(|any| any.is_match(sentence));
    let sentences: Vec<String> = message.split(ends).map(folded).filter(may_tell).collect();
    let kinds = sentences.iter().flat_map(|sentence| LANGUAGES.iter().filter_map(|language| language.find(sentence)));
    kinds.take(1).map(|kind| Finding { certainty: Certainty::Explicit, kind }).collect()
}
