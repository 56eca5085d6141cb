//! Recognising that somebody may be in danger now.
//!
//! The rules are files that a clinician can read (`data/emergencies/`); what is here reads them, finds their patterns in
//! a message, and weighs what is said around each: "not", "last year", "is there a class". What they neither recognise nor
//! dismiss is asked of a trained detector.

mod detector;
mod matching;
mod measures;
mod other_languages;
mod rules;
mod spelling;
mod text;
mod weighing;

use std::sync::LazyLock;

use kuzushi_domain::EmergencyKind;

use matching::Hit;
use measures::Times;
use rules::Rules;
use text::Reader;
use weighing::{Said, Weight};

/// A danger that a message speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub certainty: Certainty,
    pub kind: EmergencyKind,
}

/// How plainly it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// In so many words.
    Explicit,
    /// Put together from several sentences or messages, or a word for it and little else.
    Likely,
}

/// Words at the end of the message before that may belong to what this one says.
const MEMORY: usize = 40;

struct Recogniser {
    rules: Rules,
    times: Times,
}

static RECOGNISER: LazyLock<Recogniser> = LazyLock::new(|| {
    let spellings = include_str!("../../../data/emergencies/spellings.txt");
    let context = include_str!("../../../data/emergencies/context.txt");
    // A test reads every file; what cannot be read leaves the other languages' phrases.
    let mut rules = Rules::read(spellings, context, &kinds()).unwrap_or_default();
    let mut numbers = |words: &[&str]| words.iter().map(|word| rules.spelling.learn(word)).collect();
    let times = Times {
        days: numbers(&["day", "days"]),
        weeks: numbers(&["week", "weeks", "wk", "wks"]),
        months: numbers(&["month", "months", "mo", "mos", "mth"]),
        old: numbers(&["old"]),
        born: numbers(&["old", "ago", "later", "until", "after"]),
    };
    Recogniser { rules, times }
});

macro_rules! kinds {
    ($($kind:ident $file:literal),* $(,)?) => {
        /// The rules of each kind.
        fn kinds() -> Vec<(EmergencyKind, &'static str)> {
            vec![$((
                EmergencyKind::$kind,
                include_str!(concat!("../../../data/emergencies/", $file, ".txt")),
            )),*]
        }
    };
}
kinds! {
    Breathing "breathing", Choking "choking", Unconscious "unconscious", Heart "heart", Stroke "stroke",
    Bleeding "bleeding", Allergy "allergy", Poisoning "poisoning", Infant "infant", Pregnancy "pregnancy",
    HeadInjury "head-injury", Injury "injury", SelfHarm "self-harm", Violence "violence",
}

/// The dangers that a message speaks of by itself, the plainest and most urgent first.
///
/// Rather once too often: the cost of a false alarm is a phone number nobody needed.
pub fn emergencies(message: &str) -> Vec<Finding> {
    let Reading { mut found, is_dismissed } = RECOGNISER.read(message, None);
    // Other languages share words with English: what was dismissed would be found again.
    if found.is_empty() && !is_dismissed {
        found = other_languages::emergencies(message);
    }
    if found.is_empty() {
        found.extend(detector::emergency(message, is_dismissed));
    }
    found
}

/// The dangers that only show where a message goes on from what the same person wrote just before.
pub fn emergencies_across(before: &str, message: &str) -> Vec<Finding> {
    let mut found = RECOGNISER.read(message, Some(before)).found;
    if found.is_empty() {
        let is_dismissed = |together: &str| RECOGNISER.read(together, None).is_dismissed;
        found.extend(detector::emergency_across(before, message, is_dismissed));
    }
    found
}

/// What the rules make of a message.
struct Reading {
    found: Vec<Finding>,
    /// Whether a danger is named and said to be none.
    is_dismissed: bool,
}

/// The first of the dangers that a message speaks of, by itself.
pub fn emergency(message: &str) -> Option<Finding> {
    emergencies(message).first().copied()
}

impl Recogniser {
    fn read(&self, message: &str, before: Option<&str>) -> Reading {
        let mut reader = Reader::default();
        if let Some(before) = before {
            reader.read(before, &self.rules.spelling);
            let first = reader.tokens.len().saturating_sub(MEMORY);
            reader.tokens.drain(..first);
        }
        let earlier = reader.tokens.len();
        reader.read(message, &self.rules.spelling);
        let tokens = reader.tokens;
        let (hits, bridge) = matching::find(&self.rules, &self.times, &tokens);
        let said = Said::new(&tokens, &hits, &bridge);
        let (mut found, mut is_dismissed) = (Vec::new(), false);
        // What the message before says by itself was noticed then.
        for hit in hits.iter().filter(|hit| before.is_none() || spans_both(hit, earlier)) {
            match said.weigh(hit, before.is_some()) {
                Weight::Counts(finding) => found.push(finding),
                Weight::Dismissed => is_dismissed = true,
                Weight::None => {}
            }
        }
        found.sort_unstable();
        let mut once: Vec<Finding> = Vec::new();
        for finding in found {
            if once.iter().all(|known| known.kind != finding.kind) {
                once.push(finding);
            }
        }
        Reading { found: once, is_dismissed }
    }
}

/// Whether a pattern lies in the message before and in this one, which begins at word `earlier`.
fn spans_both(hit: &Hit, earlier: usize) -> bool {
    let first = hit.parts.iter().map(|part| part.start).min().unwrap_or(0);
    let last = hit.parts.iter().map(|part| part.end).max().unwrap_or(0);
    first < earlier && last > earlier
}

#[cfg(test)]
mod tests;
