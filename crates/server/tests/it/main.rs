//! The server from outside: over HTTP and WebSockets, on both databases.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failed step fails its test")]

mod admin;
mod app;
mod articles;
mod assets;
mod audit;
mod authority;
mod canary;
mod chat_frames;
mod chat_journey;
mod chat_refusals;
mod chat_streaming;
mod command_line;
mod demo;
mod documents;
mod edge;
mod frame_permissions;
mod fuzz;
mod generated;
mod health;
mod history;
mod idempotency;
mod identity;
mod knowledge;
mod limits;
mod models;
mod nodes;
mod outage;
mod patients;
mod permissions;
mod process;
mod ratings;
mod recovery;
mod request;
mod secrecy;
mod server;
mod session_init;
mod sessions;
mod signing_in;
mod socket;
mod splits;
mod staff;
mod tls;
mod users;
mod websocket_protocol;
