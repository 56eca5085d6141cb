//! Who answers in Kuzushi.
//!
//! [`Assistant::answer`] takes a question, the conversation so far and an app's [`Knowledge`], and streams an answer with the
//! articles it rests on. Nothing here knows HTTP, a database or the environment; dropping the stream cancels the answer.

pub mod answer;
mod encoder;
#[cfg(test)]
mod expected_questions;
#[cfg(feature = "fake")]
pub mod fake;
pub mod fhir;
mod gate;
pub mod knowledge;
mod language;
mod preparing;
mod prompt;
pub mod providers;
mod question;
mod recent;
pub mod redact;
pub mod safety;
mod summary;
pub mod tools;

pub use answer::{
    AnswerEnd, AnswerEvent, AnswerRequest, AnswerStream, Assistant, HISTORY_LENGTH, HistoryMessage, ModelChoice,
    ModelSettings, ModelUsage, Privacy,
};
pub use gate::{AskedModel, Gate, ModelGate, Permit, Took};
pub use knowledge::{Hit, Knowledge, KnowledgeArticle};
pub use preparing::prepare;
pub use providers::{Endpoint, ProviderFailure, SetupError};
pub use summary::Earlier;
