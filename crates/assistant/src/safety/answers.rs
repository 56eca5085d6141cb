//! Keeping a model's answer from what only a clinician may say, sentence by sentence before it is sent.
//!
//! A sentence is held back only from the words on that may make it one that may not be said; others pass as they come.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, LazyLock},
};

use aho_corasick::AhoCorasick;
use futures_util::{Stream, StreamExt, stream::unfold};

use super::notice::referral;
use crate::{
    answer::{AnswerEnd, AnswerEvent, AnswerRequest},
    knowledge::Knowledge,
    language::{Phrases, spoken},
    providers::ProviderFailure,
};

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/answer_phrases.txt")));

/// Bytes of a sentence that may be held back. A longer one is judged as far as it goes.
const LONGEST: usize = 2_000;
/// The lists of what a sentence that may not be said has.
const RISKY: [&str; 5] = ["diagnosis", "verdict", "dosing", "medicine", "promise"];

/// The phrases of these lists, in words, by the word that each begins with.
static RISKY_PHRASES: LazyLock<BTreeMap<&str, Vec<Vec<&str>>>> = LazyLock::new(|| {
    let mut phrases: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for phrase in RISKY.iter().flat_map(|list| PHRASES.list(list)) {
        let words: Vec<&str> = phrase.split_whitespace().collect();
        if let Some(first) = words.first() {
            phrases.entry(first).or_default().push(words);
        }
    }
    phrases
});

/// Watches over an answer while it is written.
pub struct AnswerGuard {
    /// What is said instead of the first sentence that may not be said.
    referral: String,
    /// The sentence so far, as far as it was not passed on.
    held: String,
    /// The sentence so far, as far as it was.
    passed: String,
    has_referred: bool,
    /// What the hospital has approved may be said as it stands there.
    approved: Arc<Knowledge>,
}

impl AnswerGuard {
    pub fn new(request: &AnswerRequest) -> Self {
        let AnswerRequest { safety, contact, locale, knowledge, .. } = request;
        Self {
            approved: Arc::clone(knowledge),
            referral: referral(safety, contact, locale),
            held: String::new(),
            passed: String::new(),
            has_referred: false,
        }
    }

    /// The answer as it may be sent. One in which something was held back says that a human is needed.
    pub fn over(
        self,
        answer: impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static,
    ) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
        unfold((self, answer.boxed(), None), |(mut guard, mut answer, mut end)| async move {
            if let Some(end) = end.take() {
                return Some((Ok(AnswerEvent::Done(end)), (guard, answer, None)));
            }
            loop {
                let text = match answer.next().await? {
                    Ok(AnswerEvent::Text(piece)) => guard.take(&piece),
                    Ok(AnswerEvent::Done(done)) => {
                        let rest = guard.finish();
                        let done = AnswerEnd { no_answer: done.no_answer || guard.has_referred, ..done };
                        if rest.is_empty() {
                            return Some((Ok(AnswerEvent::Done(done)), (guard, answer, None)));
                        }
                        end = Some(done);
                        rest
                    }
                    Err(failure) => return Some((Err(failure), (guard, answer, None))),
                };
                if !text.is_empty() {
                    return Some((Ok(AnswerEvent::Text(text)), (guard, answer, end)));
                }
            }
        })
    }

    /// Takes the next piece in, and returns what may be sent now.
    fn take(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let has_ended = self.passed.ends_with(['.', '!', '?']) && self.held.starts_with(char::is_whitespace);
        if has_ended && !is_abbreviation(self.passed.trim_end_matches(['.', '!', '?'])) {
            self.passed.clear();
        }
        let mut sent = String::new();
        while let Some(end) = sentence_end(&self.held) {
            let rest = self.held.split_off(end);
            let sentence = std::mem::replace(&mut self.held, rest);
            self.judge(sentence, &mut sent);
            self.passed.clear();
        }
        if self.held.len() > LONGEST {
            let sentence = std::mem::take(&mut self.held);
            self.judge(sentence, &mut sent);
        } else {
            // What comes before anything risky may go.
            let rest = self.held.split_off(harmless_part(&self.held));
            let begun = std::mem::replace(&mut self.held, rest);
            self.passed.push_str(&begun);
            sent.push_str(&begun);
        }
        sent
    }

    fn finish(&mut self) -> String {
        let mut sent = String::new();
        let sentence = std::mem::take(&mut self.held);
        self.judge(sentence, &mut sent);
        sent
    }

    /// Whether the sentence may be said with what was passed on of it: because of what it says, or because an article says
    /// it word for word.
    fn may_be_said_whole(&self, sentence: &str) -> bool {
        let whole = format!("{}{sentence}", self.passed);
        may_be_said(&whole) || self.approved.says(&spoken(&whole))
    }

    fn judge(&mut self, sentence: String, sent: &mut String) {
        // Nothing risky begins in what was passed on.
        if !may_begin_anything(&sentence, false) || self.may_be_said_whole(&sentence) {
            sent.push_str(&sentence);
        } else if !std::mem::replace(&mut self.has_referred, true) {
            let trimmed = sentence.trim_start();
            sent.push_str(&sentence[..sentence.len() - trimmed.len()]);
            if !self.passed.is_empty() {
                sent.push_str("\u{2026} ");
            }
            sent.push_str(&self.referral);
            let end = sentence.trim_end();
            sent.push_str(if end.len() == sentence.len() { " " } else { &sentence[end.len()..] });
        }
    }
}

/// Where the first complete sentence ends, with the space behind it.
fn sentence_end(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().peekable();
    while let Some((position, letter)) = letters.next() {
        let end = position + letter.len_utf8();
        let is_followed_by_space = letters.peek().is_some_and(|(_, next)| next.is_whitespace());
        if letter == '\n'
            || (matches!(letter, '.' | '!' | '?') && is_followed_by_space && !is_abbreviation(&text[..position]))
        {
            return Some(if letter == '\n' {
                end
            } else {
                end + letters.peek().map_or(0, |(_, space)| space.len_utf8())
            });
        }
        if matches!(letter, '\u{3002}' | '\u{ff01}' | '\u{ff1f}') {
            return Some(end);
        }
    }
    None
}

/// "Dr." ends no sentence.
fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_ascii_lowercase();
    matches!(word.as_str(), "dr" | "mr" | "mrs" | "ms" | "st" | "e.g" | "i.e" | "vs" | "no" | "approx" | "a.m" | "p.m")
}

/// Bytes at the beginning of a sentence that is still going on in which nothing risky has begun.
fn harmless_part(text: &str) -> usize {
    let is_cut_off = is_cut_off(text);
    let begins = if may_begin_anything(text, is_cut_off) { risky_part(text, is_cut_off) } else { None };
    begins.unwrap_or(text.len())
}

/// Whether the last word of a text may go on.
fn is_cut_off(text: &str) -> bool {
    text.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '\'' | '\u{2019}'))
}

/// Where the first risky phrase begins that is said, or may be said once the text goes on.
fn risky_part(text: &str, is_cut_off: bool) -> Option<usize> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        for word in spoken_apart(piece).split_whitespace() {
            words.push((start, word.to_owned()));
        }
        start += piece.len();
    }
    let last = words.len().saturating_sub(1);
    for (position, (start, _)) in words.iter().enumerate() {
        let said = |offset: usize, wanted: &str| match words.get(position + offset) {
            // As much as has been said so far.
            None => true,
            Some((_, word)) if is_cut_off && position + offset == last => wanted.starts_with(word.as_str()),
            Some((_, word)) => word == wanted,
        };
        let begins = |phrase: &Vec<&str>| phrase.iter().enumerate().all(|(offset, wanted)| said(offset, wanted));
        if phrases_at(&words[position].1, is_cut_off && position == last).flatten().any(begins) {
            return Some(*start);
        }
    }
    None
}

/// The phrases that begin with a word, or with one that the word may become where it is cut off.
fn phrases_at(word: &str, is_cut_off: bool) -> impl Iterator<Item = &'static Vec<Vec<&'static str>>> {
    let end = if is_cut_off { Bound::Unbounded } else { Bound::Included(word) };
    let from = RISKY_PHRASES.range::<str, _>((Bound::Included(word), end));
    from.take_while(move |(first, _)| first.starts_with(word)).map(|(_, phrases)| phrases)
}

/// By their first letter, a bit for each length that the first words of risky phrases have.
static LENGTHS: LazyLock<[u64; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for (letter, word) in RISKY_PHRASES.keys().filter_map(|word| Some((*word.as_bytes().first()?, word))) {
        lengths[usize::from(letter)] |= bit(word.len());
    }
    lengths
});

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Whether a risky phrase may begin in a text: a look that costs little, since most words begin none. It sees words where there
/// are none rather than miss one.
fn may_begin_anything(text: &str, is_cut_off: bool) -> bool {
    // What the words of a text leave out, and the one letter whose small one is another alphabet's.
    if text.contains(['\'', '\u{2019}', '\u{212a}']) {
        return true;
    }
    let mut rest = text.as_bytes();
    let mut word = String::new();
    while let Some(start) = rest.iter().position(u8::is_ascii_alphanumeric) {
        rest = &rest[start..];
        let goes_on = |pair: &[u8]| {
            pair[1].is_ascii_alphanumeric() && !(pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic())
        };
        let end = 1 + rest.windows(2).take_while(|pair| goes_on(pair)).count();
        word.clear();
        word.extend(rest[..end].iter().map(|byte| char::from(byte.to_ascii_lowercase())));
        rest = &rest[end..];
        let may_go_on = is_cut_off && rest.is_empty();
        let is_alike = word.bytes().next().is_some_and(|first| LENGTHS[usize::from(first)] & bit(end) != 0);
        if (is_alike || may_go_on) && phrases_at(&word, may_go_on).next().is_some() {
            return true;
        }
    }
    false
}

/// Whether a sentence neither diagnoses nor doses nor promises.
fn may_be_said(sentence: &str) -> bool {
    let spoken = spoken_apart(sentence);
    let says = |list: &str| PHRASES.occur(list, &spoken);
    let refers = says("referring");
    let diagnoses = (says("diagnosis") && says("illness")) || says("verdict");
    let doses = says("dosing") && says("medicine");
    !(says("promise") || (diagnoses && !(refers || is_question(sentence))) || (doses && !refers))
}

/// "Do you have a fever?" asks.
fn is_question(sentence: &str) -> bool {
    sentence.trim_end().ends_with('?')
}

/// As [`spoken`], with amounts taken apart: "500mg" is "500 mg".
fn spoken_apart(sentence: &str) -> String {
    let mut apart = String::with_capacity(sentence.len() + 8);
    let mut was_digit = false;
    for letter in sentence.chars() {
        if was_digit && letter.is_ascii_alphabetic() {
            apart.push(' ');
        }
        was_digit = letter.is_ascii_digit();
        apart.push(letter);
    }
    spoken(&apart)
}

/// Words of which every phrase for an emergency has one.
const OF_EMERGENCIES: [&str; 7] = ["emergency", "ambulance", "danger", "911", "112", "999", "988"];

/// Whether an answer takes what it was asked for an emergency: somebody who gives a model's word more weight than ours is
/// to see the notice, too.
pub fn tells_of_an_emergency(answer: &str) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(OF_EMERGENCIES).ok());
    // Most answers are read no further.
    if WORDS.as_ref().is_some_and(|words| !words.is_match(answer)) {
        return false;
    }
    answer.split_inclusive(['.', '!', '?', '\n']).any(|sentence| {
        let spoken = spoken(sentence);
        PHRASES.occur("emergency", &spoken) && !PHRASES.occur("conditional", &spoken)
    })
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::Id;

    use super::*;
    use crate::knowledge::KnowledgeArticle;

    fn guard() -> AnswerGuard {
        let article = KnowledgeArticle {
            id: Id::generate(),
            slug: "after".into(),
            title: "After surgery".into(),
            body: "For mild pain, take 500 mg of paracetamol.".into(),
            summary: String::new(),
            url: None,
            questions: Vec::new(),
            locale: "en".into(),
        };
        AnswerGuard {
            referral: "Please call 555 0100.".into(),
            held: String::new(),
            passed: String::new(),
            has_referred: false,
            approved: Arc::new(Knowledge::index(vec![article])),
        }
    }

    fn guarded(pieces: &[&str]) -> String {
        let mut guard = guard();
        let mut sent: String = pieces.iter().map(|piece| guard.take(piece)).collect();
        sent.push_str(&guard.finish());
        sent
    }

    #[test]
    fn what_only_a_clinician_may_say_is_held_back() {
        for sentence in [
            "You probably have pneumonia.",
            "It sounds like a stroke.",
            "Take 400 mg of ibuprofen every six hours.",
            "Take 400mg of ibuprofen.",
            "You can take two tablets twice a day.",
            "You should stop taking your insulin.",
            "It is safe to take aspirin with that.",
            "You will be fine.",
            "There is nothing to worry about.",
            "Your results are normal.",
            "This is most likely a viral infection.",
            "I guarantee that it works.",
        ] {
            assert!(!may_be_said(sentence), "{sentence}");
            let sent = guarded(&["Parking is free. ", sentence, " The garage is open."]);
            assert!(sent.starts_with("Parking is free. "), "{sent}");
            assert!(
                !sent.contains(sentence) && sent.contains("555 0100") && sent.contains("The garage is open."),
                "{sent}"
            );
        }
    }

    #[test]
    fn what_a_hospital_says_passes() {
        for sentence in [
            "Visiting hours are from 2 to 8.",
            "You can take the elevator to the second floor.",
            "Bring a list of your medicines and the dose of each.",
            "Ask your doctor whether to take your blood thinner.",
            "You may have visitors until 8.",
            "You have a right to an interpreter.",
            "Please take your insurance card with you.",
            "Do not eat for eight hours before surgery.",
            "The pharmacy fills prescriptions and refills until 6.",
            "I can't say which dose to take.",
            "You could use the garage on Main Street.",
        ] {
            assert!(may_be_said(sentence), "{sentence}");
            assert_eq!(guarded(&[sentence]), sentence);
        }
    }

    #[test]
    fn nothing_of_a_sentence_is_sent_before_it_is_known_to_be_sayable() {
        let pieces: Vec<String> =
            "For the pain take 400 mg of ibuprofen now. Bye.".split_inclusive(' ').map(str::to_owned).collect();
        let sent = guarded(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!sent.contains("take") && !sent.contains("400"), "{sent}");
        assert!(sent.ends_with("Bye."), "{sent}");
    }

    #[test]
    fn harmless_text_is_passed_on_word_by_word() {
        let mut guard = guard();
        assert_eq!(guard.take("Visiting"), "Visiting");
        assert_eq!(guard.take(" hours are "), " hours are ");
        assert_eq!(guard.take("2 to 8. You can"), "2 to 8. ");
        assert_eq!(guard.take(" visit"), "You can visit");
        assert_eq!(guard.finish(), "");
    }

    #[test]
    fn a_look_that_costs_little_misses_nothing() {
        let texts = [
            "Hello. You\u{2019}re fine; it's 400mg, TAKE two a day. Ask\u{a0}your doctor",
            "I3you have na\u{ef}ve \u{65e5}\u{5411}take \u{1d488}it.sounds like a\u{301} ta\u{ad}ke a.m. 5you Will cure",
            "\u{212a}eep ta\u{212a}ing your medicine, \u{130}t is",
        ];
        let mut begun = 0;
        for text in texts {
            for (start, _) in text.char_indices() {
                for (end, _) in text[start..].char_indices() {
                    let part = &text[start..start + end];
                    for is_cut_off in [is_cut_off(part), false] {
                        let risky = risky_part(part, is_cut_off);
                        begun += usize::from(risky.is_some());
                        assert!(risky.is_none() || may_begin_anything(part, is_cut_off), "{part}");
                    }
                }
            }
        }
        assert!(begun > 1_000 && !may_begin_anything("Visiting hours, na\u{ef}ve \u{1fa91} 2-8 ", false));
    }

    #[test]
    fn what_an_article_says_may_be_said_as_it_stands_there() {
        assert_eq!(
            guarded(&["For mild pain, take 500 mg of paracetamol."]),
            "For mild pain, take 500 mg of paracetamol."
        );
        assert!(!guarded(&["For mild pain, take 1000 mg of paracetamol."]).contains("1000"));
    }

    #[test]
    fn it_is_said_once_that_a_human_is_needed() {
        let sent = guarded(&["You have cancer. You will be fine. Take 5 mg of morphine."]);
        assert_eq!(sent.matches("555 0100").count(), 1, "{sent}");
    }

    #[test]
    fn an_answer_that_sees_an_emergency_is_told_from_one_with_a_rule_for_everybody() {
        assert!(tells_of_an_emergency("This sounds like a medical emergency. Call 911 now!"));
        assert!(tells_of_an_emergency("Please call 911 immediately."));
        assert!(!tells_of_an_emergency("If you have chest pain, call 911 right away."));
        assert!(!tells_of_an_emergency("In an emergency, call 911 now."));
        assert!(!tells_of_an_emergency("The emergency room is open all day."));
        for phrase in PHRASES.list("emergency") {
            assert!(OF_EMERGENCIES.iter().any(|word| phrase.contains(word)), "{phrase}");
            assert!(tells_of_an_emergency(&phrase.to_uppercase()));
        }
    }
}
