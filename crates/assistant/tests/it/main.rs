//! The assistant on the demo hospital: its articles, its questions, and questions nobody tuned for.

mod answers;
mod demo_hospital;
mod questions;
