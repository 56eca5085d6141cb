//! The rules, each over one session's history, and one over all.

mod answers;
mod delivery;
mod isolation;
mod order;
mod refusals;
mod storage;
mod streaming;

use super::{SessionHistory, Violation};

type RuleOfASession = fn(&SessionHistory, &mut Vec<Violation>);

pub const OF_A_SESSION: [RuleOfASession; 6] =
    [storage::check, answers::check, order::check, streaming::check, delivery::check, refusals::check];

pub use isolation::{CANARY, check as isolation};
