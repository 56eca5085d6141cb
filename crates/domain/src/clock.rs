//! Time, passed in rather than read, so that rules about it can be tested.

use chrono::{DateTime, SubsecRound, Utc};

/// Where the current time comes from.
pub trait Clock: Send + Sync {
    /// Now, in UTC, cut to milliseconds: what the wire shows and what both databases keep exactly.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(3)
    }
}
