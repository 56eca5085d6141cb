//! Reading an answer as it comes, to its proper end or to the reason why it has none.

use std::{num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use reqwest::Response;
use sse_core::{SseDecoder, SseEvent};
use tokio::time::timeout;

use super::wire::{StreamEvent, read_event};
use crate::providers::ProviderFailure;

/// The longest event.
const LONGEST_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1024 * 1024 - 1);
/// The longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(15);
/// Pieces that are there already are read as one, up to about this many bytes.
const ENOUGH: usize = 4 * 1024;
/// How long the reply may take to come to its end after the answer, so that the connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(50);

/// An answer on its way. Dropping it closes the connection, which tells the provider to stop.
pub struct Reading {
    response: Response,
    decoder: SseDecoder,
    /// Received and not decoded yet.
    received: Bytes,
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
            let received = if text.is_empty() {
                timeout(SILENCE, self.response.chunk()).await
            } else {
                // What has come is passed on before anything is waited for.
                match self.response.chunk().now_or_never() {
                    Some(received) => Ok(received),
                    None => break,
                }
            };
            match received {
                Ok(Ok(Some(bytes))) => self.received = bytes,
                Ok(Ok(None) | Err(_)) => self.outcome = Some(Err(ProviderFailure::CutOff)),
                Err(_) => self.outcome = Some(Err(ProviderFailure::TimedOut)),
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
