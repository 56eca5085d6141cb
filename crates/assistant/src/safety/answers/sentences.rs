//! Where the sentences of an answer end, while it is still being written.

use super::rules::PHRASES;
use crate::language::{is_cut_off, plain};

/// Where a text's first sentence ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SentenceEnd {
    /// Here, with the space behind it.
    At(usize),
    /// Not before here, as far as the text goes.
    NotBefore(usize),
}

/// Looks for the end of a text's first sentence, which does not lie before `from`.
pub(super) fn sentence_end(text: &str, from: usize) -> SentenceEnd {
    for (offset, letter) in text[from..].char_indices() {
        let position = from + offset;
        let rest = &text[position + letter.len_utf8()..];
        match letter {
            '\n' | '\u{3002}' | '\u{ff01}' | '\u{ff1f}' | '\u{61f}' => return SentenceEnd::At(text.len() - rest.len()),
            '.' | '!' | '?' => match rest.chars().next() {
                None => return SentenceEnd::NotBefore(position),
                Some(space) if space.is_whitespace() => {
                    let goes_on = if letter == '.' { goes_on(&text[..position], rest) } else { Some(false) };
                    match goes_on {
                        Some(true) => {}
                        Some(false) => return SentenceEnd::At(text.len() - rest.len() + space.len_utf8()),
                        None => return SentenceEnd::NotBefore(position),
                    }
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    SentenceEnd::NotBefore(text.len())
}

/// Whether a sentence goes on behind a full stop: None where that is not known yet.
fn goes_on(before: &str, rest: &str) -> Option<bool> {
    let number = before.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    if matches!(number.len(), 1 | 2) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return follows_an_ordinal(rest);
    }
    // "z. B." is two pieces.
    let last_two = before.rmatch_indices(char::is_whitespace).nth(1).map_or(before, |(start, _)| &before[start..]);
    let last_two = plain(last_two);
    Some(PHRASES.list("abbreviation").iter().any(|abbreviation| last_two.ends_with(abbreviation.as_str())))
}

/// "Am 24. Dezember" goes on, "from 2 to 8. You can" does not.
fn follows_an_ordinal(rest: &str) -> Option<bool> {
    if rest.starts_with('\n') {
        return Some(false);
    }
    let next = rest.trim_start();
    let word = next.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    if next.starts_with(char::is_lowercase) {
        return Some(true);
    }
    let is_whole = word.len() < next.len() || !is_cut_off(next);
    let spelled = plain(word);
    let following = PHRASES.list("after an ordinal");
    if is_whole && !next.is_empty() {
        return Some(following.contains(&spelled));
    }
    // Only what may still become one of them has to wait.
    following.iter().all(|known| !known.starts_with(spelled.trim_end())).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentences of a text that is all there.
    fn sentences(text: &str) -> Vec<&str> {
        let (mut rest, mut sentences) = (text, Vec::new());
        while let SentenceEnd::At(end) = sentence_end(rest, 0) {
            sentences.push(rest[..end].trim());
            rest = &rest[end..];
        }
        sentences.push(rest.trim());
        sentences.retain(|sentence| !sentence.is_empty());
        sentences
    }

    #[test]
    fn sentences_end_as_each_language_ends_them() {
        for whole in [
            "Ask Dr. Lee at St. Mary's at 9 a.m. today.",
            "La Dra. Ruiz atiende al Sr. Gil, p. ej. los martes.",
            "M. Dupont et Mme. Roy vous attendent au 2,5 km.",
            "Nehmen Sie z. B. den Bus, d.h. die Linie 3 bzw. 4.",
            "Am 24. Dezember und am 1. und 2. Mai ist im 3. Stock geschlossen.",
            "يستقبل د. أحمد المرضى.",
            "BS. Nguyễn ở TP. HCM.",
            "体温37.5度。",
        ] {
            assert_eq!(sentences(whole), [whole]);
        }
        assert_eq!(sentences("From 2 to 8. You can come.\nBye"), ["From 2 to 8.", "You can come.", "Bye"]);
        assert_eq!(sentences("您好。请坐！是吗？好"), ["您好。", "请坐！", "是吗？", "好"]);
        assert_eq!(sentences("هل لديك موعد؟ نعم."), ["هل لديك موعد؟", "نعم."]);
        assert_eq!(
            sentences("Zimmer 3. Apotheke offen. Im Mai. Und"),
            ["Zimmer 3.", "Apotheke offen.", "Im Mai.", "Und"]
        );
    }

    #[test]
    fn an_end_that_is_not_known_yet_is_waited_for() {
        for (text, waits_at) in
            [("Am 3.", 4), ("Am 3. ", 4), ("Am 3. De", 4), ("Am 3. Dez ist", 14), ("So.", 2), ("So", 2)]
        {
            let expected = if text.contains("Dez ") { SentenceEnd::At(6) } else { SentenceEnd::NotBefore(waits_at) };
            assert_eq!(sentence_end(text, 0), expected, "{text}");
        }
        assert_eq!(sentence_end("Um 3. Das", 0), SentenceEnd::At(6));
        assert_eq!(sentence_end("a. Hi. ", 3), SentenceEnd::At(7));
    }
}
