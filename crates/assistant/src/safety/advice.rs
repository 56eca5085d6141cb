//! Recognising that somebody asks what only a clinician may say: what they have, what to take, how bad it is.

use std::sync::LazyLock;

use crate::language::{Phrases, spoken};

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/advice_phrases.txt")));

/// Whether a message asks for a diagnosis, a dose, or a judgement of a symptom or a result.
pub fn asks_for_medical_advice(message: &str) -> bool {
    let spoken = spoken(message);
    let says = |list: &str| PHRASES.occur(list, &spoken);
    let is_to_take = says("taking") && (!says("no medicine") || says("either way"));
    let only_handles = says("handling") && !says("using");
    says("always")
        || is_to_take
        || (says("asking") && says("treatment") && !only_handles)
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
            "should I take two ibuprofen",
            "Should I take my pills before I come or bring them with me?",
            "should i bring my insulin or take it at home first",
            "Can I give my daughter the rest of the amoxicillin bottle?",
            "can I drink alcohol with the antibiotics I picked up",
            "Should I take my blood pressure medicine when I come in on the bus?",
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
            "should I bring my pill bottles",
            "Should I bring my insulin?",
            "Can I pick up my antibiotics on Sunday?",
            "should i take a taxi to get home",
            "Should I take a list of my medicines with me?",
            "Should I take the elevator to the lab?",
            "can I get my metformin refilled online",
            "How much does insulin cost at your pharmacy?",
        ] {
            assert!(!asks_for_medical_advice(message), "{message}");
        }
    }
}
