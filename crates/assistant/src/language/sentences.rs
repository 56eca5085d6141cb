//! Cutting markdown on one line into sentences.

/// Words whose full stop ends no sentence, in lower case.
const ABBREVIATIONS: [&str; 18] = [
    "dr.", "mr.", "mrs.", "ms.", "st.", "no.", "ave.", "rd.", "blvd.", "ext.", "e.g.", "i.e.", "etc.", "approx.",
    "vs.", "a.m.", "p.m.", "dept.",
];

/// The sentences of a text, without the space between them.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut brackets = 0_i32;
    for (position, character) in text.char_indices() {
        match character {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets -= 1,
            _ => {}
        }
        let next = position + character.len_utf8();
        if character == ' ' && brackets <= 0 && ends_sentence(&text[start..position], &text[next..]) {
            sentences.push(text[start..position].trim());
            start = next;
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        sentences.push(last);
    }
    sentences
}

fn ends_sentence(before: &str, after: &str) -> bool {
    let bare = before.trim_end_matches(['*', '_', '"', '\u{201d}', ')', ']']);
    if !bare.ends_with(['.', '!', '?']) {
        return false;
    }
    let last_word = bare.rsplit(' ').next().unwrap_or(bare).to_lowercase();
    let is_abbreviation = ABBREVIATIONS.contains(&last_word.trim_start_matches(['(', '*', '_']));
    let goes_on = after.chars().find(|character| character.is_alphanumeric()).is_some_and(char::is_lowercase);
    // "a.m." and its like may end a sentence after all, when a capital follows; a title never does.
    let may_end = matches!(last_word.as_str(), "a.m." | "p.m." | "etc.");
    !goes_on && (!is_abbreviation || may_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_stops_and_not_at_abbreviations() {
        let text = "Ask Dr. Lee at St. Mary's. Open 9 a.m. to 5 p.m. Closed on **Sundays.** See [the map. Really](/map)! Is it $4.50? Yes";
        let expected = [
            "Ask Dr. Lee at St. Mary's.",
            "Open 9 a.m. to 5 p.m.",
            "Closed on **Sundays.**",
            "See [the map. Really](/map)!",
            "Is it $4.50?",
            "Yes",
        ];
        assert_eq!(sentences(text), expected);
        assert!(sentences("").is_empty());
    }
}
