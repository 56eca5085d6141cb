//! What goes to a model and what comes from it, whoever the provider is. Each provider's module puts it into the shape of its own
//! protocol, and reads it from that.

use std::{borrow::Cow, fmt};

use serde_json::Value;

/// Everything that leaves for a provider, and all of it: what is not in here does not leave. Built in
/// [`super::outgoing`] and nowhere else.
pub struct Outgoing {
    pub system: String,
    /// What was said, oldest first, the question last, and behind it what was looked up for it.
    pub turns: Vec<Turn>,
    /// What the model may look up.
    pub tools: Vec<ToolOffer>,
    /// Whether it may still do so. Otherwise it has to answer from what it has.
    pub may_call: bool,
}

pub enum Turn {
    Visitor(String),
    Assistant {
        text: String,
        calls: Vec<ToolCall>,
    },
    /// What the calls of the turn before brought, in their order.
    Results(Vec<ToolResult>),
}

pub struct ToolOffer {
    pub name: String,
    pub description: String,
    /// A JSON Schema.
    pub parameters: Value,
}

/// What a model asks to have looked up. Its arguments may hold a patient's words.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's name for this call.
    pub id: String,
    pub name: String,
    /// JSON, as the model wrote it.
    pub arguments: String,
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ToolCall").finish_non_exhaustive()
    }
}

/// What a call brought, in words for the model.
pub struct ToolResult {
    pub call_id: String,
    pub text: String,
}

/// What the stream of an answer yields: pieces of text, and behind them at its proper end the calls, the usage and the end.
#[derive(Debug, PartialEq, Eq)]
pub enum ModelEvent {
    Text(String),
    ToolCall(ToolCall),
    Usage(Usage),
    End(FinishReason),
}

/// Why a model stopped where it was right to stop. Whatever else stops one is a [`super::ProviderFailure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    Complete,
    /// It wants something looked up before it goes on.
    ToolCalls,
}

/// What one request cost, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    pub input: Option<u64>,
    pub output: Option<u64>,
}

/// What one event of a provider's stream says, in the provider's order. Providers leave out what they please, and add to it.
#[derive(Debug, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    Piece(Piece<'a>),
    /// Nothing follows.
    End,
}

#[derive(Debug, PartialEq, Eq, Default)]
pub struct Piece<'a> {
    /// The next of the answer's text, perhaps empty.
    pub text: Cow<'a, str>,
    pub fragments: Vec<CallFragment<'a>>,
    /// What is known by now: what a later event says of the same counts instead.
    pub usage: Usage,
    pub finish: Option<FinishReason>,
}

/// A part of a call. The first of a call names it, the others go on with its arguments.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct CallFragment<'a> {
    /// Which call it is a part of. A name, and no length of anything: it may be any number.
    pub index: Option<u64>,
    pub id: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    pub arguments: Cow<'a, str>,
}
