//! What a language model may look up while it answers.
//!
//! A tool reads; it changes nothing. What it returns goes to the model as material, never as an instruction, and a tool decides
//! by the [`ToolContext`] alone whom it serves: not by anything that a model, an article or a patient wrote.

mod appointments;
mod opening_hours;
mod search_articles;

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use kuzushi_domain::{Id, PatientRecord, config::Contact, id};
use serde_json::{Map, Value};
use tokio::time::Instant;

pub use appointments::{Appointments, FreeTimes, Records};
pub use opening_hours::OpeningHours;
pub use search_articles::SearchArticles;

use crate::knowledge::{Candidate, Knowledge};

/// Something that a model may ask for by name.
pub trait Tool: fmt::Debug + Send + Sync {
    /// How a model calls it and a config allows it: letters and digits, such as `openingHours`.
    fn name(&self) -> &str;

    /// What it is good for, said to the model.
    fn description(&self) -> &str;

    /// The JSON Schema of the arguments: an object.
    fn parameters(&self) -> Value;

    /// Looks up what is asked for. The arguments are a model's: nothing about them is certain. Dropping the future cancels it.
    fn call<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
        context: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>>;
}

/// For whom, and from what, a tool looks something up.
#[derive(Debug, Clone)]
pub struct ToolContext {
    /// Who has signed in. None: a visitor whom nobody knows, with no rights to anybody's record.
    pub patient: Option<Patient>,
    /// Where the hospital keeps what it knows of them, where that is known.
    pub record: Option<PatientRecord>,
    pub knowledge: Arc<Knowledge>,
    pub contact: Contact,
    /// The visitor's language tag, such as `en-US`.
    pub locale: String,
    /// When nobody waits for the result any more.
    pub deadline: Instant,
}

/// A patient who has signed in, and what is theirs to see: their own record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patient {
    pub user: Id<id::User>,
}

/// What a tool found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolOutput {
    /// Facts for the model. `Null` says that there is nothing but the passages.
    pub data: Value,
    /// Passages of articles, which the answer can then cite.
    pub(crate) passages: Vec<Candidate>,
}

impl From<Value> for ToolOutput {
    fn from(data: Value) -> Self {
        Self { data, passages: Vec::new() }
    }
}

/// Why a tool found nothing. The model is told, so it holds nothing that is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToolFailure {
    #[error("this is only for patients who have signed in, about themselves")]
    NotAllowed,
    /// What is wrong with the arguments.
    #[error("{0}")]
    Arguments(&'static str),
    #[error("this cannot be looked up at the moment")]
    Unavailable,
}

impl ToolFailure {
    /// Its kind, for a log.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::NotAllowed => "not allowed",
            Self::Arguments(_) => "wrong arguments",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The longest text argument that is looked at, in characters.
const LONGEST_ARGUMENT: usize = 400;

/// A text among the arguments, cut to a length that is worth reading. None: it is missing, empty, or no text.
pub fn text_argument<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = arguments.get(name)?.as_str()?.trim();
    let end = text.char_indices().nth(LONGEST_ARGUMENT).map_or(text.len(), |(end, _)| end);
    Some(&text[..end]).filter(|text| !text.is_empty())
}

/// The tools that come with the assistant.
pub(crate) fn of_the_house() -> Vec<Arc<dyn Tool>> {
    vec![Arc::new(SearchArticles), Arc::new(OpeningHours)]
}
