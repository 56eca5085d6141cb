//! Recognising that somebody may be in danger now.

use std::sync::LazyLock;

use crate::language::{Phrases, spoken};

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/emergency_phrases.txt")));

/// Who has to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergency {
    /// A life may be in danger.
    Medical,
    /// Somebody thinks of ending or harming their own life.
    SelfHarm,
}

/// Whether a message says that somebody may be in danger now. Rather once too often: the cost of a false alarm is a
/// phone number nobody needed.
pub fn emergency(message: &str) -> Option<Emergency> {
    let spoken = spoken(message);
    let says = |list: &str| PHRASES.occur(list, &spoken);
    if says("self-harm") || (says("self-harm topic") && !says("information")) {
        return Some(Emergency::SelfHarm);
    }
    if says("history") && !says("now") {
        return None;
    }
    // "Chest pain" by itself is a cry for help.
    let is_terse = spoken.split_whitespace().count() <= 4;
    let has_condition = says("condition") && (says("frame") || is_terse);
    let is_information = says("information") && !says("frame");
    ((says("happening") || has_condition) && !is_information).then_some(Emergency::Medical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn danger_in_plain_words_is_recognised() {
        for message in [
            "I have chest pain",
            "my chest hurts really bad",
            "Chest pain",
            "My baby is not breathing",
            "my husband can't breathe, what should I do?",
            "she wont wake up",
            "I think I'm having a stroke",
            "he collapsed and is unresponsive",
            "There is so much blood, the bleeding won\u{2019}t stop",
            "my daughter took too many pills",
            "I have chest pain, can I get an appointment?",
            "my dad has chest pain again, he had a heart attack last year",
        ] {
            assert_eq!(emergency(message), Some(Emergency::Medical), "{message}");
        }
        for message in
            ["I want to die", "i dont want to live anymore", "My son says he wants to kill himself", "suicidal"]
        {
            assert_eq!(emergency(message), Some(Emergency::SelfHarm), "{message}");
        }
    }

    #[test]
    fn questions_about_a_subject_are_no_emergency() {
        for message in [
            "Do you have a stroke support group?",
            "What are the visiting hours for stroke patients?",
            "My father had a stroke last year, where is rehab?",
            "Where is the chest pain clinic?",
            "Is there a suicide prevention class?",
            "Do you offer classes after a heart attack?",
            "When can I visit my mother?",
            "Can I bring a hairdryer? I am dying to know",
            "My mother passed out yesterday and was admitted. Which ward is she on?",
        ] {
            assert_eq!(emergency(message), None, "{message}");
        }
    }
}
