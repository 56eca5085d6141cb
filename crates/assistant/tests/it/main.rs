//! The assistant on the demo hospital: its articles, questions about them, and the conversations they lead to.

#![expect(clippy::expect_used, reason = "a test that cannot read its data has failed")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs the tests")]

mod answers;
mod appointments;

mod demo_hospital;
mod emergencies;
mod fhir;
mod injections;
mod languages;
mod models;
mod providers;
mod questions;
mod redaction;
mod speed;
mod tool_calls;
mod tools;
