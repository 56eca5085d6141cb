//! What patients are known by, taken out of a text before it leaves for a provider, and put back into what comes from there.
//!
//! What is known of the patient is found however it is written; further identifiers are found by their form and by the words that
//! lead to them ([`Kind`]). A name that stands alone and is not known has no form: redaction lowers what a provider learns, it
//! makes no text anonymous.

mod by_form;
mod found;
mod gate;
mod kind;
mod known;
mod own;
mod patterns;
mod placeholders;
mod shadow;

use std::borrow::Cow;

use serde_json::Value;

pub(crate) use gate::{redaction, sanitised_locale};
pub use kind::Kind;
pub use known::{BirthDate, KnownPatient};
pub use own::OwnText;
pub use placeholders::Placeholders;

use found::{Found, merge};
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
        let mut found = Vec::new();
        if !self.known.is_empty() {
            self.known.find(text, &Shadow::of(text), &mut found);
        }
        let is_foreign = |found: &&Found| found.is_known || !(self.is_own)(found.kind, &text[found.place.clone()]);
        found.extend(self.placeholders.found.by_form(text).iter().filter(is_foreign).cloned());
        merge(found, text)
    }
}
