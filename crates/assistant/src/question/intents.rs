//! What kind of fact a question asks for, and whether a text holds one.

use std::sync::LazyLock;

use crate::language::{Phrases, spoken};

/// A kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// When, what time, which days.
    Time,
    /// Where, which floor, what address.
    Place,
    /// How much money.
    Cost,
    /// How long it takes or lasts, how soon.
    Duration,
    /// Whom to call, which number.
    Contact,
}

const NAMES: [(Intent, &str); 5] = [
    (Intent::Time, "time"),
    (Intent::Place, "place"),
    (Intent::Cost, "cost"),
    (Intent::Duration, "duration"),
    (Intent::Contact, "contact"),
];

static CUES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("../../data/intent_cues.txt")));

/// The kinds of fact a question asks for.
pub fn intents(question: &str) -> Vec<Intent> {
    let spoken = spoken(question);
    NAMES.iter().filter(|(_, name)| CUES.occur(name, &spoken)).map(|(intent, _)| *intent).collect()
}

/// Whether a text holds a fact of the kind.
pub fn answers(intent: Intent, text: &str) -> bool {
    let spoken = spoken(text);
    let has = |cues: &[&str]| cues.iter().any(|cue| spoken.contains(&format!(" {cue} ")));
    match intent {
        Intent::Time => {
            has(&[
                "noon",
                "midnight",
                "24 hours",
                "day or night",
                "day and night",
                "around the clock",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
                "weekdays",
                "weekends",
                "every day",
                "any hour",
            ]) || follows_number(&spoken, &["am", "pm", "a.m", "p.m", "oclock"])
        }
        Intent::Place => has(&[
            "floor",
            "level",
            "lobby",
            "street",
            "avenue",
            "road",
            "building",
            "room",
            "entrance",
            "wing",
            "garage",
            "desk",
            "suite",
            "next to",
            "across from",
            "near",
            "elevator",
            "elevators",
            "west",
            "east",
            "north",
            "south",
        ]),
        Intent::Cost => text.contains('$') || has(&["free", "no charge", "no cost", "costs nothing", "percent"]),
        Intent::Duration => follows_number(
            &spoken,
            &[
                "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year",
                "years", "business",
            ],
        ),
        Intent::Contact => has_phone_number(text) || text.contains('@'),
    }
}

fn follows_number(spoken: &str, units: &[&str]) -> bool {
    const NUMBERS: [&str; 14] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "few", "several",
        "half",
    ];
    let words: Vec<&str> = spoken.split_whitespace().collect();
    words.windows(2).any(|pair| {
        let is_number = pair[0].starts_with(|character: char| character.is_ascii_digit()) || NUMBERS.contains(&pair[0]);
        is_number && units.contains(&pair[1])
    }) || words.iter().any(|word| {
        let unit = word.trim_start_matches(|character: char| character.is_ascii_digit() || character == ':');
        unit.len() < word.len() && units.contains(&unit)
    })
}

/// Seven digits or more with nothing but the usual separators between them.
fn has_phone_number(text: &str) -> bool {
    let mut digits = 0;
    for character in text.chars() {
        match character {
            '0'..='9' => digits += 1,
            '-' | '.' | ' ' | '(' | ')' | '+' | '\u{2011}' => {}
            _ => digits = 0,
        }
        if digits >= 7 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_words_tell_the_kind_of_fact() {
        for (question, expected) in [
            ("When can I visit?", vec![Intent::Time]),
            ("which floor is the lab on", vec![Intent::Place]),
            ("Where do I park and how much is it?", vec![Intent::Place, Intent::Cost]),
            ("How long do results take?", vec![Intent::Duration]),
            ("Who do I call?", vec![Intent::Contact]),
            ("Can I bring my dog?", vec![]),
            ("somewhere", vec![]),
        ] {
            assert_eq!(intents(question), expected, "{question}");
        }
    }

    #[test]
    fn texts_are_known_by_the_facts_they_hold() {
        for (intent, with, without) in [
            (Intent::Time, "Open 9 am to 5 pm.", "Ask the nurse."),
            (Intent::Time, "Call at 8:30pm", "Take the blue line."),
            (Intent::Place, "It is on level 2.", "It is free."),
            (Intent::Cost, "It is $4.", "It is on level 2."),
            (Intent::Duration, "It takes two days.", "Every day."),
            (Intent::Contact, "Call (419) 555-0100.", "Room 4, 24 hours, 365 days"),
        ] {
            assert!(answers(intent, with), "{with}");
            assert!(!answers(intent, without), "{without}");
        }
    }
}
