//! What people say to be polite, to find out what they talk to, or to get past it.

use crate::language::{LEXICON, stem, words};

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

/// The phrases that make a message small talk, the most telling kind first. Longer phrases before those they contain.
const PHRASES: [(SmallTalk, &[&str]); 7] = [
    (
        SmallTalk::Human,
        &[
            "real person",
            "live person",
            "actual person",
            "human being",
            "real human",
            "live agent",
            "live chat",
            "customer service",
            "customer support",
            "to a person",
            "to a human",
            "to someone",
            "to somebody",
            "with someone",
            "with somebody",
            "with a person",
            "with a human",
            "an operator",
            "the operator",
            "operator",
            "a representative",
            "representative",
            "an agent",
            "agent",
            "human",
            "humans",
            "a person",
            "not a robot",
            "not a bot",
            "someone real",
        ],
    ),
    (
        SmallTalk::WhoAreYou,
        &[
            "who are you",
            "what are you",
            "what is your name",
            "whats your name",
            "what can you do",
            "what do you do",
            "how can you help",
            "what can you help",
            "what can i ask",
            "how do you work",
            "are you a robot",
            "are you a bot",
            "are you real",
            "are you human",
            "are you a human",
            "are you a person",
            "are you an ai",
            "are you ai",
            "are you chatgpt",
            "who am i talking to",
            "who am i speaking with",
            "is this a bot",
            "is this a robot",
            "what is this",
        ],
    ),
    (SmallTalk::HowAreYou, &["how are you", "how are you doing", "hows it going", "how is it going"]),
    (
        SmallTalk::Thanks,
        &[
            "thank you very much",
            "thank you so much",
            "thank you",
            "thanks a lot",
            "thanks so much",
            "many thanks",
            "thanks",
            "thx",
            "ty",
            "appreciate it",
            "that helps",
            "that helped",
            "very helpful",
            "you have been helpful",
            "thank u",
            "cheers",
            "perfect",
            "great",
            "awesome",
            "wonderful",
        ],
    ),
    (
        SmallTalk::Goodbye,
        &[
            "goodbye",
            "good bye",
            "bye bye",
            "bye",
            "see you",
            "see ya",
            "good night",
            "have a nice day",
            "have a good day",
            "take care",
            "thats all",
            "that is all",
            "nothing else",
        ],
    ),
    (
        SmallTalk::Greeting,
        &[
            "can you help me",
            "help me",
            "i have a question",
            "i need help",
            "good morning",
            "good afternoon",
            "good evening",
            "good day",
            "hello there",
            "hello",
            "hi there",
            "hi",
            "hey there",
            "hey",
            "howdy",
            "greetings",
            "hiya",
            "yo",
        ],
    ),
    (
        SmallTalk::Acknowledgement,
        &[
            "ok",
            "okay",
            "k",
            "got it",
            "i see",
            "alright",
            "all right",
            "understood",
            "no",
            "nope",
            "yes",
            "yep",
            "yeah",
            "cool",
            "nice",
            "good",
            "sure",
            "no thanks",
        ],
    ),
];

/// What else small talk is made of.
const FILLERS: &[&str] = &[
    "talk",
    "speak",
    "chat",
    "connect",
    "transfer",
    "human",
    "person",
    "bot",
    "robot",
    "ai",
    "assistant",
    "computer",
    "chatgpt",
    "machine",
    "nobody",
    "dear",
    "friend",
    "sir",
    "madam",
    "day",
    "help",
    "much",
];

/// The kind of small talk a message consists of, if nothing but small talk is in it.
pub fn small_talk(message: &str) -> Option<SmallTalk> {
    let spoken: Vec<String> = words(message).into_iter().map(|word| word.text.replace('\'', "")).collect();
    let mut rest = format!(" {} ", spoken.join(" "));
    let mut kind = None;
    for (candidate, phrases) in PHRASES {
        // "No" and "ok" only count when there is nothing else.
        if candidate == SmallTalk::Acknowledgement && kind.is_some() {
            continue;
        }
        for phrase in phrases {
            let phrase = format!(" {phrase} ");
            while rest.contains(&phrase) {
                rest = rest.replacen(&phrase, " ", 1);
                kind = kind.or(Some(candidate));
            }
        }
    }
    let kind = kind?;
    let asks_for_nothing_else = match kind {
        // Anything that is left would be the question.
        SmallTalk::Acknowledgement => rest.trim().is_empty(),
        SmallTalk::Thanks | SmallTalk::Greeting | SmallTalk::Goodbye => {
            rest.split_whitespace().all(|word| FILLERS.contains(&word) || says_nothing(word)) && !asks(&rest)
        }
        _ => rest
            .split_whitespace()
            .all(|word| FILLERS.contains(&word) || says_nothing(word) || LEXICON.is_background(&stem(word))),
    };
    asks_for_nothing_else.then_some(kind)
}

fn says_nothing(word: &str) -> bool {
    LEXICON.is_stop_word(word)
}

/// Whether stop words alone make a question: "thanks, and where is it?"
fn asks(rest: &str) -> bool {
    let asking =
        ["when", "where", "how", "what", "who", "which", "why", "can", "do", "does", "is", "are", "it", "there"];
    rest.split_whitespace().any(|word| asking.contains(&word))
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
