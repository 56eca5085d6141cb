//! Reading an answer as it comes, to its proper end or to the reason why it has none.

use std::{collections::VecDeque, future::poll_fn, num::NonZeroUsize, pin::Pin, task::Poll, time::Duration};

use bytes::Bytes;
use reqwest::Response;
use sse_core::{MessageEvent, SseDecoder, SseEvent};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::{
    ProviderFailure, anthropic,
    breaker::Permit,
    calls::Calls,
    chunks::{Broken, Chunks},
    exchange::{FinishReason, ModelEvent, Piece, StreamEvent, Usage},
    openai,
};

/// The longest event.
const LONGEST_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1024 * 1024 - 1);
/// The longest text of an answer, in bytes: many times what anybody reads.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Pieces that come together are read as one, up to about this many bytes.
const ENOUGH: usize = 4 * 1024;
/// A model whose pieces come closer than this writes faster than anybody reads.
const BURST: Duration = Duration::from_millis(8);
/// So many pieces as close as that are no chance: pieces that were held up on their way come together too.
const STREAK: u32 = 4;
/// In a burst a piece waits so long for those behind it, the time in which a screen is drawn anew twice. Each by itself would cost
/// far more than reading it.
const GATHERING: Duration = Duration::from_millis(32);
/// How long the reply may take to come to its end after the answer, so that the connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(50);

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// When its first piece has to be there.
    pub first_by: Instant,
    /// How long nothing of it may come once it has begun. Signs of life that are no part of an answer do not count.
    pub silence: Duration,
    /// When it has to be complete.
    pub all_by: Instant,
}

/// Reads the events of one stream in the provider's protocol.
pub enum Events {
    OpenAi(openai::events::Events),
    Anthropic,
}

impl Events {
    fn read<'a>(&mut self, message: &'a MessageEvent) -> Result<StreamEvent<'a>, ProviderFailure> {
        match self {
            Self::OpenAi(events) => events.read(&message.data),
            Self::Anthropic => anthropic::events::read(&message.event, &message.data),
        }
    }
}

/// Lets whoever reads the connection go first, once: it hands over a chunk at a time, and may have more of them already.
async fn has_nothing_more() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// An answer on its way. Dropping it closes the connection, which tells the provider to stop.
pub struct Reading {
    /// What has not been received yet.
    chunks: Chunks,
    decoder: SseDecoder,
    events: Events,
    /// Says to the circuit breaker how it went.
    permit: Option<Permit>,
    limits: Limits,
    /// Whether the first piece is there, as whoever reads sees it.
    has_begun: bool,
    /// Received and not decoded yet.
    received: Bytes,
    /// When that came; at first, when the reading began.
    received_at: Instant,
    /// When something of the answer came last.
    progress_at: Instant,
    /// How many in a row came right behind what came before them.
    streak: u32,
    /// Rings when something may have taken too long. It is not set anew for each piece, which costs more than to find that it
    /// rang too early.
    patience: Pin<Box<Sleep>>,
    /// Bytes of text that have come.
    length: usize,
    calls: Calls,
    usage: Usage,
    /// Why the model said that it was done, if it did.
    finish: Option<FinishReason>,
    /// How it ended.
    outcome: Option<Result<(), ProviderFailure>>,
    /// What is known and not passed on yet: the first event, or the last ones.
    waiting: VecDeque<ModelEvent>,
}

impl Reading {
    pub fn new(response: Response, events: Events, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            chunks: Chunks::new(response),
            decoder: SseDecoder::with_limit(LONGEST_EVENT),
            events,
            permit: None,
            limits,
            has_begun: false,
            received: Bytes::new(),
            received_at: now,
            progress_at: now,
            streak: 0,
            patience: Box::pin(sleep_until(limits.first_by.min(limits.all_by))),
            length: 0,
            calls: Calls::default(),
            usage: Usage::default(),
            finish: None,
            outcome: None,
            waiting: VecDeque::new(),
        }
    }

    /// Waits until something of the answer is there, and keeps it for [`Self::next`]. As long as that has not happened
    /// somebody may ask again.
    pub async fn wait(&mut self) -> Result<(), ProviderFailure> {
        let first = self.next().await?;
        self.waiting.push_front(first);
        Ok(())
    }

    /// Has it say to the circuit breaker how it ends, now that it has begun.
    pub fn report_to(&mut self, mut permit: Permit) {
        permit.note_beginning();
        if self.outcome == Some(Ok(())) {
            permit.note_success();
        }
        self.permit = Some(permit);
    }

    /// The next of the answer: all the text that is there. Ends with [`ModelEvent::End`] where the answer is complete.
    pub async fn next(&mut self) -> Result<ModelEvent, ProviderFailure> {
        if let Some(event) = self.waiting.pop_front() {
            return Ok(event);
        }
        let text = self.text().await;
        if !text.is_empty() {
            return Ok(ModelEvent::Text(text));
        }
        match self.outcome.unwrap_or(Err(ProviderFailure::CutOff)) {
            Ok(()) => {
                // Whether it comes in time or not, the answer is complete.
                let _ = timeout(LAST_BYTES, self.chunks.next()).await;
                if let Some(permit) = &mut self.permit {
                    permit.note_success();
                }
                let calls = self.calls.take();
                // Some say that they are done where they ask for something.
                let reason = if calls.is_empty() { FinishReason::Complete } else { FinishReason::ToolCalls };
                self.waiting.extend(calls.into_iter().map(ModelEvent::ToolCall));
                self.waiting.extend([ModelEvent::Usage(self.usage), ModelEvent::End(reason)]);
                self.waiting.pop_front().ok_or(ProviderFailure::CutOff)
            }
            Err(failure) => {
                if let Some(permit) = &mut self.permit {
                    permit.note_failure(failure, Duration::ZERO);
                }
                Err(failure)
            }
        }
    }

    /// From now on the first piece is there.
    pub fn begin(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            self.progress_at = Instant::now();
            let over = self.patience_ends();
            self.patience.as_mut().reset(over);
        }
    }

    /// What it has cost so far, as far as the provider has said, and how many bytes have come.
    pub fn usage(&self) -> (Usage, usize) {
        (self.usage, self.length)
    }

    fn patience_ends(&self) -> Instant {
        let next = if self.has_begun { self.progress_at + self.limits.silence } else { self.limits.first_by };
        next.min(self.limits.all_by)
    }

    /// The next piece of text. Empty: there is no more, and the outcome says why.
    async fn text(&mut self) -> String {
        let mut text = String::new();
        let mut has_gathered = false;
        while self.outcome.is_none() && text.len() < ENOUGH {
            if let Some(event) = self.decoder.next(&mut self.received) {
                let step = event.map_err(|_| ProviderFailure::Malformed).and_then(|event| self.take(event, &mut text));
                if let Err(failure) = step {
                    self.outcome = Some(Err(failure));
                }
                continue;
            }
            // Whoever sends and sends, and nothing of an answer, is silent all the same.
            if text.is_empty() && self.received_at >= self.patience_ends() {
                self.outcome = Some(Err(ProviderFailure::TimedOut));
                break;
            }
            if has_gathered {
                break;
            }
            if !text.is_empty() && self.streak >= STREAK {
                has_gathered = true;
                self.chunks.read_ahead();
                // Whether that was all or not, it is passed on.
                let _ = timeout(GATHERING, self.chunks.many()).await;
                self.received = self.chunks.at_hand().unwrap_or_default();
                self.received_at = Instant::now();
                continue;
            }
            let received = tokio::select! {
                biased;
                received = self.chunks.next() => received,
                // What has come is passed on before anything is waited for.
                () = has_nothing_more(), if !text.is_empty() => break,
                () = &mut self.patience => {
                    let over = self.patience_ends();
                    if Instant::now() < over {
                        self.patience.as_mut().reset(over);
                        continue;
                    }
                    self.outcome = Some(Err(ProviderFailure::TimedOut));
                    break;
                }
            };
            match received {
                Ok(Some(bytes)) => self.receive(bytes),
                // A connection that breaks before it has brought anything is as good as none.
                Err(Broken) if self.length == 0 && self.calls.is_empty() => {
                    self.outcome = Some(Err(ProviderFailure::Unreachable));
                }
                Ok(None) | Err(Broken) => self.outcome = Some(Err(ProviderFailure::CutOff)),
            }
        }
        text
    }

    fn receive(&mut self, bytes: Bytes) {
        let now = Instant::now();
        let is_close = now - std::mem::replace(&mut self.received_at, now) < BURST;
        self.streak = if is_close { self.streak.saturating_add(1) } else { 0 };
        self.received = bytes;
    }

    /// Takes in one event, its text at the end of what has come.
    fn take(&mut self, event: SseEvent, text: &mut String) -> Result<(), ProviderFailure> {
        let SseEvent::Message(message) = event else {
            return Ok(());
        };
        match self.events.read(&message)? {
            StreamEvent::Piece(Piece { text: piece, fragments, usage, finish }) => {
                if !piece.is_empty() || !fragments.is_empty() {
                    self.progress_at = self.received_at;
                }
                self.length += piece.len();
                if self.length > LONGEST_ANSWER {
                    return Err(ProviderFailure::TooLong);
                }
                text.push_str(&piece);
                for fragment in fragments {
                    self.calls.add(fragment)?;
                }
                self.usage.input = usage.input.or(self.usage.input);
                self.usage.output = usage.output.or(self.usage.output);
                self.finish = finish.or(self.finish);
            }
            StreamEvent::End => self.outcome = Some(self.end()),
        }
        Ok(())
    }

    /// How it ended, at the sign of its end.
    fn end(&self) -> Result<(), ProviderFailure> {
        match self.finish {
            _ if self.length == 0 && self.calls.is_empty() => Err(ProviderFailure::Empty),
            None => Err(ProviderFailure::CutOff),
            // It speaks of a call and makes none.
            Some(FinishReason::ToolCalls) if self.calls.is_empty() => Err(ProviderFailure::Interrupted),
            Some(_) => Ok(()),
        }
    }
}
