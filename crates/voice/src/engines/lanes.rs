//! Threads for what has to be told soon.
//!
//! Networks that share their threads take each other's work while they wait for their own: who only wants to know whether somebody
//! speaks would wait for a sentence to be made. In a lane a network has a thread to itself.

use std::sync::{Arc, Mutex, PoisonError};

use rten::ThreadPool;

/// Lanes, as many as were ever needed at the same time.
#[derive(Default)]
pub struct Lanes(Mutex<Vec<Arc<ThreadPool>>>);

impl Lanes {
    /// Does something in a lane that nobody else is in.
    pub fn with<T>(&self, what: impl FnOnce(Arc<ThreadPool>) -> T) -> T {
        let free = self.lock().pop();
        let lane = free.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let result = what(Arc::clone(&lane));
        self.lock().push(lane);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<ThreadPool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_used_again_and_by_one_at_a_time() {
        let lanes = Lanes::default();
        let (one, other) = lanes.with(|one| lanes.with(|other| (one, other)));
        assert!(!Arc::ptr_eq(&one, &other));
        let again = lanes.with(|lane| lane);
        assert!(Arc::ptr_eq(&again, &one) || Arc::ptr_eq(&again, &other));
        assert_eq!(lanes.lock().len(), 2);
    }
}
