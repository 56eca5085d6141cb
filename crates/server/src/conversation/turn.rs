//! Answering: one worker a conversation takes its open turns in order and carries each to a final state.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use kuzushi_domain::{Id, Phi, config::Provider, id};
use kuzushi_store::{FinishedAnswer, Message, NextTurn, PageRequest, Session, StoreError, TenantScope, Turn};
use tokio::time::sleep;

use super::{
    Conversation,
    drawn_on::{history_message, request},
    emergency::{notice_answer, notice_course},
    gap::Gap,
    recent::Said,
    streaming::stream,
};
use crate::{
    chat::frames::{ErrorCode, ServerFrame},
    state::AppState,
};

/// How often an answer is begun, and for how long, before it counts as failed. Both: a server that is killed often says
/// nothing against a question.
const MOST_ATTEMPTS: i32 = 5;
const POISONOUS_AFTER: TimeDelta = TimeDelta::minutes(2);
/// How long a question may wait, for other answers or for a server, before it counts as failed.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// Pauses between attempts while the database is away.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A turn that was begun, with what is at hand where that was done as its question was stored.
pub struct Begun {
    pub turn: Turn,
    /// None: it is gone, because the conversation was erased.
    pub question: Option<Message>,
    pub session: Session,
    /// Whether a notice of an emergency was stored with the question.
    pub has_notice: bool,
    /// Whether an emergency was looked for in what it goes on from, too.
    pub is_read_with_the_last: bool,
    /// Whether the conversation has become a patient's by a login, perhaps after its socket was opened.
    pub has_login: bool,
}

impl Begun {
    /// Whoever signed in after their socket was opened is not in what the socket knows.
    async fn with_owner(self, scope: &TenantScope) -> Result<Self, StoreError> {
        if !self.has_login || self.session.owner.is_some() {
            return Ok(self);
        }
        Ok(Self { session: scope.session(self.session.id).await?, ..self })
    }
}

/// Begins the oldest open turn of a conversation. None: there is none, or another node is at it.
async fn begin_next(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
) -> Result<Option<Begun>, StoreError> {
    let NextTurn::Begun(turn) = scope.begin_next_turn(conversation.id(), state.clock.now()).await? else {
        return Ok(None);
    };
    let session = scope.session(conversation.id()).await?;
    // The event after the question may be its notice.
    let asked = PageRequest { before: None, after: Some(turn.question_seq - 1), limit: 2 };
    let mut stored = scope.messages(&session, asked).await?.messages.into_iter();
    let question = stored.next();
    let has_notice = stored.next().is_some_and(|next| next.details.notice.is_some());
    let has_login = session.owner.is_some();
    Ok(Some(Begun { turn, question, session, has_notice, is_read_with_the_last: false, has_login }))
}

/// Makes sure that somebody answers what waits in this conversation, beginning with a turn that was begun already.
pub fn answer_what_waits(state: &AppState, scope: TenantScope, session: Id<id::Session>, begun: Option<Begun>) {
    let conversation = state.conversations.enter(session);
    // Where somebody works already they find a begun turn in the store, as their own.
    if conversation.needs_worker() {
        // In a box: an answer holds a lot, which would be copied at every step of setting a task up.
        state.answers.spawn(Box::pin(work(state.clone(), scope, conversation, begun)));
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

async fn work(state: AppState, scope: TenantScope, conversation: Arc<Conversation>, mut begun: Option<Begun>) {
    let _post = Post(&conversation);
    let mut pause = FIRST_PAUSE;
    // A stopping server begins nothing new; what is left open is handed over to the next one.
    while !state.stopping.is_cancelled() {
        // A question that was begun as it was stored had nothing else waiting, and this node knows of all that came
        // since, unless it has neighbours.
        let knows_all = begun.is_some() && !state.has_neighbours();
        match answer_next(&state, &scope, &conversation, begun.take()).await {
            Ok(true) if knows_all && conversation.release_worker() => return,
            Ok(true) => pause = FIRST_PAUSE,
            Ok(false) if conversation.release_worker() => return,
            Ok(false) => {}
            Err(error) => {
                // The turn stays open in the database, so nothing is lost by trying again.
                tracing::warn!(session = %conversation.id(), error = %error, "an answer has to wait for the database");
                conversation.abandon_answer(None);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    conversation.lose_worker();
}

/// Answers the oldest open question. False: there is none, or another node is at it.
async fn answer_next(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    begun: Option<Begun>,
) -> Result<bool, StoreError> {
    let had_to_wait = begun.is_none();
    let begun = match begun {
        Some(begun) => Some(begun.with_owner(scope).await?),
        None => begin_next(state, scope, conversation).await?,
    };
    let Some(Begun { turn, question, session, has_notice, is_read_with_the_last, has_login: _ }) = begun else {
        return Ok(false);
    };
    let mut said = Said::default();
    let mut uncovered = None;
    let mut told = None;
    let cancel = conversation.begin_answer(&turn.message_id, &turn.answer_id);
    let outcome = match question {
        // It was begun often enough: whatever kills it would kill it again.
        _ if turn.attempts > MOST_ATTEMPTS && state.clock.now() - turn.opened_at > POISONOUS_AFTER => {
            FinishedAnswer::Failed { code: ErrorCode::AiError.as_str() }
        }
        // Nobody waits any more, and an answer out of nowhere would only confuse.
        _ if state.clock.now() - turn.since > LONGEST_WAIT => {
            FinishedAnswer::Failed { code: ErrorCode::AiTimeout.as_str() }
        }
        Some(question) => {
            let mut request = request(state, scope, conversation, &session, &turn, &question, had_to_wait).await?;
            if conversation.has_voice() {
                // Whoever reads it out has a pace of their own.
                request.token_interval = Duration::ZERO;
            }
            let (history, earlier) = (Arc::clone(&request.history), Arc::clone(&request.earlier));
            let gap = Gap::of(&request);
            if !has_notice {
                // Once, however often the answer is begun anew.
                if turn.attempts <= 1 && !is_read_with_the_last {
                    notice_course(state, scope, conversation, &session, &request).await;
                }
                // The built-in assistant quotes what holds for everybody.
                if request.provider != Provider::Builtin {
                    told = Some((request.safety.clone(), request.contact.clone(), request.locale.clone()));
                }
            }
            match stream(state, conversation, &turn.message_id, request, cancel).await {
                Some((outcome, is_uncovered)) => {
                    uncovered = is_uncovered.then_some(gap);
                    // The answer is over, and nobody else holds them any more.
                    said = Said { messages: Arc::unwrap_or_clone(history), earlier: Arc::unwrap_or_clone(earlier) };
                    said.messages.push(history_message(question));
                    outcome
                }
                None => {
                    conversation.abandon_answer(None);
                    scope.hand_over_turn(&turn, state.clock.now()).await?;
                    return Ok(false);
                }
            }
        }
        // The question is gone: the conversation was erased.
        None => FinishedAnswer::Cancelled { content: Phi::default(), is_spoken: false },
    };
    let answer = finish(state, scope, conversation, &session, &turn, outcome).await?;
    if let (Some(answer), Some((safety, contact, locale))) = (&answer, &told) {
        notice_answer(state, scope, conversation, &session, answer, (safety, contact, locale)).await;
    }
    if let (Some(gap), Some(answer)) = (uncovered, &answer) {
        gap.record(state, scope, &session, &turn, answer).await;
    }
    if let Some(answer) = answer.filter(|answer| answer.seq == turn.question_seq + 1 && !said.messages.is_empty()) {
        let newest = answer.seq;
        said.messages.push(history_message(answer));
        conversation.recent.keep(newest, said);
    }
    Ok(true)
}

/// Stores how the turn ended, however long the database is away, and tells everybody. Returns the stored answer.
async fn finish(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    session: &Session,
    turn: &Turn,
    outcome: FinishedAnswer,
) -> Result<Option<Message>, StoreError> {
    let failure = match &outcome {
        FinishedAnswer::Failed { code } => Some(*code),
        FinishedAnswer::Done { .. } | FinishedAnswer::Cancelled { .. } => None,
    };
    let mut pause = FIRST_PAUSE;
    let stored = loop {
        match scope.finish_turn(session, turn, outcome.clone(), state.clock.now()).await {
            Err(StoreError::Unavailable(reason)) if !state.closing.is_cancelled() => {
                tracing::warn!(session = %session.id, error = reason, "an answer waits to be stored");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            stored => break stored?,
        }
    };
    match (&stored, failure) {
        (Some(message), _) => conversation.complete_answer(message.seq, &ServerFrame::message(message)),
        (None, Some(code)) => {
            tracing::warn!(session = %session.id, code, attempts = turn.attempts, "an answer failed");
            conversation.abandon_answer(Some(&failure_frame(code, &turn.message_id)));
        }
        (None, None) => {
            conversation.abandon_answer(None);
            // Stopped before it said anything; or stored by a commit whose reply was lost; or no longer ours.
            conversation.look_in_the_store();
        }
    }
    Ok(stored)
}

/// What the visitor is told of an answer that failed.
pub fn failure_frame(code: &str, question_id: &str) -> ServerFrame {
    let (code, message) = if code == ErrorCode::AiTimeout.as_str() {
        (ErrorCode::AiTimeout, "The answer took too long. Send the message again to retry.")
    } else {
        (ErrorCode::AiError, "The answer could not be given. Send the message again to retry.")
    };
    ServerFrame::Error { code, message: message.to_owned(), message_id: Some(question_id.to_owned()), retryable: true }
}
