//! What no rule recognises: a detector that was trained on what people write in danger and out of it.
//!
//! Two multinomial logistic regressions over the same classes: the kinds of emergency, and what harmless messages are
//! about. One reads pieces of words and costs microseconds; only where it sees some danger, the other reads what the
//! sentence means. The logarithms of their odds of danger are added. `training.rs` fits both from
//! `tools/emergency_detector/` and writes `data/emergency_detector.bin`.

mod features;
#[cfg(test)]
mod training;
mod weights;

use std::{collections::HashSet, sync::LazyLock};

use kuzushi_domain::EmergencyKind;

use super::{Certainty, Finding};
use crate::{
    encoder,
    language::{LEXICON, MEANINGS, sentences},
};
use features::{Features, NUMBER, QUESTION};
use weights::Detector;

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::read(include_bytes!("../../../../data/emergency_detector.bin")).unwrap_or_default());

/// Words that hold a sentence together, without apostrophes, as features are: the table of meanings has none of them.
static COMMON: LazyLock<HashSet<String>> =
    LazyLock::new(|| LEXICON.known_words().map(|word| word.replace('\'', "")).collect());

/// The logarithm of the odds of danger by pieces of words below which the sentence encoder is not asked.
const SUSPICION: f32 = -2.5;
/// The logarithms of the odds of danger, added, from which it is danger. Decision 31 says what each was chosen by.
const ALARM: f32 = -1.0;
/// The same where the rules know a danger and take it for none.
const ALARM_IF_DISMISSED: f32 = 1.5;
/// The same of a sentence out of a long story.
const ALARM_IN_A_STORY: f32 = 3.5;
/// The same where no more is said than what hurts, in so many words.
const ALARM_OF_A_WORD_OR_TWO: f32 = 3.0;
const TERSE: usize = 2;
/// Words that are read as one sentence; a longer message is read sentence by sentence.
const SHORT: usize = 40;
/// Words of a message that may be no sentence by itself, and of the one before that it may go on from.
const FRAGMENT: usize = 6;
const BEFORE_A_FRAGMENT: usize = 12;
/// So many sentences of a long message are asked of the encoder, the most suspicious first.
const ENCODED: usize = 4;
/// The least share of words that are English: the detector has read nothing else.
const LEAST_ENGLISH: f32 = 0.5;

/// The danger that a message speaks of, as far as the detector can tell. `is_dismissed`: the rules found that a danger is named
/// and said to be none.
pub(super) fn emergency(message: &str, is_dismissed: bool) -> Option<Finding> {
    let message = without_introduction(message);
    let parts = parts(message);
    let alarm = alarm(message, is_dismissed, parts.len() > 1);
    let mut suspicious: Vec<(f32, &str)> = parts
        .into_iter()
        .filter_map(|part| {
            let features = Features::of(part);
            let odds = DETECTOR.odds_by_words(&features);
            (odds > SUSPICION && is_english(&features)).then_some((odds, part))
        })
        .collect();
    suspicious.sort_by(|one, other| other.0.total_cmp(&one.0));
    suspicious.truncate(ENCODED);
    let scored = suspicious.into_iter().map(|(odds, part)| {
        let (by_meaning, kind) = DETECTOR.odds_by_meaning(&encoder::meaning(part));
        (odds + by_meaning, kind)
    });
    let (odds, kind) = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (odds > alarm).then_some(Finding { certainty: Certainty::Likely, kind })
}

/// The danger that a few words only speak of together with the few words before them. `is_dismissed`: of both together.
pub(super) fn emergency_across(before: &str, message: &str, is_dismissed: impl Fn(&str) -> bool) -> Option<Finding> {
    if has_more(message, FRAGMENT) || has_more(before, BEFORE_A_FRAGMENT) {
        return None;
    }
    let together = format!("{before} {message}");
    let odds = |text: &str| DETECTOR.odds_by_words(&Features::of(text));
    if odds(&together) <= odds(before).max(odds(message)) {
        return None;
    }
    let found = emergency(&together, is_dismissed(&together))?;
    // What either says by itself was noticed with it.
    (emergency(before, false).is_none() && emergency(message, false).is_none()).then_some(found)
}

fn parts(message: &str) -> Vec<&str> {
    if has_more(message, SHORT) { sentences(message) } else { vec![message] }
}

fn has_more(text: &str, words: usize) -> bool {
    text.split_whitespace().nth(words).is_some()
}

/// The odds from which a message is taken for danger.
fn alarm(message: &str, is_dismissed: bool, is_story: bool) -> f32 {
    let raised = [
        (is_dismissed, ALARM_IF_DISMISSED),
        (is_story, ALARM_IN_A_STORY),
        (!has_more(message, TERSE), ALARM_OF_A_WORD_OR_TWO),
    ];
    raised.into_iter().filter(|(holds, _)| *holds).map(|(_, alarm)| alarm).fold(ALARM, f32::max)
}

/// "It is about my chest" says no more than "my chest".
fn without_introduction(message: &str) -> &str {
    let Some((introduction, topic)) = message.split_once(" about ") else { return message };
    let is_introduction = introduction.split_whitespace().all(|word| LEXICON.is_stop_word(&word.to_lowercase()));
    // Somebody may be about to do something.
    let is_deed = topic.split_whitespace().next() == Some("to");
    if is_introduction && !is_deed && !has_more(topic, TERSE) { topic } else { message }
}

fn is_english(features: &Features) -> bool {
    let written = features.words.iter().filter(|word| !matches!(word.as_str(), NUMBER | QUESTION));
    let (known, all) = written.fold((0_u32, 0_u32), |(known, all), word| {
        (known + u32::from(COMMON.contains(word.as_str()) || MEANINGS.knows(word)), all + 1)
    });
    known as f32 >= LEAST_ENGLISH * all as f32
}

/// What a class of the detector stands for.
type Class = Option<EmergencyKind>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_weights_can_be_read() {
        assert!(Detector::read(include_bytes!("../../../../data/emergency_detector.bin")).is_some());
        assert!(Detector::read(b"KZED").is_none());
    }

    #[test]
    fn other_words_for_danger_are_recognised_and_harmless_ones_are_not() {
        for (message, expected) in [
            ("her breaths come in little puffs and she looks ashen", EmergencyKind::Breathing),
            ("her lips have puffed up like sausages and she croaks since the cashew cake", EmergencyKind::Allergy),
            ("my granny's mouth hangs to the left and her words are mush", EmergencyKind::Stroke),
            ("he poured drain opener into his coffee by mistake and drank it", EmergencyKind::Poisoning),
            ("I intend to leave this world tonight", EmergencyKind::SelfHarm),
        ] {
            let found = emergency(message, false);
            assert!(found.is_some(), "{message}");
            assert_eq!(found.map(|finding| finding.kind), Some(expected), "{message}");
        }
        for message in [
            "Which bus stops at the main entrance?",
            "My brother plays drums, may he practise on your ward?",
            "I would like to know when the lab opens",
            "D\u{f3}nde est\u{e1} la farmacia",
        ] {
            assert_eq!(emergency(message, false), None, "{message}");
        }
    }

    #[test]
    fn english_is_known_by_its_small_words_too() {
        let english = |text: &str| is_english(&Features::of(text));
        for message in ["i am in it and I can't get out", "it's 3 of us, where are we?", "he isnt with us"] {
            assert!(english(message), "{message}");
        }
        for message in ["mi hijo no puede respirar", "mon mari ne respire plus", "Ich will nicht mehr leben"] {
            assert!(!english(message), "{message}");
        }
    }

    #[test]
    fn what_hardly_says_anything_has_to_say_danger_plainly() {
        assert_eq!(alarm("my side of it hurts", false, false), ALARM);
        assert_eq!(alarm("sore side", false, false), ALARM_OF_A_WORD_OR_TWO);
        for (message, topic) in [("It is about my chest", "my chest"), ("I have a question about my side", "my side")] {
            assert_eq!(without_introduction(message), topic);
            assert_eq!(emergency(message, false), None, "{message}");
        }
        for message in ["I am about to jump", "my mother knows about it", "It is about my chest, it hurts"] {
            assert_eq!(without_introduction(message), message);
        }
        assert_eq!(alarm("no pain in my side", true, true), ALARM_IN_A_STORY);
        for message in ["sore chin", "pain in my thigh", "left ear", "bleeding", "my gums hurt", "cramps"] {
            assert_eq!(emergency(message, false), None, "{message}");
        }
    }

    #[test]
    fn an_ordinary_message_is_not_asked_of_the_encoder() {
        let suspects = |message: &str| DETECTOR.odds_by_words(&Features::of(message)) > SUSPICION;
        assert!(!suspects("What are the visiting hours?"));
        assert!(suspects("my husband has collapsed"));
    }
}
