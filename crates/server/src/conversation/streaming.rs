//! Carrying an answer to everybody who reads or hears it, piece by piece, until it is over.

use std::{future::pending, time::Duration};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use kuzushi_assistant::{AnswerEnd, AnswerEvent, AnswerRequest, ProviderFailure};
use kuzushi_domain::Phi;
use kuzushi_store::{FinishedAnswer, MessageDetails};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Conversation, aloud::ReadAloud};
use crate::{chat::frames::ErrorCode, state::AppState};

/// What ends an answer before it is complete.
enum Interruption {
    Withdrawn,
    OutOfTime,
    Closing,
}

/// Streams the answer to the conversation until it is complete, stopped, failed or out of time, and tells whether it is one
/// to a question that no article covers. In a call it goes on until all of it was heard. None: the server stops
/// and has no more time for it.
pub(super) async fn stream(
    state: &AppState,
    conversation: &Conversation,
    question_id: &str,
    request: AnswerRequest,
    cancel: CancellationToken,
) -> Option<(FinishedAnswer, bool)> {
    let failed = |code: ErrorCode| Some((FinishedAnswer::Failed { code: code.as_str() }, false));
    let mut aloud = conversation.read_aloud(question_id);
    let is_spoken = aloud.is_some();
    let mut events = state.assistant.answer(request);
    // How it ended, while the rest of it is still being heard.
    let mut ended: Option<AnswerEnd> = None;
    // Together, so that each is looked at when it has something to say, and not for every token.
    let deadline = sleep(Duration::from_secs(state.config.limits.answer_timeout));
    let mut interruptions = FuturesUnordered::from_iter([
        cancel.cancelled().map(|()| Interruption::Withdrawn).boxed(),
        deadline.map(|()| Interruption::OutOfTime).boxed(),
        state.closing.cancelled().map(|()| Interruption::Closing).boxed(),
    ]);
    loop {
        let event = tokio::select! {
            biased;
            Some(interruption) = interruptions.next() => match (interruption, &ended) {
                (Interruption::Withdrawn, _) => {
                    if let Some(aloud) = &mut aloud {
                        aloud.stop();
                    }
                    let content = Phi::new(conversation.answer_so_far());
                    return Some((FinishedAnswer::Cancelled { content, is_spoken }, false));
                }
                (Interruption::OutOfTime, None) => return failed(ErrorCode::AiTimeout),
                (Interruption::Closing, None) => return None,
                // It is read out, however long that takes.
                (Interruption::OutOfTime, Some(_)) => continue,
                (Interruption::Closing, Some(_)) => {
                    finish_reading(conversation, &mut aloud);
                    return ended.map(|end| done(conversation, end, is_spoken));
                }
            },
            heard = heard(&mut aloud), if aloud.is_some() => {
                match heard {
                    Some(heard) => conversation.extend_answer(&heard),
                    // The call is over, or all was heard.
                    None => {
                        finish_reading(conversation, &mut aloud);
                        if let Some(end) = ended {
                            return Some(done(conversation, end, is_spoken));
                        }
                    }
                }
                continue;
            },
            event = events.next(), if ended.is_none() => event,
        };
        match event {
            Some(Ok(AnswerEvent::Text(delta))) => match &mut aloud {
                Some(aloud) => aloud.say(&delta),
                None => conversation.extend_answer(&delta),
            },
            Some(Ok(AnswerEvent::Done(mut end))) => {
                if let Some(failure) = end.instead_of_model.take() {
                    tracing::warn!(session = %conversation.id(), %failure, "the built-in assistant answers instead of a model");
                }
                match &mut aloud {
                    Some(aloud) => {
                        aloud.end();
                        ended = Some(end);
                    }
                    None => return Some(done(conversation, end, is_spoken)),
                }
            }
            Some(Err(ProviderFailure::TimedOut)) => return failed(ErrorCode::AiTimeout),
            Some(Err(failure)) => {
                tracing::warn!(session = %conversation.id(), %failure, "a model's answer broke off");
                return failed(ErrorCode::AiError);
            }
            // A stream that ends without saying so was cut off: never a complete answer.
            None => return failed(ErrorCode::AiError),
        }
    }
}

/// What is heard next of an answer that is read out.
async fn heard(aloud: &mut Option<ReadAloud>) -> Option<String> {
    match aloud {
        Some(aloud) => aloud.heard().await,
        None => pending().await,
    }
}

/// From here on it is text: nobody reads the rest of it out.
fn finish_reading(conversation: &Conversation, aloud: &mut Option<ReadAloud>) {
    if let Some(mut aloud) = aloud.take() {
        let rest = aloud.rest();
        if !rest.is_empty() {
            conversation.extend_answer(&rest);
        }
    }
}

/// An answer that is complete.
fn done(conversation: &Conversation, end: AnswerEnd, is_spoken: bool) -> (FinishedAnswer, bool) {
    let outcome = end.outcome();
    let details =
        MessageDetails { citations: end.citations, no_answer: end.no_answer, is_spoken, ..MessageDetails::default() };
    let content = Phi::new(conversation.answer_so_far());
    (FinishedAnswer::Done { content, details, outcome }, end.is_uncovered)
}
