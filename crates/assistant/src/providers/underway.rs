//! An answer that one model gives, in as many requests as it takes.

use std::sync::Arc;

use futures_util::{Stream, stream::unfold};
use kuzushi_domain::Citation;
use tokio::time::timeout_at;

use super::{
    Endpoint, ProviderFailure, builtin,
    exchange::{FinishReason, ModelEvent, Outgoing, ToolCall},
    looking_up::LookUp,
    passing::Passing,
    reading::{Limits, Reading},
};
use crate::{
    answer::{AnswerEnd, AnswerEvent, ModelChoice, ModelUsage},
    gate::{Admitted, Gate, Took},
    knowledge::{Candidate, Knowledge},
    redact::Redaction,
};

/// What the model writes for "the sources do not say".
const NOT_IN_THE_SOURCES: usize = 0;
/// How often a model may look things up for one answer.
const MOST_ROUNDS: u32 = 4;
/// Bytes of a token, about, where a provider does not count them.
const BYTES_OF_A_TOKEN: usize = 4;

/// Who is asked, and what.
pub struct Asking {
    pub endpoint: Arc<Endpoint>,
    pub model: ModelChoice,
    pub outgoing: Outgoing,
    pub redaction: Redaction,
    pub gate: Gate,
    pub look_up: LookUp,
    pub knowledge: Arc<Knowledge>,
    pub sources: Vec<Candidate>,
    pub limits: Limits,
}

impl Asking {
    /// Sends what is to leave, if it may, and says how many bytes that were. Every request to a provider goes through here.
    async fn send(&self) -> Result<(Reading, usize, Admitted), ProviderFailure> {
        let ModelChoice { provider, name, max_tokens, .. } = &self.model;
        let asked = self.gate.admit(*provider, name, self.outgoing.len(), *max_tokens);
        let admitted = timeout_at(self.limits.first_by, asked).await;
        let mut admitted = admitted.map_err(|_| ProviderFailure::NotChecked)??;
        match self.endpoint.ask(&self.outgoing, &self.model, self.limits).await {
            Ok((reading, sent)) => Ok((reading, sent, admitted)),
            Err(failure) => {
                match failure {
                    ProviderFailure::LeftAlone | ProviderFailure::NotSetUp | ProviderFailure::Unreachable => {
                        admitted.is_void();
                    }
                    // It may have been read, and may be charged for.
                    ProviderFailure::TimedOut => {}
                    _ => admitted.took(Took { is_estimate: true, ..Took::default() }),
                }
                Err(failure)
            }
        }
    }
}

/// A model's answer of which something has come.
pub struct Underway {
    asking: Asking,
    reading: Reading,
    /// The leave that the last request has.
    admitted: Admitted,
    passing: Passing,
    /// What was said since the last look-up, as the model wrote it.
    said: String,
    calls: Vec<ToolCall>,
    rounds: u32,
    /// Whether the visitor has seen any of it.
    is_seen: bool,
    /// The bytes of the last request.
    sent: usize,
    /// Whether what the last request cost is part of the usage.
    is_counted: bool,
    usage: ModelUsage,
    /// What the models before this one cost.
    earlier: Vec<ModelUsage>,
    /// Received and not passed on yet.
    piece: Option<String>,
    /// What is known of the answer, once all its text is passed on.
    end: Option<AnswerEnd>,
    is_over: bool,
}

impl Underway {
    /// Asks, and waits for the first piece that a visitor can see. Where none comes, what it cost is told all the same.
    pub async fn begin(asking: Asking, passing: Passing) -> Result<Box<Self>, (ProviderFailure, Option<ModelUsage>)> {
        let (reading, sent, admitted) = asking.send().await.map_err(|failure| (failure, None))?;
        let usage = ModelUsage {
            provider: asking.model.provider,
            model: asking.model.name.clone(),
            input_tokens: 0,
            output_tokens: 0,
            is_estimate: false,
        };
        let mut underway = Box::new(Self {
            asking,
            reading,
            admitted,
            passing,
            said: String::new(),
            calls: Vec::new(),
            rounds: 0,
            is_seen: false,
            sent,
            is_counted: false,
            usage,
            earlier: Vec::new(),
            piece: None,
            end: None,
            is_over: false,
        });
        match underway.next().await {
            Some(Ok(AnswerEvent::Text(piece))) => {
                underway.piece = Some(piece);
                Ok(underway)
            }
            Some(Err(failure)) => Err((failure, Some(underway.usage.clone()))),
            // Nothing but marks.
            Some(Ok(AnswerEvent::Done(_))) | None => Err((ProviderFailure::Empty, Some(underway.usage.clone()))),
        }
    }

    /// The answer, with what it cost to come to this model.
    pub fn stream(
        mut self: Box<Self>,
        earlier: Vec<ModelUsage>,
    ) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
        self.earlier = earlier;
        // In its box, since it changes hands for each event.
        unfold(self, |mut underway| async move {
            let event = underway.next().await?;
            Some((event, underway))
        })
    }

    /// The next event. None after the end.
    async fn next(&mut self) -> Option<Result<AnswerEvent, ProviderFailure>> {
        if let Some(piece) = self.piece.take() {
            return Some(Ok(AnswerEvent::Text(piece)));
        }
        loop {
            if let Some(end) = self.end.take() {
                self.is_over = true;
                return Some(Ok(AnswerEvent::Done(end)));
            }
            if self.is_over {
                return None;
            }
            match self.step().await {
                Ok(text) if text.is_empty() => {}
                Ok(text) => {
                    self.is_seen = true;
                    self.reading.begin();
                    return Some(Ok(AnswerEvent::Text(text)));
                }
                Err(failure) => {
                    self.count();
                    self.is_over = true;
                    return Some(Err(failure));
                }
            }
        }
    }

    /// Takes in what comes next. Returns the text of it that the visitor sees.
    async fn step(&mut self) -> Result<String, ProviderFailure> {
        match self.reading.next().await? {
            ModelEvent::Text(piece) => {
                if self.asking.outgoing.may_call {
                    self.said.push_str(&piece);
                }
                let piece = self.passing.pass(&piece)?;
                return Ok(self.put_back(&piece));
            }
            ModelEvent::ToolCall(call) => self.calls.push(call),
            ModelEvent::Usage(_) => self.count(),
            ModelEvent::End(FinishReason::Complete) => {
                let rest = self.passing.finish();
                let mut rest = self.put_back(&rest);
                rest.push_str(&self.asking.redaction.restore_rest());
                self.end = Some(self.end());
                return Ok(rest);
            }
            ModelEvent::End(FinishReason::ToolCalls) => {
                self.look_up().await?;
                // What comes now is a paragraph of its own.
                let paragraph = if self.is_seen { self.passing.pass("\n\n")? } else { String::new() };
                return Ok(self.put_back(&paragraph));
            }
        }
        Ok(String::new())
    }

    /// The text as the visitor sees it. Marks are gone by then: what is put back is the visitor's, and may look like one.
    fn put_back(&mut self, text: &str) -> String {
        self.asking.redaction.restore_piece(text)
    }

    /// Looks up what the model asks for, and asks it again with that.
    async fn look_up(&mut self) -> Result<(), ProviderFailure> {
        let Asking { outgoing, redaction, look_up, sources, limits, knowledge, .. } = &mut self.asking;
        if !outgoing.may_call {
            return Err(ProviderFailure::Interrupted);
        }
        self.rounds += 1;
        let calls = std::mem::take(&mut self.calls);
        let by = if self.is_seen { limits.all_by } else { limits.first_by.min(limits.all_by) };
        let known = sources.len();
        let meant: Vec<ToolCall> = calls
            .iter()
            .map(|call| ToolCall { arguments: redaction.restore_json(&call.arguments), ..call.clone() })
            .collect();
        let results = look_up.all(&meant, by, sources).await;
        self.passing.allow(knowledge, &sources[known..]);
        outgoing.add(std::mem::take(&mut self.said), calls, results, redaction);
        outgoing.may_call = self.rounds < MOST_ROUNDS;
        if self.is_seen {
            // Nobody answers instead any more: silence is what it is in the middle of an answer.
            limits.first_by = tokio::time::Instant::now() + limits.silence;
        }
        self.count();
        (self.reading, self.sent, self.admitted) = self.asking.send().await?;
        self.is_counted = false;
        if self.is_seen {
            self.reading.begin();
        }
        Ok(())
    }

    /// Adds what the last request cost, once.
    fn count(&mut self) {
        if std::mem::replace(&mut self.is_counted, true) {
            return;
        }
        let (usage, answered) = self.reading.usage();
        let estimate = |bytes: usize| bytes.div_ceil(BYTES_OF_A_TOKEN) as u64;
        let took = Took {
            input_tokens: usage.input.unwrap_or_else(|| estimate(self.sent)),
            output_tokens: usage.output.unwrap_or_else(|| estimate(answered)),
            is_estimate: usage.input.is_none() || usage.output.is_none(),
        };
        self.admitted.took(took);
        self.usage.is_estimate |= took.is_estimate;
        self.usage.input_tokens += took.input_tokens;
        self.usage.output_tokens += took.output_tokens;
    }

    /// Cites what the model named, in its order, each article once.
    fn end(&self) -> AnswerEnd {
        let mut citations: Vec<Citation> = Vec::new();
        for number in self.passing.named() {
            let source = number.checked_sub(1).and_then(|position| self.asking.sources.get(position));
            let citation = source.map(|source| builtin::citation(&self.asking.knowledge, source));
            citations.extend(citation.filter(|new| citations.iter().all(|known| known.article_id != new.article_id)));
        }
        let no_answer = citations.is_empty() && self.passing.named().contains(&NOT_IN_THE_SOURCES);
        let mut usage = self.earlier.clone();
        usage.push(self.usage.clone());
        AnswerEnd { citations, no_answer, is_uncovered: no_answer, usage, ..AnswerEnd::default() }
    }
}

/// Whoever stops an answer has had what came of it.
impl Drop for Underway {
    fn drop(&mut self) {
        self.count();
    }
}
