//! The assistant on the demo hospital: its articles, its questions, and questions nobody tuned for.

#![expect(clippy::expect_used, reason = "a test that cannot read its data has failed")]

mod answers;
mod demo_hospital;
mod questions;
