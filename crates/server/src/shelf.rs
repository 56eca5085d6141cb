//! What was read a moment ago and is likely to be asked for again.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

pub struct Shelf<Key, Value> {
    /// Values kept at most. Where there is no room the shelf is cleared: more in use at once is another product.
    most: usize,
    /// How long a value is taken for what it was.
    fresh_for: Duration,
    kept: Mutex<HashMap<Key, (Instant, Value)>>,
}

impl<Key: Eq + Hash, Value: Clone> Shelf<Key, Value> {
    pub fn new(most: usize, fresh_for: Duration) -> Self {
        Self { most, fresh_for, kept: Mutex::default() }
    }

    /// The value, while it is fresh.
    pub fn get<Asked: Eq + Hash + ?Sized>(&self, key: &Asked) -> Option<Value>
    where
        Key: Borrow<Asked>,
    {
        let kept = self.lock();
        let (read, value) = kept.get(key)?;
        (read.elapsed() < self.fresh_for).then(|| value.clone())
    }

    /// Keeps a value as it was when its reading began.
    pub fn keep(&self, key: Key, read: Instant, value: Value) {
        let mut kept = self.lock();
        if kept.len() >= self.most {
            kept.clear();
        }
        kept.insert(key, (read, value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Instant, Value)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_while_it_is_fresh() {
        let shelf = Shelf::<String, u32>::new(2, Duration::from_secs(60));
        let now = Instant::now();
        shelf.keep("one".into(), now, 1);
        assert_eq!(shelf.get("one"), Some(1));
        assert_eq!(shelf.get("two"), None);
        shelf.keep("one".into(), now.checked_sub(Duration::from_secs(61)).unwrap(), 1);
        assert_eq!(shelf.get("one"), None, "it was read too long ago");
    }

    #[test]
    fn there_are_never_more_values_than_allowed() {
        let shelf = Shelf::<u32, u32>::new(2, Duration::MAX);
        for key in 1..=3 {
            shelf.keep(key, Instant::now(), key);
        }
        assert_eq!(shelf.get(&3), Some(3));
        assert!(shelf.lock().len() <= 2);
    }
}
