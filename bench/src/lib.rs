//! Load for a server that speaks the chat protocol, and a checker of what it did with it.
//!
//! Nothing here knows the server from inside: all goes over HTTP and the chat WebSocket, as any client's words do.

#![allow(clippy::print_stdout, reason = "a command line tool prints its results")]

pub mod history;
pub mod logins;
pub mod protocol;
pub mod scenarios;
pub mod server;
pub mod sign_outs;
pub mod soak;
