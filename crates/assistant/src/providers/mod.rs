//! Who can give an answer: the built-in assistant, and models over HTTP, a module for each protocol.
//!
//! A question goes through `model` (who is asked, in which order), `underway` (one model, with what it looks up), `outgoing` (what
//! leaves for it), `endpoint` (asking, and asking again), `breaker` (whom not to ask), `chunks` and `reading` (what comes back), and
//! `passing` (what of that the visitor gets).

mod anthropic;
mod breaker;
pub mod builtin;
mod calls;
mod chunks;
pub(crate) mod confidential;
mod endpoint;
mod exchange;
mod failure;
mod links;
mod looking_up;
pub(crate) mod model;
mod openai;
mod outgoing;
mod passing;
mod reading;
mod source_marks;
mod underway;

pub use endpoint::{Endpoint, SetupError};
pub use failure::ProviderFailure;
pub(crate) use links::LEFT_OUT;
