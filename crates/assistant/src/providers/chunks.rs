//! The bytes of a reply, as they come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::{sync::Notify, task::JoinSet};

/// Bytes that are read ahead at most, but for one chunk.
const MOST: usize = 64 * 1024;

/// The connection broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// What of a reply has not been received yet. Dropping it closes the connection.
pub struct Chunks {
    /// None: a task has it, which reads ahead.
    response: Option<Response>,
    ahead: Arc<Ahead>,
    /// Dropping it ends that task.
    task: JoinSet<()>,
}

/// Between that task and whoever receives.
#[derive(Default)]
struct Ahead {
    read: Mutex<Read>,
    /// There is as much as the receiver waits for.
    is_enough: Notify,
    /// Everything was received.
    has_room: Notify,
}

#[derive(Default)]
struct Read {
    bytes: BytesMut,
    /// Of how many the receiver wants to hear.
    wanted: usize,
    /// How the reply ended.
    end: Option<Result<(), Broken>>,
}

impl Chunks {
    pub fn new(response: Response) -> Self {
        Self { response: Some(response), ahead: Arc::default(), task: JoinSet::new() }
    }

    /// Has a task of its own read what comes from now on. In a burst that wakes whoever passes an answer on once for many chunks.
    pub fn read_ahead(&mut self) {
        if let Some(response) = self.response.take() {
            self.task.spawn(read_ahead(response, Arc::clone(&self.ahead)));
        }
    }

    /// The next chunk, or all that was read ahead. None: the reply is complete.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        if let Some(response) = &mut self.response {
            return response.chunk().await.map_err(|_| Broken);
        }
        self.ahead.wait_for(1).await;
        match self.at_hand() {
            Some(bytes) => Ok(Some(bytes)),
            None => self.ahead.lock().end.unwrap_or(Err(Broken)).map(|()| None),
        }
    }

    /// All that was read ahead, if there is any.
    pub fn at_hand(&self) -> Option<Bytes> {
        let bytes = self.ahead.lock().bytes.split();
        if bytes.len() >= MOST {
            self.ahead.has_room.notify_one();
        }
        (!bytes.is_empty()).then(|| bytes.freeze())
    }

    /// Waits until nothing more is read ahead: there is a lot, or all.
    pub async fn many(&self) {
        self.ahead.wait_for(MOST).await;
    }
}

impl Ahead {
    /// Waits for so many bytes, or the end.
    async fn wait_for(&self, wanted: usize) {
        loop {
            {
                let mut read = self.lock();
                if read.bytes.len() >= wanted || read.end.is_some() {
                    return;
                }
                read.wanted = wanted;
            }
            self.is_enough.notified().await;
        }
    }

    /// Takes in what came next, and tells whether there is room for more.
    fn add(&self, next: Result<Option<Bytes>, Broken>) -> bool {
        let mut read = self.lock();
        match next {
            Ok(Some(chunk)) => read.bytes.extend_from_slice(&chunk),
            Ok(None) => read.end = Some(Ok(())),
            Err(Broken) => read.end = Some(Err(Broken)),
        }
        if read.bytes.len() >= read.wanted || read.end.is_some() {
            // Said once: whoever wants more says so.
            read.wanted = usize::MAX;
            self.is_enough.notify_one();
        }
        read.bytes.len() < MOST
    }

    fn lock(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_ahead(mut response: Response, ahead: Arc<Ahead>) {
    loop {
        let next = response.chunk().await.map_err(|_| Broken);
        let is_end = !matches!(next, Ok(Some(_)));
        let has_room = ahead.add(next);
        if is_end {
            return;
        }
        if !has_room {
            ahead.has_room.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(bytes: usize) -> Result<Option<Bytes>, Broken> {
        Ok(Some(Bytes::from(vec![b'.'; bytes])))
    }

    #[tokio::test]
    async fn whoever_waits_for_many_is_woken_when_they_are_there_and_at_the_end() {
        let chunks = Chunks { response: None, ahead: Arc::default(), task: JoinSet::new() };
        for last in [chunk(6), Ok(None), Err(Broken)] {
            let ahead = Arc::clone(&chunks.ahead);
            let waits = tokio::spawn(async move { ahead.wait_for(10).await });
            tokio::task::yield_now().await;
            assert!(chunks.ahead.add(chunk(5)));
            tokio::task::yield_now().await;
            assert!(!waits.is_finished(), "{last:?}");
            chunks.ahead.add(last);
            waits.await.unwrap();
            assert!(chunks.at_hand().is_some_and(|bytes| bytes.len() >= 5));
            chunks.ahead.lock().end = None;
        }
    }

    #[tokio::test]
    async fn a_reply_that_ends_or_breaks_off_is_received_to_there() {
        for end in [Ok(None), Err(Broken)] {
            let mut chunks = Chunks { response: None, ahead: Arc::default(), task: JoinSet::new() };
            chunks.ahead.add(chunk(3));
            chunks.ahead.add(end.clone());
            assert_eq!(chunks.next().await, chunk(3));
            assert_eq!(chunks.next().await, end);
        }
    }

    #[test]
    fn what_nobody_receives_is_not_read_on_without_end() {
        let ahead = Ahead::default();
        assert!(ahead.add(chunk(MOST - 1)));
        assert!(!ahead.add(chunk(1)));
    }
}
