//! How many sockets there may be, and how much each may send.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use kuzushi_domain::{Id, id};

/// Frames a socket may send in a second, with ten times as many at once.
const FRAMES_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();
const FRAMES_AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Frames refused for their number after which a socket is taken for hostile.
const REFUSALS: u32 = 100;

/// Over how long the sockets of a stopping server come back: a millisecond each, within these bounds.
const SHORTEST_SPREAD_MS: u32 = 1_000;
const LONGEST_SPREAD_MS: u32 = 15_000;

/// Counts the sockets of this process.
#[derive(Clone)]
pub struct ConnectionLimit {
    open: Arc<AtomicUsize>,
    most: usize,
}

/// One counted socket.
pub struct ConnectionSlot(Arc<AtomicUsize>);

impl ConnectionLimit {
    pub fn new(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// None: there are as many as there may be.
    pub fn take(&self) -> Option<ConnectionSlot> {
        let taken =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < self.most).then_some(open + 1));
        taken.is_ok().then(|| ConnectionSlot(Arc::clone(&self.open)))
    }
}

impl ConnectionLimit {
    /// Milliseconds after which one of the sockets that are told to leave may come back: each at another time, so that
    /// the next server is not overrun.
    pub fn return_after_ms(&self) -> u32 {
        let open = u32::try_from(self.open.load(Ordering::Acquire)).unwrap_or(u32::MAX);
        let spread = open.clamp(SHORTEST_SPREAD_MS, LONGEST_SPREAD_MS);
        let mut random = [0; 4];
        // Without randomness everybody comes at once, which is no reason to fail.
        let _ = aws_lc_rs::rand::fill(&mut random);
        u32::from_le_bytes(random) % spread
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Limits messages per conversation, whatever the number of its sockets.
pub struct MessageLimit(DefaultKeyedRateLimiter<Id<id::Session>>);

impl MessageLimit {
    pub fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_minute(per_minute)))
    }

    /// Whether the conversation may send one more message now.
    pub fn take(&self, session: Id<id::Session>) -> bool {
        self.0.check_key(&session).is_ok()
    }

    /// Forgets conversations that have been quiet long enough to have their whole allowance again.
    pub fn forget_the_quiet(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

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
    fn a_slot_comes_back_when_its_socket_goes() {
        let limit = ConnectionLimit::new(1);
        let slot = limit.take();
        assert!(slot.is_some());
        assert!(limit.take().is_none());
        drop(slot);
        assert!(limit.take().is_some());
    }

    #[test]
    fn one_conversations_messages_do_not_count_for_another() {
        let limit = MessageLimit::new(2);
        let (one, two) = (Id::generate(), Id::generate());
        assert!(limit.take(one) && limit.take(one));
        assert!(!limit.take(one));
        assert!(limit.take(two));
    }

    #[test]
    fn a_flood_is_first_refused_and_then_abuse() {
        let mut limit = FrameLimit::default();
        let allowances: Vec<_> = (0..400).map(|_| limit.take()).collect();
        assert_eq!(allowances[0], Allowance::Granted);
        assert!(allowances.contains(&Allowance::Refused));
        assert_eq!(allowances[399], Allowance::Abused);
    }
}
