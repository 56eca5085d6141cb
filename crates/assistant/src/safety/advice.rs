//! Recognising that somebody asks what only a clinician may say: what they have, what to take, how bad it is.

use std::sync::LazyLock;

use crate::language::{Phrases, spoken};

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/advice_phrases.txt")));

/// Whether a message asks for a diagnosis, a dose, or a judgement of a symptom or a result.
pub fn asks_for_medical_advice(message: &str) -> bool {
    let spoken = spoken(message);
    let says = |list: &str| PHRASES.occur(list, &spoken);
    says("always")
        || (says("asking") && says("treatment"))
        || (says("judging") && says("complaint"))
        || (says("diagnosing") && says("illness"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_for_a_clinician_are_recognised() {
        for message in [
            "What dose of ibuprofen should I take?",
            "Should I stop taking my blood thinner?",
            "Is this rash serious?",
            "Do I have cancer?",
            "Can I take tylenol with my antibiotics?",
            "why does my back hurt",
            "Is my ankle broken?",
            "my son has a fever, what should I do?",
            "How much aspirin can I have",
        ] {
            assert!(asks_for_medical_advice(message), "{message}");
        }
    }

    #[test]
    fn questions_for_the_hospital_are_not() {
        for message in [
            "Can I eat before surgery?",
            "How much is parking?",
            "Do I have to pay before my visit?",
            "Where do I get a flu shot?",
            "Is it free?",
            "Which doctor should I see for my knee?",
            "How do I get my test results?",
            "Is my insurance accepted?",
        ] {
            assert!(!asks_for_medical_advice(message), "{message}");
        }
    }
}
