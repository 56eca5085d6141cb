//! The history checker on histories made by hand, and a small soak of the real server.

#![allow(clippy::expect_used, reason = "a failed step fails its test")]

mod checker;
mod history;
mod soak;
