//! Which stored events a client has: all up to some `seq`, and perhaps a few beyond it. Events of different writers
//! can arrive out of order, so the newest one alone would not tell.

use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Seen {
    through: i64,
    beyond: BTreeSet<i64>,
}

impl Seen {
    /// Everything up to and with this `seq`.
    pub fn through(seq: i64) -> Self {
        Self { through: seq, beyond: BTreeSet::new() }
    }

    /// Adds an event. False: the client has it already.
    pub fn add(&mut self, seq: i64) -> bool {
        if seq <= self.through || !self.beyond.insert(seq) {
            return false;
        }
        while self.beyond.remove(&(self.through + 1)) {
            self.through += 1;
        }
        true
    }

    /// The newest `seq` before which nothing is missing.
    pub fn without_gap(&self) -> i64 {
        self.through
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_comes_late_is_new_and_one_that_comes_twice_is_not() {
        let mut seen = Seen::through(3);
        assert!(!seen.add(3));
        assert!(seen.add(5));
        assert!(!seen.add(5));
        assert_eq!(seen.without_gap(), 3);
        assert!(seen.add(4));
        assert_eq!(seen.without_gap(), 5);
    }
}
