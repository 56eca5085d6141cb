//! What clients lived through, and whether the server kept its word.
//!
//! Clients record events while they run; afterwards [`check`] compares them with what the server says is stored. A rule
//! knows nothing of the server, so a history can be made by hand, and the tests do.

mod recorder;
mod rules;
mod stream;
pub(crate) mod timeline;
mod violation;

use std::collections::HashSet;

pub use recorder::{Event, Recorder, SessionHistory, TabId};
pub use rules::CANARY;
pub use violation::{Rule, Violation};

/// Everything that is wrong with these sessions, which are all that wrote to the server meanwhile.
pub fn check(sessions: &[SessionHistory]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for session in sessions {
        for rule in rules::OF_A_SESSION {
            rule(session, &mut violations);
        }
    }
    rules::isolation(sessions, &mut violations);
    // One answer gone wrong shows with every token of it.
    let mut known = HashSet::new();
    violations.retain(|violation| known.insert(violation.clone()));
    violations
}
