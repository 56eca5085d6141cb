//! The protocol of Anthropic's models: messages, in events that have names.

pub mod events;
mod request;

pub use request::MessagesRequest;
