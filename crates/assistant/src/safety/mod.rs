//! What must not be left to ranking or to a model: emergencies, and questions only a clinician may answer.
//!
//! Deterministic, and asked before anything else, whoever answers. No prompt, article or setting reaches it.

mod advice;
mod answers;
mod emergency;
mod lately;
mod notice;

pub use advice::asks_for_medical_advice;
pub use answers::{AnswerGuard, tells_of_an_emergency};
pub use emergency::{Certainty, Finding, emergency};
pub use lately::{emergencies, emergencies_across};
pub use notice::{EmergencyNotice, ai_disclosure, emergency_notice, emergency_number};
