//! How the world reaches Kuzushi: HTTP, WebSockets, the command line.

pub mod api;
pub mod assets;
mod audit_file;
mod audit_heads;
pub mod auth;
pub mod calls;
pub mod chat;
pub mod cli;
pub mod commands;
pub mod config;
pub mod conversation;
pub mod demo;
pub mod directory;
pub mod documents;
pub mod edge;
pub mod error;
pub mod evaluation;
pub mod keys;
pub mod limits;
pub mod logging;
pub mod retention;
pub mod router;
pub mod seed;
pub mod segment;
mod shelf;
pub mod state;
