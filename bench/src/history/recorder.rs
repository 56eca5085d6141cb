//! Writing down what happens to the tabs of one session, in the order in which it is seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::protocol::frames::{Message, ServerFrame};

/// A tab of a session. A reload makes a new page in the same tab.
pub type TabId = usize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The page was loaded, with this history. What the tab knew before is forgotten.
    Loaded {
        tab: TabId,
        stored: Vec<Message>,
    },
    /// A socket is open.
    Connected {
        tab: TabId,
    },
    /// The tab asks for what came after `last_seq`.
    Resumed {
        tab: TabId,
        last_seq: u64,
    },
    /// The socket is gone; where the server closed it, with this code.
    Disconnected {
        tab: TabId,
        code: Option<u16>,
    },
    /// The tab is closed for good.
    Left {
        tab: TabId,
    },
    /// The tab sends a message, for the first time or again. The answer has to hold `about`.
    Sent {
        tab: TabId,
        message_id: String,
        content: String,
        about: String,
    },
    /// The tab stops the answer to a message.
    Cancelled {
        tab: TabId,
        message_id: String,
    },
    Received {
        tab: TabId,
        frame: ServerFrame,
    },
    /// Something came that is no frame of the protocol.
    Unreadable {
        tab: TabId,
        text: String,
    },
}

/// All of one session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionHistory {
    pub session: String,
    /// A word that this session's messages hold, and nobody else's.
    pub canary: String,
    pub events: Vec<Event>,
    /// What the server says is stored, in the end.
    pub stored: Vec<Message>,
    /// How many answers failed by what the servers log, whether or not anybody was there to be told.
    pub given_up: usize,
}

/// Shared by the tabs of a session.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    events: Arc<Mutex<Vec<Event>>>,
}

impl Recorder {
    pub fn record(&self, event: Event) {
        self.lock().push(event);
    }

    pub fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
