//! Numbers that are somebody's alone: by their form, by their check digits, or by the words before them.

use super::{Needs, Pattern, digits, pattern};
use crate::redact::Kind;

/// What may stand between a word and the number it announces.
const LINK: &str = r"(?:[\s.:#=-]{0,4}\b(?:numbers?|no|num|nr|id|ids|identifier|code|is|was|are|reads|says|on|my|the|her|his|card|letter)\b){0,5}[\s.:#=,(-]{0,5}";
/// A number with letters and separators in it.
const VALUE: &str =
    r"(?P<v>(?:[a-z]{2} )?(?:[a-z]{1,5}[-/]?|[a-z]{1,2} )?\d[a-z0-9]{0,24}(?:[-/. ][a-z]{0,3}\d[a-z0-9]{0,20}){0,5})";
/// Says that it is a number; without it the word before is one of everyday language.
const NUMBER: &str = r"['s]{0,2}[\s.-]{0,2}(?:numbers?|no\b|num\b|nr\b|id\b|identifier|code|#)";

fn at_least<const DIGITS: usize>(matched: &[u8]) -> Option<usize> {
    (digits(matched) >= DIGITS).then_some(matched.len())
}

/// Behind words that lead to nothing else, and behind words that need to say that a number follows.
fn announced(kind: Kind, accept: fn(&[u8]) -> Option<usize>, plain: &str, with_number: &str) -> [Option<Pattern>; 2] {
    [
        pattern(kind, Needs::Digit, accept, &format!(r"\b(?:{plain})(?:\b|#){LINK}{VALUE}\b")),
        pattern(kind, Needs::Digit, accept, &format!(r"\b(?:{with_number}){NUMBER}{LINK}{VALUE}\b")),
    ]
}

pub fn patterns() -> Vec<Option<Pattern>> {
    let mut all = vec![
        pattern(Kind::Ssn, Needs::Digit, social_security, r"\b\d{3}[-. ]{1,2}\d{2}[-. ]{1,2}\d{4}\b"),
        pattern(
            Kind::Ssn,
            Needs::Digit,
            at_least::<4>,
            r"\b(?:ssn|s\.s\.n\.?|social security|social|itin|tax id|ein)\b(?:[\s.:#=-]{0,4}\b(?:number|no|num|security|id|is|was|ends|ending|with|in)\b){0,5}[\s.:#=-]{0,5}(?P<v>[x*]{0,3}[-. ]{0,2}[x*]{0,2}[-. ]{0,2}\d{2,3}(?:[-. ]{0,2}\d{1,4}){1,3})\b",
        ),
        pattern(
            Kind::Ssn,
            Needs::Digit,
            at_least::<4>,
            r"\blast (?:four|4)\b(?: (?:digits|numbers|of|my|the|his|her|ssn|social|security|number|are|is|card|account)){0,8}[\s:=-]{0,3}(?P<v>\d{4})\b",
        ),
        // Medicare's own form.
        pattern(
            Kind::Plan,
            Needs::Digit,
            at_least::<4>,
            r"\b[1-9][ac-hj-kmnp-rt-y][ac-hj-kmnp-rt-y0-9]\d[- ]?[ac-hj-kmnp-rt-y][ac-hj-kmnp-rt-y0-9]\d[- ]?[ac-hj-kmnp-rt-y]{2}\d{2}\b",
        ),
        pattern(Kind::Card, Needs::Digit, luhn, r"\b\d(?:[ -]?\d){12,18}\b"),
        pattern(Kind::Card, Needs::Digit, iban, r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?\b"),
        pattern(Kind::Vehicle, Needs::Digit, vin, r"\b[a-hj-npr-z0-9]{17}\b"),
        pattern(
            Kind::Vehicle,
            Needs::Digit,
            plate,
            r"\b(?:(?:license|licence|number|registration|vehicle|car)[ -]?(?:plates?|tag)|plates?(?: number| no)?|tag number|registration number|plate)\b(?:[\s.:#=-]{0,4}\b(?:number|no|is|was|reads)\b){0,3}[\s.:#=,(-]{0,5}(?P<v>[a-z0-9]{1,8}(?:[- ][a-z0-9]{1,5}){0,2})\b",
        ),
        pattern(Kind::Device, Needs::Digit, at_least::<2>, r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"),
        pattern(Kind::Device, Needs::Digit, at_least::<4>, r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"),
        // (01) of a device, with what follows.
        pattern(Kind::Device, Needs::Digit, at_least::<8>, r"\(01\) ?\d{8,14}(?: ?\(\d{2}\) ?[a-z0-9-]{1,20}){0,5}"),
        pattern(Kind::Number, Needs::Digit, at_least::<7>, r"\b\d{7,64}\b"),
        pattern(Kind::Number, Needs::Digit, mixed, r"\b[a-z0-9]{7,64}\b"),
        pattern(Kind::Number, Needs::Digit, groups, r"\b[a-z0-9]{1,16}(?:[-/][a-z0-9]{1,16}){1,6}\b"),
        // five five five oh one two three
        pattern(
            Kind::Number,
            Needs::OneOf(&["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]),
            |matched| Some(matched.len()),
            r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)[ ,.-]{1,3}){6,24}(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b",
        ),
    ];
    all.extend(announced(
        Kind::Record,
        at_least::<3>,
        "mrn|m\\.r\\.n\\.?|medical records?|med(?:ical)? rec|nhs|emr|ehr|health record|rx|rx#|accession",
        "patient|patient record|record|chart|hospital|visit|encounter|admission|case|file|referral|prescription|specimen|order|appointment|booking|study|report|lab",
    ));
    all.extend(announced(
        Kind::Plan,
        at_least::<4>,
        "mbi|hicn|hic|medicare|medicaid|member id|subscriber id|policy number|health plan|insurance id",
        "member|membership|subscriber|policy|group|plan|beneficiary|medicare|medicaid|insurance|insured|payer|claim|health card|coverage|dependent",
    ));
    all.extend(announced(
        Kind::Account,
        at_least::<4>,
        "account|acct|routing|invoice|iban|confirmation",
        "a/c|bank|billing|bill|statement|guarantor|sort|reference|ref|confirmation|transaction|receipt|ticket|customer|payment|check|cheque|tracking",
    ));
    all.extend(announced(
        Kind::Licence,
        at_least::<4>,
        "driver'?s? licen[cs]e|driving licen[cs]e|licen[cs]e|dl|passport|dea|npi",
        "certificate|certification|cert|state|badge|student|employee|visa|green card|national|identity|military|veteran|permit|registration",
    ));
    all.extend(announced(
        Kind::Device,
        at_least::<3>,
        "serial|s/n|imei|udi|meid",
        "device|pacemaker|implant|pump|monitor|meter|defibrillator|icd|cpap|model|lot|sensor|transmitter",
    ));
    all
}

fn social_security(matched: &[u8]) -> Option<usize> {
    let area = &matched[..3];
    (area != b"000").then_some(matched.len())
}

/// The check digit of payment cards.
fn luhn(matched: &[u8]) -> Option<usize> {
    let sum: u32 = matched
        .iter()
        .rev()
        .filter(|byte| byte.is_ascii_digit())
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte - b'0');
            if position % 2 == 0 {
                digit
            } else {
                let double = digit * 2;
                if double > 9 { double - 9 } else { double }
            }
        })
        .sum();
    sum.is_multiple_of(10).then_some(matched.len())
}

/// Bank accounts by the remainder that theirs have. What follows may have been taken for the end of one.
fn iban(matched: &[u8]) -> Option<usize> {
    (15..=matched.len()).rev().filter(|end| *end == matched.len() || b" -".contains(&matched[*end])).find(|end| {
        let text: Vec<u8> = matched[..*end].iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        if !(15..=34).contains(&text.len()) {
            return false;
        }
        let rotated = text[4..].iter().chain(&text[..4]);
        let remainder = rotated.fold(0_u32, |remainder, byte| {
            if byte.is_ascii_digit() {
                (remainder * 10 + u32::from(byte - b'0')) % 97
            } else {
                (remainder * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97
            }
        });
        remainder == 1
    })
}

fn vin(matched: &[u8]) -> Option<usize> {
    (digits(matched) >= 4 && digits(matched) < matched.len()).then_some(matched.len())
}

/// Without the words behind it.
fn plate(matched: &[u8]) -> Option<usize> {
    let last_digit = matched.iter().rposition(u8::is_ascii_digit)?;
    let end = matched[last_digit..].iter().position(|byte| *byte == b' ').map_or(matched.len(), |end| last_digit + end);
    let signs = matched[..end].iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    (4..=12).contains(&signs).then_some(end)
}

/// Letters and digits in one: a code of something.
fn mixed(matched: &[u8]) -> Option<usize> {
    let digits = digits(matched);
    (digits >= 4 && digits < matched.len()).then_some(matched.len())
}

/// Several parts with many digits, but for years.
fn groups(matched: &[u8]) -> Option<usize> {
    let is_year = |part: &[u8]| part.len() == 4 && (part.starts_with(b"19") || part.starts_with(b"20"));
    let counted: usize = matched.split(|byte| b"-/".contains(byte)).filter(|part| !is_year(part)).map(digits).sum();
    (counted >= 6).then_some(matched.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_tell_cards_and_accounts_from_other_numbers() {
        assert!(luhn(b"4111 1111 1111 1111").is_some());
        assert!(luhn(b"4111 1111 1111 1112").is_none());
        assert_eq!(iban(b"DE89 3704 0044 0532 0130 00"), Some(27));
        assert_eq!(iban(b"GB82WEST12345698765432 to"), Some(22));
        assert_eq!(iban(b"DE89 3704 0044 0532 0130 01"), None);
    }
}
