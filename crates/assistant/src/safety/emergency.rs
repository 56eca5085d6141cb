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
    let in_danger = says("happening")
        || has_condition
        || has_taken_harm(says, &spoken)
        || (says("head injury") && says("altered"))
        || (says("newborn") && says("newborn danger"))
        || (says("labor") && is_early_in_pregnancy(&spoken));
    (in_danger && !is_information).then_some(Emergency::Medical)
}

/// Tablets at once that are no ordinary dose.
const MANY: u32 = 6;
/// Weeks of pregnancy from which a birth is not early.
const TERM: u32 = 37;

/// Somebody swallowed what harms in any amount, or more of a medicine than anybody should.
fn has_taken_harm(says: impl Fn(&str) -> bool, spoken: &str) -> bool {
    let many = numbers(spoken).any(|number| number >= MANY);
    says("taken in") && (says("poison") || (says("medicine") && (says("excess") || many)))
}

fn is_early_in_pregnancy(spoken: &str) -> bool {
    let mut previous = None;
    spoken.split_whitespace().any(|word| {
        let weeks = word.starts_with("week").then_some(previous).flatten();
        previous = word.parse::<u32>().ok();
        weeks.is_some_and(|weeks| weeks < TERM)
    })
}

fn numbers(spoken: &str) -> impl Iterator<Item = u32> + '_ {
    spoken.split_whitespace().filter_map(|word| word.parse().ok())
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
            "severe chest pains when I breathe in",
            "my toddler swallowed a button battery",
            "she has taken all her sleeping pills",
            "I took 12 paracetamol two hours ago",
            "my son ate a bunch of grandma's pills",
            "overdose, what do I do",
            "my grandpa fell and hit his head, now hes confused",
            "worst headache of my life came on suddenly",
            "I'm 34 weeks and the baby stopped moving",
            "my water broke and I am 31 weeks",
            "my husband hits me and I'm scared to go home",
            "my baby is choking, how do I do CPR?",
            "me duele mucho el pecho",
            "my face feels numb on one side and i cant lift my arm",
            "throat feels tight after peanuts",
            "baby 3 weeks old has a fever of 39",
        ] {
            assert_eq!(emergency(message), Some(Emergency::Medical), "{message}");
        }
        for message in [
            "thinking of ending it all tonight",
            "I want to die",
            "i dont want to live anymore",
            "My son says he wants to kill himself",
            "suicidal",
        ] {
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
            "do you teach CPR for choking babies",
            "Do newborn classes explain how to take a temperature?",
            "My water broke, which entrance do I use? I'm 39 weeks",
            "Can I bring the medicine I took this morning?",
            "I took 2 tylenol, can I still give blood?",
            "Should I have eaten before my 10 o'clock blood test?",
            "My son bumped his head in gym, where is urgent care?",
            "My mother passed out yesterday and was admitted. Which ward is she on?",
        ] {
            assert_eq!(emergency(message), None, "{message}");
        }
    }
}
