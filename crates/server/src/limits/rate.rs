//! One limit that is counted over time, by the generic cell rate algorithm: each key has a minute's worth at once, and
//! gets it back evenly.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// Keys remembered at most, about 6 MB. Where there are more at once, all of them start anew: whoever can be that many
/// was not held by a limit per key, and the memory is everybody's.
const MOST_KEYS: usize = 100_000;
/// After how many requests it is looked whether there are too many keys.
const LOOK_EVERY: u32 = 1_024;

pub struct Rate<Key: Hash + Eq + Clone> {
    quota: Quota,
    most_keys: usize,
    limiter: RwLock<DefaultKeyedRateLimiter<Key>>,
    taken: AtomicU32,
}

impl<Key: Hash + Eq + Clone> Rate<Key> {
    pub fn per_minute(number: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
        Self { quota, most_keys: MOST_KEYS, limiter: RwLock::new(RateLimiter::keyed(quota)), taken: AtomicU32::new(0) }
    }

    /// Takes one, or tells how long to wait for it.
    pub fn take(&self, key: &Key) -> Result<(), Duration> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
            self.keep_within_bounds();
        }
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        limiter.check_key(key).map_err(|wait| wait.wait_time_from(DefaultClock::default().now()))
    }

    /// The same for a key that may not be known, which is then not counted.
    pub fn take_if_known(&self, key: Option<Key>) -> Result<(), Duration> {
        key.map_or(Ok(()), |key| self.take(&key))
    }

    /// Forgets whoever has been quiet long enough to have their whole allowance again.
    pub fn forget_the_quiet(&self) {
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }

    fn keep_within_bounds(&self) {
        if self.keys() <= self.most_keys {
            return;
        }
        self.forget_the_quiet();
        if self.keys() > self.most_keys {
            *self.limiter.write().unwrap_or_else(PoisonError::into_inner) = RateLimiter::keyed(self.quota);
        }
    }

    fn keys(&self) -> usize {
        self.limiter.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_keys_takes_a_bounded_amount_of_memory() {
        let rate = Rate { most_keys: 100, ..Rate::per_minute(1) };
        for key in 0..10_000_u32 {
            assert_eq!(rate.take(&key), Ok(()));
            assert!(rate.keys() <= 100 + LOOK_EVERY as usize);
        }
    }

    #[test]
    fn who_has_not_asked_for_long_is_forgotten() {
        // A second's worth comes back within a millisecond.
        let rate = Rate::per_minute(60_000);
        rate.take(&1).unwrap();
        assert_eq!(rate.keys(), 1);
        std::thread::sleep(Duration::from_millis(5));
        rate.forget_the_quiet();
        assert_eq!(rate.keys(), 0);
    }
}
