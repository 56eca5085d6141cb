//! Who can give an answer. One module for each provider a config may name.

pub mod builtin;
mod failure;
pub(crate) mod model;
mod openai;
mod source_marks;

pub use failure::ProviderFailure;
pub use openai::{OpenAi, SetupError};
