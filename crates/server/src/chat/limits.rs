//! How much one socket may send.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Frames a socket may send in a second, with ten times as many at once.
const FRAMES_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();
const FRAMES_AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Frames refused for their number after which a socket is taken for hostile.
const REFUSALS: u32 = 100;

/// Limits the frames of one socket.
pub struct FrameLimit {
    limiter: DefaultDirectRateLimiter,
    refused: u32,
}

/// What to do with a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Allowance {
    Granted,
    Refused,
    /// Refused so often that the socket should go.
    Abused,
}

impl Default for FrameLimit {
    fn default() -> Self {
        let quota = Quota::per_second(FRAMES_PER_SECOND).allow_burst(FRAMES_AT_ONCE);
        Self { limiter: RateLimiter::direct(quota), refused: 0 }
    }
}

impl FrameLimit {
    pub fn take(&mut self) -> Allowance {
        if self.limiter.check().is_ok() {
            return Allowance::Granted;
        }
        self.refused += 1;
        if self.refused > REFUSALS { Allowance::Abused } else { Allowance::Refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_first_refused_and_then_abuse() {
        let mut limit = FrameLimit::default();
        let allowances: Vec<_> = (0..400).map(|_| limit.take()).collect();
        assert_eq!(allowances[0], Allowance::Granted);
        assert!(allowances.contains(&Allowance::Refused));
        assert_eq!(allowances[399], Allowance::Abused);
    }
}
