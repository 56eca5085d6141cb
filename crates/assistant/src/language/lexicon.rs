//! What the assistant knows of English: synonyms, words without meaning, everyday words. Read from `data/`.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use super::words::{stem, words};

/// How much a word of the same group counts, compared with the word itself.
const SAME_GROUP: f32 = 0.85;
/// How much a word counts that a group points at.
const POINTED_AT: f32 = 0.6;
/// What two steps through the table must still be worth to count.
const WORTH_KEEPING: f32 = 0.45;

/// The lexicon that is compiled in.
pub static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::read(
        include_str!("../../data/synonyms.txt"),
        include_str!("../../data/stop_words.txt"),
        include_str!("../../data/background_words.txt"),
        include_str!("../../data/kin_words.txt"),
    )
});

/// Synonyms by term (a stem, or the stems of a phrase joined by `_`), and words by how little they say.
#[derive(Debug)]
pub struct Lexicon {
    related: HashMap<String, Vec<(String, f32)>>,
    /// Phrases by their first stem, the longest first.
    phrases: HashMap<String, Vec<Vec<String>>>,
    stop_words: HashSet<String>,
    background: HashSet<String>,
    kin: HashSet<String>,
    /// Every single word in any of the tables, as written: what a typing mistake may be corrected to.
    known: HashSet<String>,
}

impl Lexicon {
    fn read(synonyms: &str, stop_words: &str, background: &str, kin: &str) -> Self {
        let mut lexicon = Self {
            related: HashMap::new(),
            phrases: HashMap::new(),
            stop_words: listed(stop_words).collect(),
            background: listed(background).map(|word| stem(&word)).collect(),
            kin: listed(kin).map(|word| stem(&word)).collect(),
            known: listed(stop_words).chain(listed(background)).chain(listed(kin)).collect(),
        };
        let mut direct: HashMap<String, Vec<(String, f32)>> = HashMap::new();
        for line in lines(synonyms) {
            if let Some((from, to)) = line.split_once('>') {
                let from: Vec<String> = from.split(',').map(|entry| lexicon.learn(entry)).collect();
                let to: Vec<String> = to.split(',').map(|entry| lexicon.learn(entry)).collect();
                for from in &from {
                    let targets = direct.entry(from.clone()).or_default();
                    targets.extend(to.iter().filter(|to| *to != from).map(|to| (to.clone(), POINTED_AT)));
                }
            } else {
                let group: Vec<String> = line.split('=').map(|entry| lexicon.learn(entry)).collect();
                for from in &group {
                    let targets = direct.entry(from.clone()).or_default();
                    targets.extend(group.iter().filter(|to| *to != from).map(|to| (to.clone(), SAME_GROUP)));
                }
            }
        }
        lexicon.related = with_second_step(&direct);
        for phrases in lexicon.phrases.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
            phrases.dedup();
        }
        lexicon
    }

    /// Takes an entry of the table in, and returns its term.
    fn learn(&mut self, entry: &str) -> String {
        let found = words(entry);
        let stems: Vec<String> = found.iter().map(|word| stem(&word.text)).collect();
        self.known.extend(found.into_iter().map(|word| word.text));
        let term = stems.join("_");
        if stems.len() > 1 {
            self.phrases.entry(stems[0].clone()).or_default().push(stems);
        }
        term
    }

    /// The phrases that a run of stems begins with, the longest first.
    pub fn phrases_at<'a>(&'a self, stems: &'a [String]) -> impl Iterator<Item = &'a [String]> {
        let candidates = stems.first().and_then(|first| self.phrases.get(first));
        candidates.into_iter().flatten().filter(|phrase| stems.starts_with(phrase)).map(Vec::as_slice)
    }

    /// Terms that mean about the same, each with how much it counts (below 1).
    pub fn related(&self, term: &str) -> &[(String, f32)] {
        self.related.get(term).map_or(&[], Vec::as_slice)
    }

    pub fn is_stop_word(&self, word: &str) -> bool {
        self.stop_words.contains(word)
    }

    /// Whether a question is no less answered when no article has this stem.
    pub fn is_background(&self, stem: &str) -> bool {
        self.background.contains(stem)
    }

    /// Whether a stem names somebody close to the one who asks.
    pub fn is_kin(&self, stem: &str) -> bool {
        self.kin.contains(stem)
    }

    pub fn known_words(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }
}

/// Adds what related terms relate to, as far as it goes through one group and one arrow.
fn with_second_step(direct: &HashMap<String, Vec<(String, f32)>>) -> HashMap<String, Vec<(String, f32)>> {
    let mut all = HashMap::with_capacity(direct.len());
    for (term, first_step) in direct {
        let mut best: HashMap<&str, f32> = HashMap::new();
        for (near, weight) in first_step {
            keep_best(&mut best, near, *weight);
            for (far, onward) in direct.get(near).into_iter().flatten() {
                let weight = weight * onward;
                let two_groups = weight >= SAME_GROUP * SAME_GROUP;
                if far != term && !two_groups && weight >= WORTH_KEEPING {
                    keep_best(&mut best, far, weight);
                }
            }
        }
        let mut related: Vec<(String, f32)> =
            best.into_iter().map(|(term, weight)| (term.to_owned(), weight)).collect();
        related.sort_by(|(one, one_weight), (other, other_weight)| {
            other_weight.total_cmp(one_weight).then_with(|| one.cmp(other))
        });
        all.insert(term.clone(), related);
    }
    all
}

fn keep_best<'a>(best: &mut HashMap<&'a str, f32>, term: &'a str, weight: f32) {
    let kept = best.entry(term).or_insert(weight);
    *kept = kept.max(weight);
}

fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn listed(data: &str) -> impl Iterator<Item = String> {
    lines(data).flat_map(str::split_whitespace).map(|word| word.strip_suffix("'s").unwrap_or(word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(lexicon: &Lexicon, from: &str, to: &str) -> Option<f32> {
        lexicon.related(from).iter().find(|(term, _)| term == to).map(|(_, weight)| *weight)
    }

    #[test]
    fn groups_go_both_ways_and_arrows_one_way() {
        let lexicon = Lexicon::read("# comment\ncar = vehicle\ncar > parking lot", "the", "like", "aunt");
        assert_eq!(weight(&lexicon, "car", "vehicl"), Some(SAME_GROUP));
        assert_eq!(weight(&lexicon, "vehicl", "car"), Some(SAME_GROUP));
        assert_eq!(weight(&lexicon, "car", "park_lot"), Some(POINTED_AT));
        assert_eq!(weight(&lexicon, "park_lot", "car"), None);
        assert_eq!(weight(&lexicon, "vehicl", "park_lot"), Some(SAME_GROUP * POINTED_AT));
        assert!(lexicon.is_stop_word("the") && lexicon.is_background("like") && lexicon.is_kin("aunt"));
    }

    #[test]
    fn the_longest_phrase_comes_first() {
        let lexicon = Lexicon::read("lab = lab test\nlab test result = outcome", "", "", "");
        let stems = ["lab", "test", "result"].map(str::to_owned);
        let found: Vec<usize> = lexicon.phrases_at(&stems).map(<[String]>::len).collect();
        assert_eq!(found, [3, 2]);
    }

    #[test]
    fn every_line_of_the_table_relates_something() {
        for line in lines(include_str!("../../data/synonyms.txt")) {
            assert!(line.contains('=') != line.contains('>'), "{line}");
            assert!(line.split(['=', '>', ',']).all(|entry| !words(entry).is_empty()), "{line}");
        }
    }
}
