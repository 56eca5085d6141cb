//! Reading an answer as it comes, to its proper end or to the reason why it has none.

use std::{future::ready, num::NonZeroUsize, pin::Pin, time::Duration};

use bytes::Bytes;
use reqwest::Response;
use sse_core::{SseDecoder, SseEvent};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::wire::{Events, StreamEvent};
use crate::providers::ProviderFailure;

/// The longest event.
const LONGEST_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1024 * 1024 - 1);
/// The longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(15);
/// Pieces that come together are read as one, up to about this many bytes.
const ENOUGH: usize = 4 * 1024;
/// A model whose pieces come closer than this writes faster than anybody reads.
const BURST: Duration = Duration::from_millis(8);
/// So many pieces as close as that are no chance: pieces that were held up on their way come together too.
const STREAK: u32 = 4;
/// In a burst a piece waits so long for those behind it, the time in which a screen is drawn anew. Each by itself would cost far
/// more than reading it.
const GATHERING: Duration = Duration::from_millis(16);
/// How long the reply may take to come to its end after the answer, so that the connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(50);

/// An answer on its way. Dropping it closes the connection, which tells the provider to stop.
pub struct Reading {
    response: Response,
    decoder: SseDecoder,
    events: Events,
    /// Received and not decoded yet.
    received: Bytes,
    /// When that came; at first, when the reading began.
    received_at: Instant,
    /// How many in a row came right behind what came before them.
    streak: u32,
    /// Rings when nothing may have come for too long. It is not set anew for each piece, which costs more than to find that it
    /// rang too early.
    silence: Pin<Box<Sleep>>,
    /// Rings when a piece has waited long enough for those behind it.
    gathering: Pin<Box<Sleep>>,
    /// Whether any text has come.
    has_text: bool,
    /// Whether the model said that it was done.
    is_finished: bool,
    /// How it ended.
    outcome: Option<Result<(), ProviderFailure>>,
}

impl Reading {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            decoder: SseDecoder::with_limit(LONGEST_EVENT),
            events: Events::default(),
            received: Bytes::new(),
            received_at: Instant::now(),
            streak: 0,
            silence: Box::pin(sleep(SILENCE)),
            gathering: Box::pin(sleep(GATHERING)),
            has_text: false,
            is_finished: false,
            outcome: None,
        }
    }

    /// The next piece of the answer: all that is there. None at the end of a complete answer.
    pub async fn next(&mut self) -> Result<Option<String>, ProviderFailure> {
        let mut text = String::new();
        let mut gathers = false;
        while self.outcome.is_none() && text.len() < ENOUGH {
            if let Some(event) = self.decoder.next(&mut self.received) {
                let step = event.map_err(|_| ProviderFailure::Malformed).and_then(|event| self.take(event, &mut text));
                if let Err(failure) = step {
                    self.outcome = Some(Err(failure));
                }
                continue;
            }
            if !text.is_empty() && !gathers && self.streak >= STREAK {
                gathers = true;
                self.gathering.as_mut().reset(Instant::now() + GATHERING);
            }
            let received = tokio::select! {
                biased;
                received = self.response.chunk() => received,
                // What has come is passed on before anything is waited for.
                () = ready(()), if !text.is_empty() && !gathers => break,
                () = &mut self.gathering, if gathers => break,
                () = &mut self.silence, if !gathers => {
                    let over = self.received_at + SILENCE;
                    if Instant::now() < over {
                        self.silence.as_mut().reset(over);
                        continue;
                    }
                    self.outcome = Some(Err(ProviderFailure::TimedOut));
                    break;
                }
            };
            match received {
                Ok(Some(bytes)) => self.receive(bytes),
                Ok(None) | Err(_) => self.outcome = Some(Err(ProviderFailure::CutOff)),
            }
        }
        if !text.is_empty() {
            return Ok(Some(text));
        }
        let outcome = self.outcome.unwrap_or(Err(ProviderFailure::CutOff));
        if outcome.is_ok() {
            // Whether it comes in time or not, the answer is complete.
            let _ = timeout(LAST_BYTES, self.response.chunk()).await;
        }
        outcome.map(|()| None)
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
        match self.events.read(&message.data)? {
            StreamEvent::Piece { text: piece, is_finished } => {
                text.push_str(&piece);
                self.has_text |= !piece.is_empty();
                self.is_finished |= is_finished;
            }
            StreamEvent::End => {
                self.outcome = Some(match (self.has_text, self.is_finished) {
                    (true, true) => Ok(()),
                    (true, false) => Err(ProviderFailure::CutOff),
                    (false, _) => Err(ProviderFailure::Empty),
                });
            }
        }
        Ok(())
    }
}
