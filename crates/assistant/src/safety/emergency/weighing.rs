//! What is said around the name of a danger: that there is none, that it is over, that somebody asks about it.

use std::ops::Range;

use super::{
    Certainty, Finding,
    matching::Hit,
    rules::{Context, Meaning, Strength},
    text::Token,
};

/// Words of a message that are taken for nearly nothing but the name of a danger.
const TERSE: usize = 4;
/// Words of a message that is about one thing.
const SHORT: usize = 25;
/// Words that may lie between a "not" and what it is said of.
const BRIDGE: usize = 6;

/// What a pattern comes to where it lies.
pub(super) enum Weight {
    Counts(Finding),
    /// A danger is named, and said to be none: denied, over, only asked about, or something else that sounds like it.
    Dismissed,
    /// No danger, or too little is said.
    None,
}

/// What is said in a message, beside its dangers.
pub(super) struct Said<'a> {
    tokens: &'a [Token],
    /// By sentence: what is said in it.
    contexts: Vec<Vec<Context>>,
    /// By word: whether a "not" ends before it.
    negations: Vec<bool>,
    /// By word: whether it passes a "not" on to the next.
    bridge: &'a [bool],
    harmless: Vec<&'a Hit>,
}

impl<'a> Said<'a> {
    pub fn new(tokens: &'a [Token], hits: &'a [Hit], bridge: &'a [bool]) -> Self {
        let sentences = tokens.last().map_or(0, |token| usize::from(token.sentence) + 1);
        let mut said = Self {
            tokens,
            contexts: vec![Vec::new(); sentences],
            negations: vec![false; tokens.len() + 1],
            bridge,
            harmless: Vec::new(),
        };
        for hit in hits {
            match hit.meaning {
                Meaning::Danger(..) => {}
                Meaning::Harmless(_) => said.harmless.push(hit),
                Meaning::Context(context) => said.note(context, hit),
            }
        }
        said
    }

    fn note(&mut self, context: Context, hit: &Hit) {
        let Some(part) = hit.parts.first() else { return };
        if context == Context::Negation {
            self.negations[part.end] = true;
        }
        let sentence = usize::from(self.tokens[part.start].sentence);
        if !self.contexts[sentence].contains(&context) {
            self.contexts[sentence].push(context);
        }
    }

    /// Whether a pattern is a danger here, and how sure that is.
    pub fn weigh(&self, hit: &Hit, is_across_messages: bool) -> Weight {
        let Meaning::Danger(kind, strength) = hit.meaning else { return Weight::None };
        if self.is_harmless(hit) || hit.parts.iter().any(|part| self.is_denied(part)) {
            return Weight::Dismissed;
        }
        let is_over = self.says(Context::History, hit) && !self.says(Context::Still, hit);
        let is_present = self.says(Context::Present, hit) || self.says(Context::Still, hit);
        let is_asked_about = self.says(Context::Information, hit) && !is_present || self.says(Context::Reported, hit);
        let counts = match strength {
            Strength::Always => true,
            Strength::Stated => !is_over && !is_asked_about,
            Strength::Alone => !is_over && !is_asked_about && self.is_terse(),
            Strength::Named => !is_over && !is_asked_about && (self.is_terse() || self.is_urgent(hit)),
        };
        let is_put_together =
            hit.is_across_sentences || is_across_messages || matches!(strength, Strength::Named | Strength::Alone);
        let certainty = if is_put_together { Certainty::Likely } else { Certainty::Explicit };
        match counts {
            true => Weight::Counts(Finding { certainty, kind }),
            false if is_over || is_asked_about => Weight::Dismissed,
            false => Weight::None,
        }
    }

    fn is_harmless(&self, hit: &Hit) -> bool {
        let Meaning::Danger(kind, _) = hit.meaning else { return true };
        let overlaps = |other: &Hit| {
            other.parts.iter().any(|part| hit.parts.iter().any(|own| part.start < own.end && own.start < part.end))
        };
        self.harmless.iter().any(|other| other.meaning == Meaning::Harmless(kind) && overlaps(other))
    }

    /// Whether a "not" stands before it, with nothing in between but words that pass it on: "no chest pain", "doesn't have
    /// a fever or trouble breathing".
    fn is_denied(&self, part: &Range<usize>) -> bool {
        let clause = self.tokens[part.start].clause;
        let earliest = part.start.saturating_sub(BRIDGE);
        for position in (earliest..part.start).rev() {
            if self.tokens[position].clause != clause {
                return false;
            }
            if self.negations[position + 1] {
                return true;
            }
            if !self.bridge[position] {
                return false;
            }
        }
        false
    }

    /// Whether something is said in a sentence that this pattern lies in.
    fn says(&self, context: Context, hit: &Hit) -> bool {
        hit.parts.iter().any(|part| {
            let sentence = usize::from(self.tokens[part.start].sentence);
            self.contexts[sentence].contains(&context)
        })
    }

    /// Whether help is asked for beside it, in a short message anywhere.
    fn is_urgent(&self, hit: &Hit) -> bool {
        let is_short = self.tokens.len() <= SHORT;
        self.says(Context::Urgent, hit)
            || (is_short && self.contexts.iter().any(|contexts| contexts.contains(&Context::Urgent)))
    }

    fn is_terse(&self) -> bool {
        self.tokens.len() <= TERSE
    }
}
