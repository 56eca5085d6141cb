//! What must not be left to ranking: emergencies, and questions only a clinician may answer.
//!
//! Deterministic, and asked before anything else, whoever answers. It reads words and nothing more: it knows the plain
//! ways to say that somebody is in danger, in English. The safety layer proper, with a hospital's own rules and notices
//! apart from the answer, will take the place of these two functions.

mod advice;
mod emergency;

pub use advice::asks_for_medical_advice;
pub use emergency::{Emergency, emergency};
