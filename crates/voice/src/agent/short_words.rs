//! What somebody means by a word or two while they listen.

/// What is said to show that one listens.
const GO_ON: [&str; 20] = [
    "uh",
    "um",
    "uh huh",
    "mm",
    "mm hmm",
    "mhm",
    "hmm",
    "hm",
    "yeah",
    "yes",
    "yep",
    "ok",
    "okay",
    "right",
    "sure",
    "i see",
    "got it",
    "all right",
    "alright",
    "thank you",
];
/// What is said to make somebody stop.
const STOP: [&str; 8] = ["stop", "wait", "hold on", "pause", "stop please", "please stop", "one moment", "be quiet"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// No word was made out.
    Nothing,
    /// Somebody listens.
    GoOn,
    Stop,
    /// Anything else.
    Words,
}

pub(super) fn meaning(text: &str) -> Meaning {
    let letters = text.to_lowercase().replace(['\'', '\u{2019}'], "");
    let words: Vec<&str> =
        letters.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    match words.as_str() {
        "" => Meaning::Nothing,
        words if STOP.contains(&words) => Meaning::Stop,
        words if GO_ON.contains(&words) => Meaning::GoOn,
        _ => Meaning::Words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_or_two_may_be_no_question() {
        for (text, means) in [
            ("", Meaning::Nothing),
            (" ... ", Meaning::Nothing),
            ("Uh-huh.", Meaning::GoOn),
            ("Okay!", Meaning::GoOn),
            ("Stop.", Meaning::Stop),
            ("Hold on", Meaning::Stop),
            ("Stop smoking help", Meaning::Words),
            ("Yes, and on Sundays?", Meaning::Words),
        ] {
            assert_eq!(meaning(text), means, "{text}");
        }
    }
}
