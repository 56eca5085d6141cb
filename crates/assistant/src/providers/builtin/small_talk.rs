//! What people say to be polite, to find out what they talk to, or to get past it.

use std::sync::LazyLock;

use crate::language::{LEXICON, Phrases, spoken, stem};

/// A message that asks for nothing an article could hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallTalk {
    /// Asks for a person.
    Human,
    WhoAreYou,
    HowAreYou,
    Thanks,
    Goodbye,
    Greeting,
    /// "ok", "got it".
    Acknowledgement,
}

/// The kinds with the names of their lists, the most telling first.
const KINDS: [(SmallTalk, &str); 7] = [
    (SmallTalk::Human, "human"),
    (SmallTalk::WhoAreYou, "who are you"),
    (SmallTalk::HowAreYou, "how are you"),
    (SmallTalk::Thanks, "thanks"),
    (SmallTalk::Goodbye, "goodbye"),
    (SmallTalk::Greeting, "greeting"),
    (SmallTalk::Acknowledgement, "acknowledgement"),
];

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../../data/small_talk.txt")));

/// The kind of small talk a message consists of, if nothing but small talk is in it.
pub fn small_talk(message: &str) -> Option<SmallTalk> {
    let mut rest = spoken(message);
    let mut kind = None;
    for (candidate, list) in KINDS {
        // "No" and "ok" only count when there is nothing else.
        if candidate == SmallTalk::Acknowledgement && kind.is_some() {
            continue;
        }
        for phrase in PHRASES.list(list) {
            while rest.contains(phrase) {
                rest = rest.replacen(phrase, " ", 1);
                kind = kind.or(Some(candidate));
            }
        }
    }
    let kind = kind?;
    let says_nothing = |word: &str| LEXICON.is_stop_word(word) || PHRASES.occur("fillers", &format!(" {word} "));
    let mut rest = rest.split_whitespace();
    let asks_for_nothing_else = match kind {
        // Anything that is left would be the question.
        SmallTalk::Acknowledgement => rest.next().is_none(),
        SmallTalk::Thanks | SmallTalk::Greeting | SmallTalk::Goodbye => {
            rest.all(|word| says_nothing(word) && !asks(word))
        }
        SmallTalk::Human | SmallTalk::WhoAreYou | SmallTalk::HowAreYou => {
            rest.all(|word| says_nothing(word) || LEXICON.is_background(&stem(word)))
        }
    };
    asks_for_nothing_else.then_some(kind)
}

/// Whether a small word makes a question of its own: "thanks, and where is it?"
fn asks(word: &str) -> bool {
    matches!(
        word,
        "when"
            | "where"
            | "how"
            | "what"
            | "who"
            | "which"
            | "why"
            | "can"
            | "do"
            | "does"
            | "is"
            | "are"
            | "it"
            | "there"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_talk_is_recognised_by_kind() {
        for (message, expected) in [
            ("Hello!", SmallTalk::Greeting),
            ("hi there", SmallTalk::Greeting),
            ("Hey, how are you?", SmallTalk::HowAreYou),
            ("ok thanks so much", SmallTalk::Thanks),
            ("Thanks, bye!", SmallTalk::Thanks),
            ("goodbye", SmallTalk::Goodbye),
            ("Who are you?", SmallTalk::WhoAreYou),
            ("are you a robot", SmallTalk::WhoAreYou),
            ("what can you help me with?", SmallTalk::WhoAreYou),
            ("Can I talk to a human?", SmallTalk::Human),
            ("I want to speak to a real person please", SmallTalk::Human),
            ("connect me with someone", SmallTalk::Human),
            ("ok", SmallTalk::Acknowledgement),
        ] {
            assert_eq!(small_talk(message), Some(expected), "{message}");
        }
    }

    #[test]
    fn a_question_among_courtesies_is_a_question() {
        for message in [
            "Hi, when can I visit?",
            "thanks! and on Sundays?",
            "Thanks, and where is it?",
            "Can I talk to someone about my bill?",
            "Can I speak to a person in billing?",
            "parking",
            "yes parking",
            "",
        ] {
            assert_eq!(small_talk(message), None, "{message}");
        }
    }
}
