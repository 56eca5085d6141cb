//! The one way to ask for an answer, whoever gives it.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::Stream;
use kuzushi_domain::{
    Citation, Phi, Role,
    config::{Contact, Provider},
};

use crate::{knowledge::Knowledge, providers};

/// A question with everything an answer may draw on.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// Instructions for a language model; the built-in assistant has no use for them.
    pub system_prompt: String,
    pub provider: Provider,
    pub contact: Contact,
    /// The pause between two pieces of a built-in answer. Zero sends them all at once.
    pub token_interval: Duration,
    /// The conversation before the question, oldest first. The last few messages suffice.
    pub history: Vec<HistoryMessage>,
    pub question: Phi<String>,
    /// The visitor's language tag, such as `en-US`.
    pub locale: String,
    pub knowledge: Arc<Knowledge>,
}

/// An earlier message of the conversation.
#[derive(Debug, Clone)]
pub struct HistoryMessage {
    pub role: Role,
    pub content: Phi<String>,
    /// Ids (`art_…`) of the articles an answer cited; empty for other messages.
    pub cited: Vec<String>,
}

/// What an answer's stream yields: any number of `Text`, then one `Done`.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerEvent {
    /// The next piece. All pieces in order are the answer, to the byte.
    Text(String),
    Done(AnswerEnd),
}

/// An answer may repeat a patient's words, so its text is not printed.
impl fmt::Debug for AnswerEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => formatter.write_str("Text([redacted])"),
            Self::Done(end) => formatter.debug_tuple("Done").field(end).finish(),
        }
    }
}

/// What is known once an answer is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerEnd {
    /// The articles the answer rests on, the most important first. Empty for small talk and for "I don't know".
    pub citations: Vec<Citation>,
    /// Whether the assistant said that it found nothing.
    pub no_answer: bool,
}

/// Why no answer came. Holds no text of the patient and none of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssistantError {
    #[error("the assistant is unavailable")]
    Unavailable,
    #[error("the assistant took too long")]
    TimedOut,
}

/// How many messages before the question a provider draws on.
pub const fn history_length(provider: Provider) -> usize {
    match provider {
        Provider::Builtin => providers::builtin::MEMORY,
    }
}

/// Answers a question as a stream. Dropping the stream cancels the answer.
pub fn answer(request: AnswerRequest) -> impl Stream<Item = Result<AnswerEvent, AssistantError>> + Send + 'static {
    match request.provider {
        Provider::Builtin => providers::builtin::answer(request),
    }
}
