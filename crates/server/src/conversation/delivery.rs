//! Conversations that somebody is listening to or that are being answered, and what they deliver to their sockets.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use kuzushi_domain::{Id, id};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::chat::frames::{ServerFrame, Status};

/// Deliveries a socket may lag behind before it has to read from the store again.
const BACKLOG: usize = 256;

/// Withdrawn questions a conversation remembers at most; more would be a game, not a visitor.
const MOST_WITHDRAWN: usize = 64;

/// One socket of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketId(u64);

impl SocketId {
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Something for the sockets of a conversation. Frames are written once, whatever the number of readers.
#[derive(Clone)]
pub enum Delivery {
    /// A stored event.
    Stored { seq: i64, frame: Bytes, except: Option<SocketId> },
    /// A piece of the answer with this name.
    Token { answer_id: Arc<str>, frame: Bytes },
    /// Something that is not kept.
    Passing { frame: Bytes, except: Option<SocketId> },
    /// The conversation has ended.
    Ended,
}

/// All live conversations of this process.
#[derive(Clone, Default)]
pub struct Conversations {
    live: Arc<Mutex<HashMap<Id<id::Session>, Weak<Conversation>>>>,
}

/// A live conversation. It is dropped, and forgotten, with its last socket or answer.
pub struct Conversation {
    id: Id<id::Session>,
    deliveries: broadcast::Sender<Delivery>,
    /// Held while something is delivered, so that a subscriber's snapshot and what follows it fit together.
    state: Mutex<State>,
    all: Conversations,
}

#[derive(Default)]
struct State {
    answer: Option<AnswerInTheMaking>,
    worker: Worker,
    /// Questions withdrawn while a worker was about, perhaps just before it began to answer them.
    withdrawn: Vec<String>,
}

struct AnswerInTheMaking {
    question_id: String,
    answer_id: Arc<str>,
    text: String,
    /// The length of `text` in UTF-16 units, as the wire counts it.
    offset: usize,
    cancel: CancellationToken,
}

/// Whether somebody is answering this conversation's questions.
#[derive(Default, PartialEq, Eq)]
enum Worker {
    #[default]
    None,
    Working,
    /// Working, and something came in that the worker may have missed.
    LookAgain,
}

/// What came of withdrawing a question.
#[derive(Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Its answer ran, and stops.
    Stopped,
    /// Somebody is answering, though not this question yet; they will skip it.
    Noted,
    /// Nobody is answering in this conversation.
    NobodyAnswers,
}

/// What a new listener gets: the answer so far, and all that follows.
pub struct Subscription {
    pub deliveries: broadcast::Receiver<Delivery>,
    pub answer: Option<RunningAnswer>,
}

/// The name of the running answer, with frames that bring a listener up to it.
pub type RunningAnswer = (Arc<str>, [Bytes; 2]);

impl Conversations {
    /// The live conversation with this id, made live if it is not.
    pub fn enter(&self, id: Id<id::Session>) -> Arc<Conversation> {
        let mut live = self.lock();
        if let Some(conversation) = live.get(&id).and_then(Weak::upgrade) {
            return conversation;
        }
        let conversation = Arc::new(Conversation {
            id,
            deliveries: broadcast::Sender::new(BACKLOG),
            state: Mutex::default(),
            all: self.clone(),
        });
        live.insert(id, Arc::downgrade(&conversation));
        conversation
    }

    /// How many conversations are live.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<id::Session>, Weak<Conversation>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let mut live = self.all.lock();
        // Another one of the same id may have been made live since the last reference went.
        if live.get(&self.id).is_some_and(|conversation| conversation.strong_count() == 0) {
            live.remove(&self.id);
        }
    }
}

impl Conversation {
    pub fn id(&self) -> Id<id::Session> {
        self.id
    }

    pub fn subscribe(&self) -> Subscription {
        let state = self.lock();
        let answer = state.answer.as_ref().map(|answer| {
            let so_far =
                ServerFrame::Token { message_id: answer.answer_id.to_string(), delta: answer.text.clone(), offset: 0 };
            (Arc::clone(&answer.answer_id), [ServerFrame::Status { status: Status::Typing }.bytes(), so_far.bytes()])
        });
        Subscription { deliveries: self.deliveries.subscribe(), answer }
    }

    /// Delivers a stored event to every socket but the one it came from.
    pub fn deliver(&self, seq: i64, frame: &ServerFrame, except: Option<SocketId>) {
        self.send(Delivery::Stored { seq, frame: frame.bytes(), except });
    }

    /// Delivers something that is not kept.
    pub fn pass_on(&self, frame: &ServerFrame, except: Option<SocketId>) {
        self.send(Delivery::Passing { frame: frame.bytes(), except });
    }

    /// An answer begins. The token tells when the visitor no longer wants it.
    pub fn begin_answer(&self, question_id: &str, answer_id: &str) -> CancellationToken {
        let cancel = CancellationToken::new();
        let mut state = self.lock();
        if let Some(position) = state.withdrawn.iter().position(|withdrawn| withdrawn == question_id) {
            state.withdrawn.swap_remove(position);
            cancel.cancel();
        }
        state.answer = Some(AnswerInTheMaking {
            question_id: question_id.to_owned(),
            answer_id: answer_id.into(),
            text: String::new(),
            offset: 0,
            cancel: cancel.clone(),
        });
        self.send(Delivery::Passing { frame: ServerFrame::Status { status: Status::Typing }.bytes(), except: None });
        cancel
    }

    /// The running answer goes on.
    pub fn extend_answer(&self, delta: &str) {
        let mut state = self.lock();
        let Some(answer) = &mut state.answer else { return };
        let frame = ServerFrame::Token {
            message_id: answer.answer_id.to_string(),
            delta: delta.to_owned(),
            offset: answer.offset,
        };
        answer.text.push_str(delta);
        answer.offset += delta.encode_utf16().count();
        self.send(Delivery::Token { answer_id: Arc::clone(&answer.answer_id), frame: frame.bytes() });
    }

    /// The text of the running answer so far.
    pub fn answer_so_far(&self) -> String {
        self.lock().answer.as_ref().map(|answer| answer.text.clone()).unwrap_or_default()
    }

    /// The running answer is over. Its last event, where it has one, comes before the word that nobody is typing.
    pub fn finish_answer(&self, last: Option<Delivery>) {
        let mut state = self.lock();
        state.answer = None;
        if let Some(last) = last {
            self.send(last);
        }
        self.send(Delivery::Passing { frame: ServerFrame::Status { status: Status::Idle }.bytes(), except: None });
    }

    /// Stops the answer to this question, if it runs or is just about to.
    pub fn withdraw(&self, question_id: &str) -> Withdrawal {
        let mut state = self.lock();
        match &state.answer {
            Some(answer) if answer.question_id == question_id => {
                answer.cancel.cancel();
                Withdrawal::Stopped
            }
            _ if state.worker == Worker::None => Withdrawal::NobodyAnswers,
            _ => {
                if state.withdrawn.len() < MOST_WITHDRAWN {
                    state.withdrawn.push(question_id.to_owned());
                }
                Withdrawal::Noted
            }
        }
    }

    /// Tells every socket that the conversation has ended, and stops its answer.
    pub fn end(&self) {
        let state = self.lock();
        if let Some(answer) = &state.answer {
            answer.cancel.cancel();
        }
        self.send(Delivery::Ended);
    }

    /// Asks for a worker. True: there was none, and the caller has to become it.
    pub(super) fn needs_worker(&self) -> bool {
        let mut state = self.lock();
        let none = state.worker == Worker::None;
        state.worker = if none { Worker::Working } else { Worker::LookAgain };
        none
    }

    /// The worker found nothing more to do. False: something came in meanwhile, and it has to look again.
    pub(super) fn release_worker(&self) -> bool {
        let mut state = self.lock();
        let done = state.worker != Worker::LookAgain;
        state.worker = if done { Worker::None } else { Worker::Working };
        if done {
            state.withdrawn.clear();
        }
        done
    }

    /// The worker panicked: the next question finds another one.
    pub(super) fn lose_worker(&self) {
        let mut state = self.lock();
        state.worker = Worker::None;
        state.answer = None;
    }

    fn send(&self, delivery: Delivery) {
        // An error only says that nobody listens.
        let _ = self.deliveries.send(delivery);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(frame: &Bytes) -> serde_json::Value {
        serde_json::from_slice(frame).unwrap()
    }

    #[test]
    fn a_listener_that_comes_late_gets_the_answer_so_far_and_goes_on_from_there() {
        let conversations = Conversations::default();
        let conversation = conversations.enter(Id::generate());
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good 👋 ");
        let mut late = conversation.subscribe();
        conversation.extend_answer("day");
        let (_, [_, so_far]) = late.answer.unwrap();
        assert_eq!((text(&so_far)["delta"].as_str(), text(&so_far)["offset"].as_u64()), (Some("Good 👋 "), Some(0)));
        let Ok(Delivery::Token { frame, .. }) = late.deliveries.try_recv() else { panic!("a token") };
        assert_eq!(text(&frame)["offset"], 8, "in UTF-16 units");
    }

    #[test]
    fn a_conversation_nobody_holds_is_forgotten() {
        let conversations = Conversations::default();
        let id = Id::generate();
        let (one, two) = (conversations.enter(id), conversations.enter(id));
        assert!(Arc::ptr_eq(&one, &two));
        drop(one);
        assert_eq!(conversations.count(), 1);
        drop(two);
        assert_eq!(conversations.count(), 0);
    }

    #[test]
    fn a_question_that_comes_while_the_worker_leaves_is_not_missed() {
        let conversation = Conversations::default().enter(Id::generate());
        assert!(conversation.needs_worker());
        assert!(!conversation.needs_worker());
        assert!(!conversation.release_worker());
        assert!(conversation.release_worker());
        assert!(conversation.needs_worker());
    }
}
