//! Telephones, e-mail, addresses on networks.

use std::{net::Ipv6Addr, str};

use super::{Needs, Pattern, digits, pattern, whole};
use crate::redact::Kind;

const TOP_DOMAINS: &str = "com|org|net|edu|gov|mil|int|info|health|hospital|care|clinic|io|me|co|us|uk|de|ca|app|dev|ai|biz|eu|au|mx|fr|es|it|nl|ch|at|jp|br|ru";
const OCTET: &str = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)";
const EXTENSION: &str = r"(?:[ ,]{0,2}(?:ext|extension|x)\.? ?\d{1,6}\b)?";

pub fn patterns() -> Vec<Option<Pattern>> {
    vec![
        pattern(
            Kind::Email,
            Needs::At,
            trimmed,
            r"[a-z0-9._%+'\x01-]{1,64} ?@ ?[a-z0-9\x01-]{1,63}(?:\.[a-z0-9\x01-]{1,63}){1,8}",
        ),
        // Spoken, or written so that machines do not find it.
        pattern(
            Kind::Email,
            Needs::OneOf(&["dot"]),
            whole,
            r"\b[a-z0-9_%+-]{1,40}(?:(?:\.| dot )[a-z0-9_%+-]{1,40}){0,4} ?(?:\(at\)|\[at\]| at ) ?[a-z0-9-]{1,40}(?: ?(?:\(dot\)|\[dot\]| dot ) ?[a-z0-9-]{2,40}){1,4}\b",
        ),
        pattern(Kind::Url, Needs::Colon, trimmed, r#"\b(?:https?|ftp|file|tel|mailto|sms)(?:://|:)[^\s<>"'()\[\]]+"#),
        pattern(
            Kind::Url,
            Needs::Dot,
            trimmed,
            &format!(
                r#"\b(?:[a-z0-9\x01-]{{1,63}}\.){{1,6}}(?:{TOP_DOMAINS})\b(?::\d{{1,5}})?(?:[/?#][^\s<>"'()\[\]]*)?"#
            ),
        ),
        pattern(Kind::Url, Needs::Dot, trimmed, r#"\bwww\.[^\s<>"'()\[\]]+"#),
        // What they are called where people know each other.
        pattern(Kind::Url, Needs::At, handle, r"(?:^|[\s(:])(?P<v>@[a-z0-9_.]{2,40})"),
        pattern(Kind::Ip, Needs::Dot, whole, &format!(r"\b(?:{OCTET}\.){{3}}{OCTET}\b")),
        pattern(Kind::Ip, Needs::Colon, ip6, r"(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})"),
        // (419) 555-0100, 419.555.0100, +1 419 555 0100 ext. 7
        pattern(
            Kind::Phone,
            Needs::Digit,
            whole,
            &format!(
                r"(?:\+?1[-. /]{{0,2}})?(?:\( ?\d{{3}} ?\)[-. /]{{0,2}}|\b\d{{3}} ?[-./ ] ?|\b\d{{3}})\d{{3}} ?[-. /]? ?\d{{4}}\b{EXTENSION}"
            ),
        ),
        pattern(Kind::Phone, Needs::Digit, whole, &format!(r"\b\d{{3}} ?[-.] ?\d{{4}}\b{EXTENSION}")),
        // +44 20 7946 0958, 0049 (0)30 1234567
        pattern(
            Kind::Phone,
            Needs::Digit,
            international,
            r"(?:\+ ?|\b00)[1-9]\d{0,2}(?:[-. /]{0,2}\(?\d{1,6}\)?){1,7}",
        ),
        // 020 7946 0958, 0171/1234567
        pattern(Kind::Phone, Needs::Digit, with_trunk_prefix, r"(?:\b|\()0\d{1,5}\)?(?:[-. /]{1,3}\d{2,8}){1,5}\b"),
        pattern(
            Kind::Phone,
            Needs::Digit,
            |matched| (digits(matched) >= 6).then_some(matched.len()),
            r"\b(?:phone|telephone|tel|fax|cell|mobile|call(?: me)?(?: back)?(?: at| on)?|text(?: me)?(?: at| on)|reach me(?: at| on)|extension|pager)\b[\s.:#=-]{0,4}(?:(?:number|no|is|at|on)\b[\s.:#]{0,3}){0,3}(?P<v>\+?\(?\d(?:[-. /()]{0,2}\d){5,17})\b",
        ),
    ]
}

/// Without the punctuation of the sentence around it.
fn trimmed(matched: &[u8]) -> Option<usize> {
    let kept = matched.iter().rposition(|byte| !b".,;:!?'-".contains(byte)).map_or(0, |last| last + 1);
    (kept > 3).then_some(kept)
}

fn handle(matched: &[u8]) -> Option<usize> {
    trimmed(matched).filter(|length| matched[..*length].iter().any(u8::is_ascii_alphabetic))
}

fn ip6(matched: &[u8]) -> Option<usize> {
    // A colon behind it is the sentence's.
    (matched.len().saturating_sub(1)..=matched.len()).rev().find(|length| {
        let text = str::from_utf8(&matched[..*length]).unwrap_or_default();
        text.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_unspecified())
    })
}

fn international(matched: &[u8]) -> Option<usize> {
    let end = matched.iter().rposition(|byte| byte.is_ascii_digit() || *byte == b')')? + 1;
    (7..=17).contains(&digits(matched)).then_some(end)
}

fn with_trunk_prefix(matched: &[u8]) -> Option<usize> {
    (9..=13).contains(&digits(matched)).then_some(matched.len())
}
