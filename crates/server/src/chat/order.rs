//! Stored events in their order, one socket at a time.
//!
//! Events are numbered under the database's lock but delivered by whoever stored them, so two of them can arrive in the
//! other order. A client that remembers only the newest `seq` it saw would then miss the late one for ever.

use std::collections::BTreeMap;

use bytes::Bytes;

/// What a client has, and what waits until it has all before.
#[derive(Debug)]
pub struct Order {
    through: i64,
    waiting: BTreeMap<i64, Bytes>,
}

impl Order {
    /// The client has everything up to and with this `seq`.
    pub fn through(seq: i64) -> Self {
        Self { through: seq, waiting: BTreeMap::new() }
    }

    /// Takes an event's frame, and returns the frames whose turn it is now. What the client has already comes to nothing.
    pub fn take(&mut self, seq: i64, frame: Bytes) -> Vec<Bytes> {
        let mut ready = Vec::new();
        if seq > self.through {
            self.waiting.entry(seq).or_insert(frame);
        }
        while let Some(frame) = self.waiting.remove(&(self.through + 1)) {
            self.through += 1;
            ready.push(frame);
        }
        ready
    }

    /// Begins anew from `seq`, and gives back what waited.
    pub fn restart(&mut self, seq: i64) -> BTreeMap<i64, Bytes> {
        self.through = seq;
        std::mem::take(&mut self.waiting)
    }

    /// The newest `seq` before which nothing is missing.
    pub fn newest(&self) -> i64 {
        self.through
    }

    /// Whether something waits for an event that has not come.
    pub fn has_gap(&self) -> bool {
        !self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn events_come_out_in_order_and_once() {
        let mut order = Order::through(3);
        assert_eq!(order.take(3, frame("three")), Vec::<Bytes>::new());
        assert_eq!(order.take(5, frame("five")), Vec::<Bytes>::new());
        assert!(order.has_gap());
        assert_eq!(order.take(4, frame("four")), [frame("four"), frame("five")]);
        assert_eq!(order.take(5, frame("five")), Vec::<Bytes>::new());
        assert!(!order.has_gap());
        assert_eq!(order.newest(), 5);
    }
}
