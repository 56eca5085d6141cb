//! Answering: one worker a conversation takes its open turns in order and carries each to a final state.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::StreamExt;
use kuzushi_assistant::{AnswerEvent, AnswerRequest, AssistantError, HistoryMessage};
use kuzushi_domain::{Id, Phi, Role, id};
use kuzushi_store::{FinishedAnswer, Message, MessageDetails, PageRequest, Session, StoreError, TenantScope, Turn};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Conversation, Delivery};
use crate::{
    chat::frames::{ErrorCode, ServerFrame},
    state::AppState,
};

/// Messages before the question that an answer may draw on.
const HISTORY_LENGTH: usize = 20;
/// How often an answer is begun before it counts as failed.
const MOST_ATTEMPTS: i32 = 5;
/// Pauses between attempts while the database is away.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes sure that somebody answers what waits in this conversation.
pub fn answer_what_waits(state: &AppState, scope: TenantScope, session: Id<id::Session>) {
    let conversation = state.conversations.enter(session);
    if conversation.needs_worker() {
        state.answers.spawn(work(state.clone(), scope, conversation));
    }
}

/// Lets go of the conversation when its worker panics, so that the conversation is not stuck for good.
struct Post<'a>(&'a Conversation);

impl Drop for Post<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lose_worker();
        }
    }
}

async fn work(state: AppState, scope: TenantScope, conversation: Arc<Conversation>) {
    let _post = Post(&conversation);
    let mut pause = FIRST_PAUSE;
    // A stopping server begins nothing new; what is left open is taken up by the next one.
    while !state.stopping.is_cancelled() {
        match answer_next(&state, &scope, &conversation).await {
            Ok(true) => pause = FIRST_PAUSE,
            Ok(false) if conversation.release_worker() => return,
            Ok(false) => {}
            Err(error) => {
                // The turn stays open in the database, so nothing is lost by trying again.
                tracing::warn!(session = %conversation.id(), error = %error, "an answer has to wait for the database");
                conversation.finish_answer(None);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Answers the oldest open question. False: there is none.
async fn answer_next(state: &AppState, scope: &TenantScope, conversation: &Conversation) -> Result<bool, StoreError> {
    let Some(turn) = scope.begin_next_turn(conversation.id(), state.clock.now()).await? else {
        return Ok(false);
    };
    let session = scope.session(conversation.id()).await?;
    let cancel = conversation.begin_answer(&turn.message_id, &turn.answer_id);
    let outcome = match request(state, scope, &session, &turn).await? {
        // It was begun often enough: whatever kills it would kill it again.
        _ if turn.attempts > MOST_ATTEMPTS => FinishedAnswer::Failed { code: ErrorCode::AiError.as_str() },
        Some(request) => run(state, conversation, request, cancel).await,
        // The question is gone: the conversation was erased.
        None => FinishedAnswer::Cancelled { content: Phi::default() },
    };
    let failure = match &outcome {
        FinishedAnswer::Failed { code } => Some(*code),
        FinishedAnswer::Done { .. } | FinishedAnswer::Cancelled { .. } => None,
    };
    let stored = scope.finish_turn(&session, &turn, outcome, state.clock.now()).await?;
    let last = match (stored, failure) {
        (Some(message), _) => {
            Some(Delivery::Stored { seq: message.seq, frame: ServerFrame::message(&message).bytes(), except: None })
        }
        (None, Some(code)) => {
            tracing::warn!(session = %session.id, code, attempts = turn.attempts, "an answer failed");
            Some(Delivery::Passing { frame: failure_frame(code, &turn).bytes(), except: None })
        }
        (None, None) => None,
    };
    conversation.finish_answer(last);
    Ok(true)
}

/// Everything the answer may draw on. None when the question is no longer stored.
async fn request(
    state: &AppState,
    scope: &TenantScope,
    session: &Session,
    turn: &Turn,
) -> Result<Option<AnswerRequest>, StoreError> {
    let config = scope.config_version(session.app, session.config_version).await?.config;
    let question = PageRequest { before: None, after: Some(turn.question_seq - 1), limit: 1 };
    let Some(question) = scope.messages(session, question).await?.messages.pop() else {
        return Ok(None);
    };
    let newest = PageRequest { before: None, after: None, limit: 2 * HISTORY_LENGTH as u64 };
    let mut history: Vec<_> = scope
        .messages(session, newest)
        .await?
        .messages
        .into_iter()
        // Questions that wait behind this one are not part of what came before it; answers given since are.
        .filter(|message| message.role != Role::User || message.seq < turn.question_seq)
        .map(history_message)
        .collect();
    history.drain(..history.len().saturating_sub(HISTORY_LENGTH));
    Ok(Some(AnswerRequest {
        system_prompt: config.system_prompt,
        provider: config.assistant.provider,
        contact: config.contact,
        token_interval: Duration::from_millis(config.assistant.token_interval_ms),
        history,
        question: question.content,
        locale: session.metadata.locale.clone().unwrap_or_else(|| String::from("en-US")),
        knowledge: state.knowledge.of_app(scope, session.app).await?,
    }))
}

fn history_message(message: Message) -> HistoryMessage {
    HistoryMessage {
        role: message.role,
        content: message.content,
        cited: message.details.citations.into_iter().map(|citation| citation.article_id).collect(),
    }
}

/// Streams the answer to the conversation until it is complete, stopped, failed or out of time.
async fn run(
    state: &AppState,
    conversation: &Conversation,
    request: AnswerRequest,
    cancel: CancellationToken,
) -> FinishedAnswer {
    let deadline = Instant::now() + Duration::from_secs(state.config.limits.answer_timeout);
    let mut events = pin!(kuzushi_assistant::answer(request));
    loop {
        let event = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                return FinishedAnswer::Cancelled { content: Phi::new(conversation.answer_so_far()) };
            }
            event = events.next() => event,
            () = sleep_until(deadline) => return FinishedAnswer::Failed { code: ErrorCode::AiTimeout.as_str() },
        };
        match event {
            Some(Ok(AnswerEvent::Text(delta))) => conversation.extend_answer(&delta),
            Some(Ok(AnswerEvent::Done(end))) => {
                let details =
                    MessageDetails { citations: end.citations, no_answer: end.no_answer, ..MessageDetails::default() };
                return FinishedAnswer::Done { content: Phi::new(conversation.answer_so_far()), details };
            }
            Some(Err(AssistantError::TimedOut)) => {
                return FinishedAnswer::Failed { code: ErrorCode::AiTimeout.as_str() };
            }
            // A stream that ends without saying so was cut off: never a complete answer.
            Some(Err(AssistantError::Unavailable)) | None => {
                return FinishedAnswer::Failed { code: ErrorCode::AiError.as_str() };
            }
        }
    }
}

fn failure_frame(code: &str, turn: &Turn) -> ServerFrame {
    let (code, message) = if code == ErrorCode::AiTimeout.as_str() {
        (ErrorCode::AiTimeout, "The answer took too long. Send the message again to retry.")
    } else {
        (ErrorCode::AiError, "The answer could not be given. Send the message again to retry.")
    };
    ServerFrame::Error { code, message: message.to_owned(), message_id: Some(turn.message_id.clone()), retryable: true }
}
