//! What was asked lately means the same when it is asked again.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{LazyLock, Mutex, PoisonError},
};

use super::{ENCODER, Meaning, aside};

/// How many meanings are kept: less than a megabyte.
const KEPT: usize = 512;

/// Those of all apps, since a meaning depends on nothing but its text.
static RECENT: LazyLock<Recent> = LazyLock::new(Recent::default);

/// What a patient's text means, from memory if it was asked lately.
pub fn meaning(text: &str) -> Meaning {
    RECENT.get(text, |text| aside(|| ENCODER.encode(&[text])).pop().unwrap_or_default())
}

/// Meanings by a hash of the text with a key that nobody knows: no word of a patient is kept.
#[derive(Default)]
struct Recent {
    key: RandomState,
    meanings: Mutex<Meanings>,
}

#[derive(Default)]
struct Meanings {
    by_hash: HashMap<u64, Meaning>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl Recent {
    fn get(&self, text: &str, find: impl FnOnce(&str) -> Meaning) -> Meaning {
        let hash = self.key.hash_one(text);
        let lock = || self.meanings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meaning) = lock().by_hash.get(&hash) {
            return meaning.clone();
        }
        let meaning = find(text);
        let mut meanings = lock();
        if meanings.by_hash.insert(hash, meaning.clone()).is_none() {
            meanings.order.push_back(hash);
        }
        if meanings.order.len() > KEPT
            && let Some(oldest) = meanings.order.pop_front()
        {
            meanings.by_hash.remove(&oldest);
        }
        meaning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_lately_is_not_read_again_and_the_oldest_is_forgotten() {
        let recent = Recent::default();
        let asked = |text: &str| {
            let mut is_new = false;
            recent.get(text, |_| {
                is_new = true;
                Meaning::default()
            });
            is_new
        };
        assert!(asked("first"));
        assert!(!asked("first"));
        for number in 1..KEPT {
            assert!(asked(&number.to_string()));
        }
        assert!(!asked("first"));
        assert!(asked("one more"));
        assert!(asked("first"));
        assert_eq!(recent.meanings.lock().map(|meanings| meanings.by_hash.len()).ok(), Some(KEPT));
    }
}
