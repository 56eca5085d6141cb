//! What was found in a text, put in order.

use std::ops::Range;

use super::Kind;

/// An identifier in a text.
#[derive(Clone)]
pub struct Found {
    pub place: Range<usize>,
    pub kind: Kind,
    /// Whether it is the patient's without a doubt: then nobody else's having the same changes nothing.
    pub is_known: bool,
}

/// In order, what overlaps as one, and the parts of one name together.
pub fn merge(mut found: Vec<Found>, text: &str) -> Vec<Found> {
    found.sort_by_key(|found| (found.place.start, found.place.end));
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        let Some(last) = merged.last_mut() else {
            merged.push(next);
            continue;
        };
        let overlaps = next.place.start < last.place.end;
        let same_name = last.kind == Kind::Name
            && next.kind == Kind::Name
            && !overlaps
            && joins_names(&text[last.place.end..next.place.start]);
        if overlaps || same_name {
            last.place.end = last.place.end.max(next.place.end);
            if rank(&next) < rank(last) {
                last.kind = next.kind;
            }
            last.is_known |= next.is_known;
        } else {
            merged.push(next);
        }
    }
    merged
}

/// What stands between two parts of one name: nothing much, or an initial.
fn joins_names(between: &str) -> bool {
    between.len() <= 4
        && between.chars().all(|sign| sign.is_alphabetic() || matches!(sign, ' ' | '.' | '-' | '\''))
        && between.chars().filter(|sign| sign.is_alphabetic()).count() <= 1
        && between.contains([' ', '-', '\''])
}

/// Of several kinds that one place may be of, the one that says most.
fn rank(found: &Found) -> usize {
    const ORDER: [Kind; 19] = [
        Kind::Text,
        Kind::Email,
        Kind::Url,
        Kind::Ssn,
        Kind::Card,
        Kind::Record,
        Kind::Plan,
        Kind::Licence,
        Kind::Vehicle,
        Kind::Device,
        Kind::Account,
        Kind::Address,
        Kind::Zip,
        Kind::Date,
        Kind::Phone,
        Kind::Ip,
        Kind::Age,
        Kind::Name,
        Kind::Number,
    ];
    let place = ORDER.iter().position(|kind| *kind == found.kind).unwrap_or(ORDER.len());
    if found.is_known { place } else { place + ORDER.len() }
}
