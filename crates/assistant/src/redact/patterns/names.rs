//! Names that a text itself announces. Those that stand alone cannot be told from other words by their form.

use super::{Needs, Pattern, pattern, whole};
use crate::redact::Kind;

const CAPITALISED: &str = r"(?-i:[A-Z][a-z'\x01]{1,25}(?:-[A-Z][a-z'\x01]{1,25})?)";
const RELATION: &str = "(?:husband|wife|spouse|partner|fianc(?:e|ee)|son|daughter|child|baby|kid|mother|mom|mum|father|dad|brother|sister|grandmother|grandma|grandfather|grandpa|grandson|granddaughter|aunt|uncle|cousin|niece|nephew|friend|boyfriend|girlfriend|neighbor|neighbour|roommate|caregiver)";
/// What all of them begin with.
const RELATIONS_BEGIN: [&str; 27] = [
    "husband",
    "wife",
    "spouse",
    "partner",
    "fianc",
    "son",
    "daughter",
    "child",
    "baby",
    "kid",
    "mother",
    "mom",
    "mum",
    "father",
    "dad",
    "brother",
    "sister",
    "grand",
    "aunt",
    "uncle",
    "cousin",
    "niece",
    "nephew",
    "friend",
    "neighb",
    "roommate",
    "caregiver",
];

/// What follows a name and is none.
const NO_NAMES: [&str; 44] = [
    "a", "about", "an", "and", "are", "at", "born", "but", "can", "for", "from", "have", "here", "i", "i'm", "in",
    "is", "it", "it's", "like", "mrn", "my", "need", "not", "of", "on", "or", "phone", "please", "she", "spelled",
    "that", "the", "this", "to", "want", "was", "we", "wrong", "with", "would", "you", "your", "dob",
];

pub fn patterns() -> Vec<Option<Pattern>> {
    vec![
        pattern(
            Kind::Name,
            Needs::OneOf(&["name"]),
            before_other_words,
            r"\b(?:(?:my|his|her|their|the|patient|full|first|last|middle|maiden|legal|family|,|and)'?s? ?){0,3}name(?: is|'s| was|:| ?=) ?(?P<v>[a-z'\x01][a-z'\x01-]{0,25}\.?(?: [a-z\x01][a-z'\x01.-]{0,25}){0,3})",
        ),
        pattern(
            Kind::Name,
            Needs::Colon,
            before_other_words,
            r"\b(?:name|patient|signed) ?: ?(?P<v>[a-z'\x01][a-z'\x01-]{1,25}(?:,? [a-z\x01][a-z'\x01.-]{0,25}){0,3})",
        ),
        pattern(
            Kind::Name,
            Needs::OneOf(&[
                "called",
                "named",
                "known as",
                "go by",
                "goes by",
                "sincerely",
                "regards",
                "thanks,",
                "call me",
            ]),
            before_other_words,
            &format!(
                r"\b(?:called|named|known as|i go by|goes by|sincerely,?|regards,?|thanks,|call me)\s{{1,3}}(?P<v>{CAPITALISED}(?: (?-i:[A-Z])\.?)?(?: {CAPITALISED}){{0,2}})"
            ),
        ),
        pattern(
            Kind::Name,
            Needs::OneOf(&["i am", "i'm", "im ", "this is", "it's", "patient", "for "]),
            before_other_words,
            &format!(
                r"\b(?:i am|i'm|im|this is|it's|patient|for) {{1,2}}(?P<v>{CAPITALISED}(?: (?-i:[A-Z])\.?)?(?: {CAPITALISED}){{1,2}})"
            ),
        ),
        pattern(
            Kind::Name,
            Needs::OneOf(&["mr", "ms", "miss", "mx", "frau", "herr"]),
            whole,
            &format!(
                r"\b(?:mr|mrs|ms|miss|mx|frau|herr)\b\.? (?P<v>(?:(?-i:[A-Z])\. ?)?{CAPITALISED}(?: {CAPITALISED}){{0,2}})"
            ),
        ),
        pattern(
            Kind::Name,
            Needs::OneOf(&RELATIONS_BEGIN),
            before_other_words,
            &format!(
                r"\b(?:my|his|her|our|their) {RELATION},?(?:'s name is| is named| is called|, named| named)? (?P<v>{CAPITALISED}(?: (?-i:[A-Z])\.?)?(?: {CAPITALISED}){{0,2}})"
            ),
        ),
        // Doe is my last name
        pattern(
            Kind::Name,
            Needs::OneOf(&["name"]),
            whole,
            &format!(
                r"\b(?P<v>{CAPITALISED}(?: {CAPITALISED}){{0,2}}) is (?:my|his|her|their|the) (?:(?:first|last|middle|maiden|full|family|legal) )?name\b"
            ),
        ),
        // Jane Doe here; Jane Doe, born on …
        pattern(
            Kind::Name,
            Needs::OneOf(&["here", "speaking", "born", "dob", "d.o.b", "mrn", "date of birth"]),
            before_other_words,
            &format!(
                r"\b(?P<v>{CAPITALISED}(?: (?-i:[A-Z])\.?)?(?: {CAPITALISED}){{1,2}})(?: here\b| speaking\b|,? (?:born|dob|d\.o\.b|mrn|date of birth)\b)"
            ),
        ),
    ]
}

/// The words before the first that belongs to no name.
fn before_other_words(matched: &[u8]) -> Option<usize> {
    let mut kept = 0;
    let mut position = 0;
    for word in matched.split_inclusive(|byte| *byte == b' ') {
        position += word.len();
        let word = word.trim_ascii_end();
        let lower = word.to_ascii_lowercase();
        let bare = lower.strip_suffix(b".").or(lower.strip_suffix(b",")).unwrap_or(&lower);
        if NO_NAMES.iter().any(|other| other.as_bytes() == bare) {
            break;
        }
        kept = position;
        // A full stop behind a whole word ends the sentence.
        if bare.len() > 2 && lower.ends_with(b".") {
            kept -= 1;
            break;
        }
    }
    let kept = matched[..kept].trim_ascii_end().len();
    (kept > 1).then_some(kept)
}
