//! What patients are known by, taken out of a text before it leaves for a provider, and put back into what comes from there.
//!
//! What is known of the patient is found however it is written; further identifiers are found by their form and by the words that
//! lead to them ([`Kind`]). A name that stands alone and is not known has no form: redaction lowers what a provider learns, it
//! makes no text anonymous.

mod gate;
mod kind;
mod known;
mod own;
mod patterns;
mod placeholders;
mod shadow;

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

pub(crate) use gate::{redaction, sanitised_locale};
pub use kind::Kind;
pub use known::{BirthDate, KnownPatient};
pub use own::OwnText;
pub use placeholders::Placeholders;

use known::KnownForms;
use placeholders::Restorer;
use shadow::Shadow;

/// The months as dates name them, in lower case.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// An identifier in a text.
struct Found {
    place: Range<usize>,
    kind: Kind,
    /// Whether it is the patient's without a doubt: then nobody else's having the same changes nothing.
    is_known: bool,
}

/// Gets ready in the background what every redaction needs.
pub(crate) fn prepare() {
    std::thread::spawn(patterns::prepare);
}

/// Says of a value whether the hospital itself has published it. It is asked only where something was found.
pub type IsOwn = Box<dyn Fn(Kind, &str) -> bool + Send + Sync>;

/// Redacts what leaves for one answer, and puts it back into what comes.
pub struct Redaction {
    known: KnownForms,
    is_own: IsOwn,
    placeholders: Placeholders,
    restorer: Restorer,
}

impl Redaction {
    pub fn new(known: &KnownPatient, is_own: IsOwn, placeholders: Placeholders) -> Self {
        Self { known: KnownForms::of(known), is_own, placeholders, restorer: Restorer::default() }
    }

    /// The text with placeholders.
    pub fn redact<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut redacted = String::with_capacity(text.len() + found.len() * 8);
        let mut end = 0;
        for Found { place, kind, .. } in found {
            let written = &text[place.clone()];
            let name = self.placeholders.name(kind, written);
            redacted.push_str(&text[end..place.start]);
            redacted.push('[');
            redacted.push_str(&name);
            redacted.push(']');
            self.restorer.add(name, written);
            end = place.end;
        }
        redacted.push_str(&text[end..]);
        Cow::Owned(redacted)
    }

    /// A complete text with what its placeholders stand for, as far as they are of this answer.
    pub fn restore(&self, text: &str) -> String {
        self.restorer.restore(text)
    }

    /// The same for JSON, in the strings of which placeholders stand.
    pub fn restore_json(&self, json: &str) -> String {
        match serde_json::from_str::<Value>(json) {
            Ok(mut value) => {
                self.restore_strings(&mut value);
                value.to_string()
            }
            Err(_) => json.to_owned(),
        }
    }

    fn restore_strings(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.restore(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.restore_strings(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.restore_strings(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The next piece of a text that comes in pieces. What may be part of a placeholder waits for the next.
    pub fn restore_piece(&mut self, piece: &str) -> String {
        self.restorer.piece(piece)
    }

    /// What still waits at the end of such a text.
    pub fn restore_rest(&mut self) -> String {
        self.restorer.finish()
    }

    /// The identifiers in a text, in order, none overlapping another.
    fn find(&self, text: &str) -> Vec<Found> {
        let shadow = Shadow::of(text);
        let mut found = Vec::new();
        self.known.find(text, &shadow, &mut found);
        for (part, kind) in patterns::find(&shadow.bytes) {
            let place = shadow.place(part.clone());
            let is_known = kind == Kind::Date && is_of_birth(&shadow.bytes[..part.start]);
            if is_known || !(self.is_own)(kind, &text[place.clone()]) {
                found.push(Found { place, kind, is_known });
            }
        }
        found.extend(like_placeholders(&shadow).map(|place| Found { place, kind: Kind::Text, is_known: true }));
        merge(found, text)
    }
}

/// Text of the writer's own that would be taken for a placeholder on the way back.
fn like_placeholders(shadow: &Shadow) -> impl Iterator<Item = Range<usize>> + '_ {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        RegexBuilder::new(r"\\?\[[a-z]{2,8}\\?_[0-9]{1,6}[a-z]?\\?\]")
            .unicode(false)
            .case_insensitive(true)
            .build()
            .ok()
    });
    let may_be = shadow.bytes.contains(&b'[');
    let form = FORM.as_ref().filter(|_| may_be);
    form.into_iter().flat_map(|form| form.find_iter(&shadow.bytes)).map(|found| shadow.place(found.range()))
}

/// Whether what comes before a date says that somebody was born on it.
fn is_of_birth(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(32)..];
    let near = near.rsplit(|byte| b".!?\n".contains(byte)).next().unwrap_or_default().to_ascii_lowercase();
    [&b"born"[..], b"birth", b"dob"].iter().any(|word| near.windows(word.len()).any(|window| window == *word))
}

/// In order, what overlaps as one, and the parts of one name together.
fn merge(mut found: Vec<Found>, text: &str) -> Vec<Found> {
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
