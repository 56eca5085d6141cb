//! The parts of a conversation: who speaks, what an answer rests on, where an answer stands.

use crate::Phi;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
    Agent,
    System,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// Where the answer to a message stands. `Pending` and `Running` are open, the rest are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnState {
    Pending,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl TurnState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

/// How a question was answered: what can be told of an answer without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerOutcome {
    #[default]
    Answered,
    /// The assistant did not know, or may not say, and named people to ask.
    Referred,
    /// It told of an emergency, and whom to call.
    Emergency,
}

impl AnswerOutcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Referred => "referred",
            Self::Emergency => "emergency",
        }
    }
}

/// Whether an answer helped, says the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rating {
    Up,
    Down,
}

impl Rating {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// A stored word that names no known role or state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} in the database")]
pub struct UnknownName {
    pub what: &'static str,
}

impl std::str::FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::User, Self::Assistant, Self::Agent, Self::System]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or(UnknownName { what: "role" })
    }
}

impl std::str::FromStr for AnswerOutcome {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Answered, Self::Referred, Self::Emergency]
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
            .ok_or(UnknownName { what: "outcome of an answer" })
    }
}

impl std::str::FromStr for Rating {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Up, Self::Down].into_iter().find(|rating| rating.as_str() == name).ok_or(UnknownName { what: "rating" })
    }
}

impl std::str::FromStr for TurnState {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Pending, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or(UnknownName { what: "turn state" })
    }
}

/// A file that came with a message, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `file_…`
    pub id: String,
    /// As the visitor's device called it, without folders.
    pub name: Phi<String>,
    pub media_type: String,
    /// Bytes, as it is kept.
    pub size: i64,
}

/// The approved source of an answer: an article and, where one is known, the section of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// `art_…`
    pub article_id: String,
    pub title: String,
    /// Absolute, or a path on the API's own origin. None where the article is published nowhere.
    pub url: Option<String>,
    /// The heading the passage stands under.
    pub section: Option<String>,
    /// Where on the page at the address the passage begins, as a fragment without its `#`: an anchor, or its heading as a text
    /// to look for (`:~:text=…`).
    pub anchor: Option<String>,
    /// The beginning of the passage, plain text.
    pub snippet: Option<String>,
}
