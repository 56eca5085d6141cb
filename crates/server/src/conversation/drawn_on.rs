//! What the answer to a stored question may draw on: what was said before, the articles, the patient's record, and what of it
//! may leave the house.

use kuzushi_assistant::{AnswerRequest, Earlier, HISTORY_LENGTH, HistoryMessage, tools::Patient};
use kuzushi_domain::{Phi, Role, config::Provider};
use kuzushi_store::{Message, PageRequest, Session, StoreError, TenantScope, Turn};

use super::{
    Conversation,
    asking::{Question, answer_request},
    permits,
    recent::Said,
    records::record_of,
};
use crate::state::AppState;

/// Everything the answer may draw on.
pub(super) async fn request(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    session: &Session,
    turn: &Turn,
    question: &Message,
    had_to_wait: bool,
) -> Result<AnswerRequest, StoreError> {
    let config = state.configs.version(scope, session.app, session.config_version).await?;
    // The built-in assistant has no use for what was said long before.
    let has_model = config.assistant.provider != Provider::Builtin;
    let wanted = HISTORY_LENGTH + if has_model { Earlier::MESSAGES } else { 0 };
    let said = match conversation.recent.before(turn.question_seq) {
        Some(recent) => recent,
        // The first question of a conversation has nothing before it.
        None if turn.question_seq == 1 => Said::default(),
        None => {
            // Answers to the questions before this one may have come after it, where it had to wait.
            let (before, limit) = if had_to_wait { (None, 2 * wanted) } else { (Some(turn.question_seq), wanted) };
            let page = PageRequest { before, after: None, limit: limit as u64 };
            let mut stored = scope.messages(session, page).await?.messages;
            // Questions that wait behind this one are not part of what came before it.
            stored.retain(|message| message.role != Role::User || message.seq < turn.question_seq);
            // Notices are no part of what is talked about.
            stored.retain(|message| message.details.notice.is_none());
            Said { messages: stored.into_iter().map(history_message).collect(), earlier: Earlier::default() }
        }
    };
    let knowledge = state.knowledge.of_app(scope, session.app, state.clock.now()).await?;
    let record = record_of(state, scope, session, &config).await?;
    let mut privacy = permits::privacy(state, scope, session, &config, conversation).await?;
    privacy.known.record_numbers.extend(record.as_ref().map(|record| record.patient.clone()));
    let question = Question {
        content: question.content.clone(),
        attached: question.details.attachments.len(),
        history: said.messages,
        earlier: said.earlier,
        now: state.clock.now(),
        locale: session.metadata.locale.clone(),
        patient: session.owner.map(|owner| Patient { user: owner.user }),
        record,
        privacy,
    };
    let app = state.directory.app(scope, session.app).await?;
    Ok(answer_request(&config, &app, knowledge, question))
}

pub(super) fn history_message(message: Message) -> HistoryMessage {
    let is_files_alone = message.content.expose().trim().is_empty() && !message.details.attachments.is_empty();
    HistoryMessage {
        role: message.role,
        // Models take no message without a word.
        content: if is_files_alone { Phi::from("(A file, and no word with it.)") } else { message.content },
        cited: message.details.citations.into_iter().map(|citation| citation.article_id).collect(),
    }
}
