//! Reading an answer as it comes, to its proper end or to the reason why it has none.

use std::{num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use reqwest::Response;
use sse_core::{SseDecoder, SseEvent};
use tokio::time::{Instant, timeout, timeout_at};

use super::wire::{StreamEvent, read_event};
use crate::providers::ProviderFailure;

/// The longest event.
const LONGEST_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1024 * 1024 - 1);
/// The longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(15);
/// Pieces that come together are read as one, up to about this many bytes.
const ENOUGH: usize = 1024;
/// A model whose pieces come closer than this writes faster than anybody reads.
const BURST: Duration = Duration::from_millis(2);
/// Then a piece waits so long for those behind it. Each by itself would cost far more than reading it.
const GATHERING: Duration = Duration::from_millis(1);
/// How long the reply may take to come to its end after the answer, so that the connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(50);

/// An answer on its way. Dropping it closes the connection, which tells the provider to stop.
pub struct Reading {
    response: Response,
    decoder: SseDecoder,
    /// Received and not decoded yet.
    received: Bytes,
    /// When that came. None: nothing has come yet.
    received_at: Option<Instant>,
    /// Until when its pieces wait for more, where it came right behind what came before it.
    gathers_until: Option<Instant>,
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
            received: Bytes::new(),
            received_at: None,
            gathers_until: None,
            has_text: false,
            is_finished: false,
            outcome: None,
        }
    }

    /// The next piece of the answer: all that is there. None at the end of a complete answer.
    pub async fn next(&mut self) -> Result<Option<String>, ProviderFailure> {
        let mut text = String::new();
        while self.outcome.is_none() && text.len() < ENOUGH {
            if let Some(event) = self.decoder.next(&mut self.received) {
                let step = event.map_err(|_| ProviderFailure::Malformed).and_then(|event| self.take(event, &mut text));
                if let Err(failure) = step {
                    self.outcome = Some(Err(failure));
                }
                continue;
            }
            let next = self.response.chunk();
            let received = if text.is_empty() {
                timeout(SILENCE, next).await.map_err(|_| ProviderFailure::TimedOut)
            } else if let Some(until) = self.gathers_until {
                match timeout_at(until, next).await {
                    Ok(received) => Ok(received),
                    Err(_) => break,
                }
            } else {
                // What has come is passed on before anything is waited for.
                match next.now_or_never() {
                    Some(received) => Ok(received),
                    None => break,
                }
            };
            match received {
                Ok(Ok(Some(bytes))) => self.receive(bytes),
                Ok(Ok(None) | Err(_)) => self.outcome = Some(Err(ProviderFailure::CutOff)),
                Err(failure) => self.outcome = Some(Err(failure)),
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
        let is_burst = self.received_at.replace(now).is_some_and(|before| now - before < BURST);
        self.gathers_until = is_burst.then(|| now + GATHERING);
        self.received = bytes;
    }

    /// Takes in one event, its text at the end of what has come.
    fn take(&mut self, event: SseEvent, text: &mut String) -> Result<(), ProviderFailure> {
        let SseEvent::Message(message) = event else {
            return Ok(());
        };
        match read_event(&message.data)? {
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
