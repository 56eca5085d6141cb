//! The history checker on histories made by hand, and a small soak and small scenarios with the real server.

#![allow(clippy::expect_used, reason = "a failed step fails its test")]

mod checker;
mod history;
mod scenarios;
mod server;
mod soak;
