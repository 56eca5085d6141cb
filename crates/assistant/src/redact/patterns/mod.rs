//! Identifiers by their form, and by the words that lead to them. Every pattern is bounded, so that the time grows with the text
//! and not faster.

mod contact;
mod dates;
mod names;
mod numbers;
mod places;

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};

use super::Kind;

/// A form of identifiers.
struct Pattern {
    kind: Kind,
    /// What is to be replaced is the group `v`, or all of it where there is none.
    regex: Regex,
    has_group: bool,
    /// What of a match is one: it may be cut short, or be none.
    accept: fn(&[u8]) -> Option<usize>,
    needs: Needs,
}

/// What a text has to hold for a pattern to be tried at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Digit,
    At,
    Dot,
    Colon,
    /// Two capitals side by side, as of a state.
    Capitals,
    /// One of these, in small letters or capitals, perhaps within a word.
    OneOf(&'static [&'static str]),
}

/// All of a match.
fn whole(matched: &[u8]) -> Option<usize> {
    Some(matched.len())
}

fn pattern(kind: Kind, needs: Needs, accept: fn(&[u8]) -> Option<usize>, regex: &str) -> Option<Pattern> {
    let built = RegexBuilder::new(regex).unicode(false).case_insensitive(true).size_limit(8 << 20).build();
    // The patterns are constants, and a test builds them all.
    let regex = built.ok()?;
    let has_group = regex.capture_names().flatten().any(|name| name == "v");
    Some(Pattern { kind, regex, has_group, accept, needs })
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    [contact::patterns(), dates::patterns(), names::patterns(), numbers::patterns(), places::patterns()]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
});

/// All that stands in [`Needs::OneOf`], looked for together, and the pattern that each belongs to.
static NEEDED: LazyLock<(Option<AhoCorasick>, Vec<usize>)> = LazyLock::new(|| {
    let mut owners = Vec::new();
    let mut needed: Vec<&str> = Vec::new();
    for (position, pattern) in PATTERNS.iter().enumerate() {
        if let Needs::OneOf(words) = pattern.needs {
            needed.extend(words);
            owners.extend(words.iter().map(|_| position));
        }
    }
    // The kind that is read fastest and takes most memory: there is one of it, and every text is searched.
    let search = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(needed);
    (search.ok(), owners)
});

/// Gets the patterns ready, so that the first question need not wait for that.
pub fn prepare() {
    LazyLock::force(&PATTERNS);
    LazyLock::force(&NEEDED);
}

/// Where a text's shadow holds identifiers, in no order; they may overlap.
pub fn find(bytes: &[u8]) -> Vec<(Range<usize>, Kind)> {
    find_by(promising(bytes), bytes)
}

fn find_by(patterns: impl Iterator<Item = &'static Pattern>, bytes: &[u8]) -> Vec<(Range<usize>, Kind)> {
    let mut found = Vec::new();
    for pattern in patterns {
        let mut add = |matched: regex::bytes::Match<'_>| {
            if let Some(length) = (pattern.accept)(matched.as_bytes()).filter(|length| *length > 0) {
                found.push((matched.start()..matched.start() + length, pattern.kind));
            }
        };
        if pattern.has_group {
            pattern.regex.captures_iter(bytes).filter_map(|captures| captures.name("v")).for_each(add);
        } else {
            pattern.regex.find_iter(bytes).for_each(&mut add);
        }
    }
    found
}

/// The patterns that may find something in a text.
fn promising(bytes: &[u8]) -> impl Iterator<Item = &'static Pattern> {
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let has_capitals = bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase));
    let may_find = move |pattern: &Pattern, is_said: bool| match pattern.needs {
        Needs::Digit => has_digit,
        Needs::Capitals => has_capitals,
        Needs::At => bytes.contains(&b'@'),
        Needs::Dot => bytes.contains(&b'.'),
        Needs::Colon => bytes.contains(&b':'),
        Needs::OneOf(_) => is_said,
    };
    let patterns = PATTERNS.iter().zip(said(bytes));
    patterns.filter(move |(pattern, is_said)| may_find(pattern, *is_said)).map(|(pattern, _)| pattern)
}

/// Of each pattern, whether a text has any of the words that it needs.
fn said(bytes: &[u8]) -> Vec<bool> {
    let (search, owners) = &*NEEDED;
    // Where there is no search, every pattern is tried.
    let mut said = vec![search.is_none(); PATTERNS.len()];
    for found in search.iter().flat_map(|search| search.find_overlapping_iter(bytes)) {
        said[owners[found.pattern().as_usize()]] = true;
    }
    said
}

fn digits(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::shadow::Shadow;

    #[test]
    fn every_pattern_can_be_built() {
        let all = [contact::patterns(), dates::patterns(), names::patterns(), numbers::patterns(), places::patterns()];
        for (family, patterns) in all.iter().enumerate() {
            for (position, pattern) in patterns.iter().enumerate() {
                assert!(pattern.is_some(), "pattern {position} of family {family}");
            }
        }
    }

    #[test]
    fn every_pattern_that_finds_something_is_tried() {
        let sets = [
            include_str!("../../../tests/data/redaction/identifiers.txt"),
            include_str!("../../../tests/data/redaction/fresh.txt"),
        ];
        let mut found = 0;
        for line in sets.iter().flat_map(|set| set.lines()) {
            let shadow = Shadow::of(line).bytes;
            let all = find_by(PATTERNS.iter(), &shadow);
            assert_eq!(find(&shadow), all, "{line}");
            found += all.len();
        }
        assert!(found > 200, "{found}");
    }
}
