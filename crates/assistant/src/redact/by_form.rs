//! Identifiers that a text shows by itself, whoever wrote it. They follow from the text alone, and texts come again: all of a
//! conversation's with each of its questions.

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use regex::bytes::{Regex, RegexBuilder};

use super::{Found, Kind, patterns, shadow::Shadow};
use crate::{answer::HISTORY_LENGTH, recent::Recent, summary::Earlier};

/// What was found in a conversation's texts lately: its places, so that no word is kept. Cheap to clone, and shared by its clones.
#[derive(Clone)]
pub struct FoundLately(Arc<Recent<Arc<[Found]>>>);

/// Texts of a conversation that one question sends, twice.
const MOST: usize = 2 * (HISTORY_LENGTH + Earlier::MESSAGES + 1);

impl Default for FoundLately {
    fn default() -> Self {
        Self(Arc::new(Recent::new(MOST)))
    }
}

impl FoundLately {
    /// What is found by its form, in no order; it may overlap. Those that the hospital itself may have published are among it.
    pub fn by_form(&self, text: &str) -> Arc<[Found]> {
        self.0.get(text, || search(text).into())
    }
}

fn search(text: &str) -> Vec<Found> {
    let shadow = Shadow::of(text);
    let by_patterns = patterns::find(&shadow.bytes).into_iter().map(|(part, kind)| {
        let is_known = kind == Kind::Date && is_of_birth(&shadow.bytes[..part.start]);
        Found { place: shadow.place(part), kind, is_known }
    });
    let mut found: Vec<Found> = by_patterns.collect();
    found.extend(like_placeholders(&shadow).map(|place| Found { place, kind: Kind::Text, is_known: true }));
    found
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
