//! Keeping a model's answer from what only a clinician may say, sentence by sentence before it is sent.
//!
//! A sentence is held back only from the words on that may make it one that may not be said; others pass as they come.

mod beginnings;
mod rules;
mod sentences;

use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream::unfold};

use self::{
    beginnings::{harmless_part, may_begin_anything},
    rules::may_be_said,
    sentences::{SentenceEnd, sentence_end},
};
use super::notice::referral;
use crate::{
    answer::{AnswerEnd, AnswerEvent, AnswerRequest},
    knowledge::Knowledge,
    language::spoken,
    providers::ProviderFailure,
};

pub use rules::tells_of_an_emergency;

/// Bytes of a sentence that may be held back. A longer one is judged as far as it goes.
const LONGEST: usize = 2_000;

/// Watches over an answer while it is written.
pub struct AnswerGuard {
    /// What is said instead of the first sentence that may not be said.
    referral: String,
    /// The sentence so far.
    sentence: String,
    /// Bytes of it that were passed on.
    passed: usize,
    /// Bytes of it in which it does not end.
    looked_through: usize,
    has_referred: bool,
    /// What the hospital has approved may be said as it stands there.
    approved: Arc<Knowledge>,
}

impl AnswerGuard {
    pub fn new(request: &AnswerRequest) -> Self {
        let AnswerRequest { safety, contact, locale, knowledge, .. } = request;
        Self {
            approved: Arc::clone(knowledge),
            referral: referral(safety, contact, locale),
            sentence: String::new(),
            passed: 0,
            looked_through: 0,
            has_referred: false,
        }
    }

    /// The answer as it may be sent. One in which something was held back says that a human is needed.
    pub fn over(
        self,
        answer: impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static,
    ) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
        unfold((self, answer.boxed(), None), |(mut guard, mut answer, mut end)| async move {
            if let Some(end) = end.take() {
                return Some((Ok(AnswerEvent::Done(end)), (guard, answer, None)));
            }
            loop {
                let text = match answer.next().await? {
                    Ok(AnswerEvent::Text(piece)) => guard.take(&piece),
                    Ok(AnswerEvent::Done(done)) => {
                        let rest = guard.finish();
                        let done = AnswerEnd { no_answer: done.no_answer || guard.has_referred, ..done };
                        if rest.is_empty() {
                            return Some((Ok(AnswerEvent::Done(done)), (guard, answer, None)));
                        }
                        end = Some(done);
                        rest
                    }
                    Err(failure) => return Some((Err(failure), (guard, answer, None))),
                };
                if !text.is_empty() {
                    return Some((Ok(AnswerEvent::Text(text)), (guard, answer, end)));
                }
            }
        })
    }

    /// Takes the next piece in, and returns what may be sent now.
    fn take(&mut self, piece: &str) -> String {
        self.sentence.push_str(piece);
        let mut sent = String::new();
        loop {
            match sentence_end(&self.sentence, self.looked_through) {
                SentenceEnd::At(end) => self.judge(end, &mut sent),
                SentenceEnd::NotBefore(position) => {
                    self.looked_through = position;
                    break;
                }
            }
        }
        if self.sentence.len() - self.passed > LONGEST {
            self.judge(self.sentence.len(), &mut sent);
        } else {
            // What comes before anything risky may go.
            let held = &self.sentence[self.passed..];
            let begun = &held[..harmless_part(held)];
            sent.push_str(begun);
            self.passed += begun.len();
        }
        sent
    }

    fn finish(&mut self) -> String {
        let mut sent = String::new();
        self.judge(self.sentence.len(), &mut sent);
        sent
    }

    /// Whether a sentence may be said: because of what it says, or because an article says it word for word.
    fn may_be_said_whole(&self, sentence: &str) -> bool {
        may_be_said(sentence) || self.approved.says(&spoken(sentence))
    }

    /// Ends the sentence here, and sends what was not passed on of it if all of it may be said.
    fn judge(&mut self, end: usize, sent: &mut String) {
        let rest = self.sentence.split_off(end);
        let sentence = std::mem::replace(&mut self.sentence, rest);
        let passed = self.passed.min(end);
        // More than this sentence was passed on where it was not known yet that it ends here.
        self.passed -= passed;
        self.looked_through = 0;
        let held = &sentence[passed..];
        // Nothing risky begins in what was passed on.
        if !may_begin_anything(held, false) || self.may_be_said_whole(&sentence) {
            sent.push_str(held);
        } else if !std::mem::replace(&mut self.has_referred, true) {
            let trimmed = held.trim_start();
            sent.push_str(&held[..held.len() - trimmed.len()]);
            if passed > 0 {
                sent.push_str("\u{2026} ");
            }
            sent.push_str(&self.referral);
            let end = held.trim_end();
            sent.push_str(if end.len() == held.len() { " " } else { &held[end.len()..] });
        }
    }
}

#[cfg(test)]
mod tests;
