//! What waits for one socket of a conversation, in bounded memory, whatever the socket's pace.
//!
//! Events wait in a short queue. The text of an answer does not wait at all: it is kept once, with the conversation, and
//! each listener remembers how far it has read. A socket that takes its time gets all that came meanwhile as one token.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use kuzushi_domain::{Id, id};
use tokio::sync::Notify;

use super::Conversation;
use crate::chat::frames;

/// Events that may wait for a socket before it has to read from the store instead.
const QUEUE: usize = 64;
/// Bytes of an answer in one token at most.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Something for a socket.
pub enum Delivery {
    /// A stored event.
    Stored { seq: i64, frame: Bytes },
    /// A piece of the answer with this name; where that is complete, with the `seq` under which it is stored.
    Token { answer_id: Arc<str>, stored: Option<i64>, frame: Bytes },
    /// Something that is not kept.
    Passing { frame: Bytes },
    /// The conversation has ended, or whoever is there has signed out.
    Ended,
    /// More has happened than waits here: the rest is in the store.
    Behind,
}

/// An answer's text, complete or not.
pub(super) struct AnswerText {
    /// Tells apart the tries at an answer, which all have the same name.
    pub run: u64,
    pub id: Arc<str>,
    pub text: String,
}

/// Something that waits in the queue.
#[derive(Clone)]
pub(super) enum Waiting {
    Stored {
        seq: i64,
        frame: Bytes,
    },
    Passing(Bytes),
    /// What the listener has not read of an answer that is complete, and stored under this `seq`.
    RestOf {
        answer: Arc<AnswerText>,
        seq: i64,
    },
    Ended,
}

/// How far an answer was read.
#[derive(Default)]
struct Cursor {
    run: u64,
    bytes: usize,
    /// The same in UTF-16 units, as the wire counts.
    units: usize,
}

/// The conversation's side of a subscription.
pub(super) struct Listener {
    pub socket: super::SocketId,
    /// The login that lets the socket in. None: the session's own token does.
    pub login: Option<Id<id::Login>>,
    waiting: VecDeque<Waiting>,
    cursor: Cursor,
    is_behind: bool,
    /// Whether it was woken since it last found nothing.
    is_awake: bool,
    news: Arc<Notify>,
}

/// A socket's side: what is delivered to it from now on.
pub struct Subscription {
    pub(super) conversation: Arc<Conversation>,
    pub(super) socket: super::SocketId,
    pub(super) news: Arc<Notify>,
    /// Whether nothing was left when it last looked: then whatever comes later is news.
    pub(super) has_all: bool,
}

impl Listener {
    pub fn new(socket: super::SocketId, news: Arc<Notify>) -> Self {
        Self {
            socket,
            login: None,
            waiting: VecDeque::new(),
            cursor: Cursor::default(),
            is_behind: false,
            is_awake: false,
            news,
        }
    }

    /// Counts what the running answer says so far as read: only a client that asks for it gets it.
    pub fn start_after(&mut self, answer: &AnswerText) {
        let units = answer.text.encode_utf16().count();
        self.cursor = Cursor { run: answer.run, bytes: answer.text.len(), units };
    }

    /// Forgets what waits and how far it has read.
    pub fn restart(&mut self) {
        *self = Self { login: self.login, ..Self::new(self.socket, Arc::clone(&self.news)) };
    }

    pub fn push(&mut self, waiting: Waiting) {
        if self.waiting.len() < QUEUE {
            self.waiting.push_back(waiting);
        } else {
            self.waiting.clear();
            self.is_behind = true;
        }
        self.wake();
    }

    pub fn fall_behind(&mut self) {
        self.is_behind = true;
        self.wake();
    }

    /// There is something new, here or in the running answer.
    pub fn wake(&mut self) {
        if !self.is_awake {
            self.is_awake = true;
            self.news.notify_one();
        }
    }

    /// What the socket gets next. Events come first: whatever ends an answer brings the rest of its text along.
    pub fn next(&mut self, running: Option<&AnswerText>) -> Option<Delivery> {
        if std::mem::take(&mut self.is_behind) {
            return Some(Delivery::Behind);
        }
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting {
                Waiting::Stored { seq, frame } => return Some(Delivery::Stored { seq, frame }),
                Waiting::Passing(frame) => return Some(Delivery::Passing { frame }),
                Waiting::Ended => return Some(Delivery::Ended),
                Waiting::RestOf { answer, seq } => {
                    if let Some(token) = self.cursor.read(&answer, Some(seq)) {
                        self.waiting.push_front(Waiting::RestOf { answer, seq });
                        return Some(token);
                    }
                }
            }
        }
        let token = running.and_then(|answer| self.cursor.read(answer, None));
        self.is_awake = token.is_some();
        token
    }
}

impl Cursor {
    /// The next piece of the answer, from its beginning when it is not the one that was read so far.
    fn read(&mut self, answer: &AnswerText, stored: Option<i64>) -> Option<Delivery> {
        if self.run != answer.run {
            *self = Self { run: answer.run, bytes: 0, units: 0 };
        }
        let rest = &answer.text[self.bytes..];
        if rest.is_empty() {
            return None;
        }
        let delta = &rest[..rest.floor_char_boundary(LONGEST_TOKEN)];
        let frame = frames::token(&answer.id, delta, self.units);
        self.bytes += delta.len();
        self.units += delta.encode_utf16().count();
        Some(Delivery::Token { answer_id: Arc::clone(&answer.id), stored, frame })
    }
}

impl Subscription {
    /// Waits for the next delivery. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Delivery {
        loop {
            if !self.has_all
                && let Some(delivery) = self.try_next()
            {
                return delivery;
            }
            self.news.notified().await;
            self.has_all = false;
        }
    }

    /// The next delivery, if one waits.
    pub fn try_next(&mut self) -> Option<Delivery> {
        let next = self.conversation.next_for(self.socket);
        self.has_all = next.is_none();
        next
    }

    /// Begins anew: what waited is forgotten, and a running answer comes from its beginning.
    pub fn restart(&mut self) {
        self.has_all = false;
        self.conversation.restart(self.socket);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.conversation.leave(self.socket);
    }
}
