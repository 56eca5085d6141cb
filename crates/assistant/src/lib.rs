//! Who answers in Kuzushi.
//!
//! [`answer`] takes a question, the conversation so far and an app's [`Knowledge`], and streams an answer with the
//! articles it rests on. Nothing here knows HTTP, a database or the environment; dropping the stream cancels the answer.

pub mod answer;
mod encoder;
pub mod knowledge;
mod language;
pub mod providers;
mod question;
pub mod safety;

pub use answer::{AnswerEnd, AnswerEvent, AnswerRequest, AssistantError, HistoryMessage, answer, history_length};
pub use knowledge::{Hit, Knowledge, KnowledgeArticle};
