//! The HTTP API, a file per resource.

pub mod admin;
pub mod body;
pub mod entity_tags;
pub mod export;
pub mod files;
pub mod health;
pub mod idempotency;
pub mod login;
pub mod messages;
pub mod openapi;
pub(crate) mod problems;
pub mod query;
pub mod session_init;
pub mod sessions;
pub mod widget_events;
pub mod wire;
