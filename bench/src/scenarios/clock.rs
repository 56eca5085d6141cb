//! A clock that all processes of this machine share.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds since some point in the past, the same one for every process.
pub fn shared_micros() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000 + now.tv_nsec.cast_unsigned() / 1_000
}
