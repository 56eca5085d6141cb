//! Keeping a model's answer from what only a clinician may say, sentence by sentence before it is sent.
//!
//! A sentence is held back only from the words on that may make it one that may not be said; others pass as they come.

use std::sync::{Arc, LazyLock};

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

/// The phrases of these lists, in words.
static RISKY_PHRASES: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    let phrases = RISKY.iter().flat_map(|list| PHRASES.list(list));
    phrases.map(|phrase| phrase.split_whitespace().collect()).collect()
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

    /// Whether an article holds the sentence word for word.
    fn is_approved(&self, sentence: &str) -> bool {
        let spoken_sentence = spoken(sentence);
        (0..self.approved.len()).any(|article| spoken(&self.approved.article(article).body).contains(&spoken_sentence))
    }

    fn judge(&mut self, sentence: String, sent: &mut String) {
        let whole = format!("{}{sentence}", self.passed);
        if may_be_said(&whole) || self.is_approved(&whole) {
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
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        for word in spoken_apart(piece).split_whitespace() {
            words.push((start, word.to_owned()));
        }
        start += piece.len();
    }
    let is_cut_off = text.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '\'' | '\u{2019}'));
    let last = words.len().saturating_sub(1);
    for (position, (start, _)) in words.iter().enumerate() {
        let said = |offset: usize, wanted: &str| match words.get(position + offset) {
            // As much as has been said so far.
            None => true,
            Some((_, word)) if is_cut_off && position + offset == last => wanted.starts_with(word.as_str()),
            Some((_, word)) => word == wanted,
        };
        let begins = |phrase: &Vec<&str>| phrase.iter().enumerate().all(|(offset, wanted)| said(offset, wanted));
        if RISKY_PHRASES.iter().any(begins) {
            return *start;
        }
    }
    text.len()
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

/// Whether an answer takes what it was asked for an emergency: somebody who gives a model's word more weight than ours is
/// to see the notice, too.
pub fn tells_of_an_emergency(answer: &str) -> bool {
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
    }
}
