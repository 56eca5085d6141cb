//! What was found out lately, kept under a keyed hash of what it was found out from: no word of a patient is kept.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The newest few results, each a function of the question it is kept under.
pub struct Recent<Value> {
    most: usize,
    /// Nobody knows it, so nobody can tell from a hash what was asked.
    key: RandomState,
    kept: Mutex<Kept<Value>>,
}

struct Kept<Value> {
    by_hash: HashMap<u64, Value>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl<Value: Clone> Recent<Value> {
    /// Keeps so many at most.
    pub fn new(most: usize) -> Self {
        let kept = Kept { by_hash: HashMap::new(), order: VecDeque::new() };
        Self { most, key: RandomState::default(), kept: Mutex::new(kept) }
    }

    /// The result for a question, from memory if it was asked lately.
    pub fn get(&self, question: impl Hash, find: impl FnOnce() -> Value) -> Value {
        let hash = self.key.hash_one(question);
        if let Some(value) = self.lock().by_hash.get(&hash) {
            return value.clone();
        }
        // Not under the lock: others ask meanwhile.
        let value = find();
        let mut kept = self.lock();
        if kept.by_hash.insert(hash, value.clone()).is_none() {
            kept.order.push_back(hash);
        }
        if kept.order.len() > self.most
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_hash.remove(&oldest);
        }
        value
    }

    fn lock(&self) -> MutexGuard<'_, Kept<Value>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_lately_is_not_found_out_again_and_the_oldest_is_forgotten() {
        let recent = Recent::new(3);
        let asked = |question: &str| {
            let mut is_new = false;
            assert_eq!(
                recent.get(question, || {
                    is_new = true;
                    question.len()
                }),
                question.len()
            );
            is_new
        };
        assert!(asked("first"));
        assert!(!asked("first"));
        assert!(asked("second") && asked("third"));
        assert!(!asked("first"));
        assert!(asked("one more"));
        assert!(asked("first"));
        assert_eq!(recent.lock().by_hash.len(), 3);
    }
}
