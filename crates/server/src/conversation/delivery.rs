//! Conversations that somebody is listening to or that are being answered, and what they deliver to their sockets.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use kuzushi_domain::{Id, id};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    listener::{AnswerText, Delivery, Listener, Subscription, Waiting},
    recent::RecentMessages,
};
use crate::chat::frames::{ServerFrame, Status};

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

/// All live conversations of this process.
#[derive(Clone, Default)]
pub struct Conversations {
    live: Arc<Mutex<HashMap<Id<id::Session>, Weak<Conversation>>>>,
}

/// A live conversation. It is dropped, and forgotten, with its last socket or answer.
pub struct Conversation {
    id: Id<id::Session>,
    /// Held while something is delivered, so that what a listener has and what follows it fit together.
    state: Mutex<State>,
    pub(super) recent: RecentMessages,
    all: Conversations,
}

#[derive(Default)]
struct State {
    listeners: Vec<Listener>,
    answer: Option<AnswerInTheMaking>,
    worker: Worker,
    /// Questions withdrawn while a worker was about, perhaps just before it began to answer them.
    withdrawn: Vec<String>,
    /// The newest `seq` that this process knows of.
    newest: i64,
}

struct AnswerInTheMaking {
    question_id: String,
    answer: AnswerText,
    cancel: CancellationToken,
    /// Another node gave this answer while this one hung: nobody is told of it any more.
    is_outdated: bool,
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

impl Conversations {
    /// The live conversation with this id, made live if it is not.
    pub fn enter(&self, id: Id<id::Session>) -> Arc<Conversation> {
        let mut live = self.lock();
        if let Some(conversation) = live.get(&id).and_then(Weak::upgrade) {
            return conversation;
        }
        let conversation = Arc::new(Conversation {
            id,
            state: Mutex::default(),
            recent: RecentMessages::default(),
            all: self.clone(),
        });
        live.insert(id, Arc::downgrade(&conversation));
        conversation
    }

    /// The live conversation with this id, if there is one.
    pub fn find(&self, id: Id<id::Session>) -> Option<Arc<Conversation>> {
        self.lock().get(&id).and_then(Weak::upgrade)
    }

    /// Every live conversation.
    pub fn all(&self) -> Vec<Arc<Conversation>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    /// Every live conversation, with the newest `seq` that this process knows of.
    pub fn newest(&self) -> HashMap<Id<id::Session>, i64> {
        self.all().iter().map(|conversation| (conversation.id, conversation.lock().newest)).collect()
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

    /// From now on everything is delivered to this socket: of a running answer, what is still to come.
    pub fn subscribe(self: &Arc<Self>, socket: SocketId) -> Subscription {
        let news = Arc::new(Notify::new());
        let mut listener = Listener::new(socket, Arc::clone(&news));
        let mut state = self.lock();
        if let Some(making) = state.current_answer() {
            listener.start_after(&making.answer);
        }
        state.listeners.push(listener);
        Subscription { conversation: Arc::clone(self), socket, news, has_all: false }
    }

    /// This login lets the socket in, and no longer than it lasts.
    pub fn let_in_by(&self, socket: SocketId, login: Id<id::Login>) {
        if let Some(listener) = self.lock().listener(socket) {
            listener.login = Some(login);
        }
    }

    /// Tells every socket that these logins let in to go, and those of the session's own token as well if one of them made the
    /// conversation its patient's.
    pub(super) fn sign_out(&self, logins: &HashSet<Id<id::Login>>, session_token_too: bool) {
        for listener in &mut self.lock().listeners {
            if listener.login.map_or(session_token_too, |login| logins.contains(&login)) {
                listener.push(Waiting::Ended);
            }
        }
    }

    pub(super) fn restart(&self, socket: SocketId) {
        let mut state = self.lock();
        let is_answering = state.current_answer().is_some();
        if let Some(listener) = state.listener(socket) {
            listener.restart();
            if is_answering {
                listener.push(status(Status::Typing));
            }
        }
    }

    pub(super) fn leave(&self, socket: SocketId) {
        self.lock().listeners.retain(|listener| listener.socket != socket);
    }

    pub(super) fn next_for(&self, socket: SocketId) -> Option<Delivery> {
        let mut state = self.lock();
        let State { listeners, answer, .. } = &mut *state;
        let listener = listeners.iter_mut().find(|listener| listener.socket == socket)?;
        listener.next(answer.as_ref().filter(|making| !making.is_outdated).map(|making| &making.answer))
    }

    /// Delivers a stored event to every socket but the one it came from.
    pub fn deliver(&self, seq: i64, frame: &ServerFrame, except: Option<SocketId>) {
        let mut state = self.lock();
        state.newest = state.newest.max(seq);
        state.send(&Waiting::Stored { seq, frame: frame.bytes() }, except);
    }

    /// Delivers something that is not kept.
    pub fn pass_on(&self, frame: &ServerFrame, except: Option<SocketId>) {
        self.lock().send(&Waiting::Passing(frame.bytes()), except);
    }

    /// A socket that listens already is told of events up to this `seq`. Where others listen they may not have been, and what
    /// this process takes for known it does not look for any more.
    pub fn come_in_with(&self, socket: SocketId, seq: i64) {
        let mut state = self.lock();
        if state.listeners.iter().all(|listener| listener.socket == socket) {
            state.newest = state.newest.max(seq);
        }
    }

    /// The store holds events up to this `seq`, for which every socket is about to look.
    pub fn know_of(&self, seq: i64) {
        let mut state = self.lock();
        state.newest = state.newest.max(seq);
    }

    /// Something may have happened that nobody here was told of: every socket looks in the store.
    pub fn look_in_the_store(&self) {
        for listener in &mut self.lock().listeners {
            listener.fall_behind();
        }
    }

    /// An answer begins. The token tells when the visitor no longer wants it.
    pub fn begin_answer(&self, question_id: &str, answer_id: &str) -> CancellationToken {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let cancel = CancellationToken::new();
        let mut state = self.lock();
        if let Some(position) = state.withdrawn.iter().position(|withdrawn| withdrawn == question_id) {
            state.withdrawn.swap_remove(position);
            cancel.cancel();
        }
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        state.answer = Some(AnswerInTheMaking {
            question_id: question_id.to_owned(),
            answer: AnswerText { run, id: answer_id.into(), text: String::new() },
            cancel: cancel.clone(),
            is_outdated: false,
        });
        state.send(&status(Status::Typing), None);
        cancel
    }

    /// The running answer goes on.
    pub fn extend_answer(&self, delta: &str) {
        let mut state = self.lock();
        let State { listeners, answer, .. } = &mut *state;
        let Some(making) = answer else { return };
        making.answer.text.push_str(delta);
        for listener in listeners {
            listener.wake();
        }
    }

    /// The text of the running answer so far.
    pub fn answer_so_far(&self) -> String {
        self.lock().answer.as_ref().map(|making| making.answer.text.clone()).unwrap_or_default()
    }

    pub fn is_answering(&self) -> bool {
        self.lock().current_answer().is_some()
    }

    /// The question that is being answered.
    pub fn running_question(&self) -> Option<String> {
        self.lock().current_answer().map(|making| making.question_id.clone())
    }

    /// The store says that the running answer to this question was given by another node, while this one hung. Whoever
    /// has it whole is not to get pieces of it; its worker learns of it when it wants to store it.
    pub fn outdate_answer(&self, question_id: &str) {
        if let Some(making) = self.lock().answer.as_mut().filter(|making| making.question_id == question_id) {
            making.is_outdated = true;
        }
    }

    /// The running answer is over, with this stored message. Whoever has not read all of it gets the rest first.
    pub fn complete_answer(&self, seq: i64, message: &ServerFrame) {
        let mut state = self.lock();
        state.newest = state.newest.max(seq);
        if let Some(making) = state.answer.take() {
            state.send(&Waiting::RestOf(Arc::new(making.answer)), None);
        }
        state.send(&Waiting::Stored { seq, frame: message.bytes() }, None);
        state.send(&status(Status::Idle), None);
    }

    /// The running answer came to nothing, for the reason given, where there is one to give.
    pub fn abandon_answer(&self, reason: Option<&ServerFrame>) {
        let mut state = self.lock();
        state.answer = None;
        if let Some(reason) = reason {
            state.send(&Waiting::Passing(reason.bytes()), None);
        }
        state.send(&status(Status::Idle), None);
    }

    /// Stops the answer to this question, if it runs or is just about to.
    pub fn withdraw(&self, question_id: &str) -> Withdrawal {
        let mut state = self.lock();
        match &state.answer {
            Some(making) if making.question_id == question_id => {
                making.cancel.cancel();
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
        let mut state = self.lock();
        if let Some(making) = &state.answer {
            making.cancel.cancel();
        }
        state.send(&Waiting::Ended, None);
    }

    /// Whether somebody of this process answers here.
    pub(super) fn has_worker(&self) -> bool {
        self.lock().worker != Worker::None
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

    /// The worker is gone, whatever came in meanwhile: the next question, or the next look around, finds another one.
    pub(super) fn lose_worker(&self) {
        let mut state = self.lock();
        state.worker = Worker::None;
        state.answer = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn current_answer(&self) -> Option<&AnswerInTheMaking> {
        self.answer.as_ref().filter(|making| !making.is_outdated)
    }

    fn listener(&mut self, socket: SocketId) -> Option<&mut Listener> {
        self.listeners.iter_mut().find(|listener| listener.socket == socket)
    }

    fn send(&mut self, waiting: &Waiting, except: Option<SocketId>) {
        for listener in self.listeners.iter_mut().filter(|listener| Some(listener.socket) != except) {
            listener.push(waiting.clone());
        }
    }
}

fn status(status: Status) -> Waiting {
    Waiting::Passing(ServerFrame::Status { status }.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that waits for the socket: tokens as offset and text, the rest by kind.
    fn waiting(conversation: &Conversation, socket: SocketId) -> Vec<String> {
        let next = || match conversation.next_for(socket)? {
            Delivery::Token { frame, .. } => {
                let token: serde_json::Value = serde_json::from_slice(&frame).unwrap();
                Some(format!("{} {}", token["offset"], token["delta"].as_str().unwrap()))
            }
            Delivery::Stored { seq, .. } => Some(format!("stored {seq}")),
            Delivery::Passing { frame } => {
                let frame: serde_json::Value = serde_json::from_slice(&frame).unwrap();
                Some(frame["status"].as_str().unwrap_or("passing").to_owned())
            }
            Delivery::Ended => Some("ended".into()),
            Delivery::Behind => Some("behind".into()),
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_a_socket_did_not_take_yet_comes_as_one_token() {
        let conversation = Conversations::default().enter(Id::generate());
        let (quick, slow) = (SocketId::next(), SocketId::next());
        let _subscriptions = (conversation.subscribe(quick), conversation.subscribe(slow));
        conversation.begin_answer("q1", "msg_1");
        for (word, offset) in [("Good 👋 ", 0), ("day, ", 8), ("Jane", 13)] {
            conversation.extend_answer(word);
            let taken = waiting(&conversation, quick);
            assert_eq!(taken.last().unwrap(), &format!("{offset} {word}"), "offsets in UTF-16 units");
        }
        assert_eq!(waiting(&conversation, slow), ["typing", "0 Good 👋 day, Jane"]);
    }

    #[test]
    fn whoever_has_not_read_all_of_an_answer_gets_the_rest_before_the_message() {
        let conversation = Conversations::default().enter(Id::generate());
        let socket = SocketId::next();
        let _subscription = conversation.subscribe(socket);
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good ");
        assert_eq!(waiting(&conversation, socket), ["typing", "0 Good "]);
        conversation.extend_answer("day");
        conversation.complete_answer(2, &ServerFrame::Pong);
        assert_eq!(waiting(&conversation, socket), ["5 day", "stored 2", "idle"]);
    }

    #[test]
    fn an_answer_begun_anew_comes_from_its_beginning() {
        let conversation = Conversations::default().enter(Id::generate());
        let socket = SocketId::next();
        let _subscription = conversation.subscribe(socket);
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good evening");
        waiting(&conversation, socket);
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good day");
        assert_eq!(waiting(&conversation, socket), ["typing", "0 Good day"]);
    }

    #[test]
    fn of_an_answer_that_another_node_gave_nobody_hears_any_more() {
        let conversation = Conversations::default().enter(Id::generate());
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good ");
        let socket = SocketId::next();
        let mut subscription = conversation.subscribe(socket);
        assert_eq!(conversation.running_question().as_deref(), Some("q1"));
        conversation.outdate_answer("q2");
        assert!(conversation.is_answering());
        conversation.outdate_answer("q1");
        conversation.extend_answer("day");
        subscription.restart();
        assert_eq!(waiting(&conversation, socket), Vec::<String>::new());
        assert!(!conversation.is_answering());
        assert_eq!(conversation.answer_so_far(), "Good day", "its worker still has it");
        conversation.begin_answer("q2", "msg_2");
        conversation.extend_answer("Yes");
        assert_eq!(waiting(&conversation, socket), ["typing", "0 Yes"]);
    }

    #[test]
    fn a_listener_that_comes_late_gets_the_answer_so_far_when_it_asks() {
        let conversation = Conversations::default().enter(Id::generate());
        conversation.begin_answer("q1", "msg_1");
        conversation.extend_answer("Good 👋 ");
        let socket = SocketId::next();
        let mut late = conversation.subscribe(socket);
        conversation.extend_answer("day");
        assert_eq!(waiting(&conversation, socket), ["8 day"]);
        late.restart();
        assert_eq!(waiting(&conversation, socket), ["typing", "0 Good 👋 day"]);
    }

    #[test]
    fn a_socket_that_takes_nothing_costs_little_and_is_sent_to_the_store() {
        let conversation = Conversations::default().enter(Id::generate());
        let socket = SocketId::next();
        let _subscription = conversation.subscribe(socket);
        for seq in 1..=1_000 {
            conversation.deliver(seq, &ServerFrame::Pong, None);
        }
        let taken = waiting(&conversation, socket);
        assert_eq!(taken[0], "behind");
        assert!(taken.len() < 100, "{}", taken.len());
    }

    #[tokio::test]
    async fn waiting_for_news_ends_with_news() {
        let conversation = Conversations::default().enter(Id::generate());
        let mut subscription = conversation.subscribe(SocketId::next());
        let other = Arc::clone(&conversation);
        let teller = tokio::spawn(async move {
            for seq in 1..=100 {
                other.deliver(seq, &ServerFrame::Pong, None);
                tokio::task::yield_now().await;
            }
        });
        let mut expected = 1..=100;
        while !expected.is_empty() {
            let Delivery::Stored { seq, .. } = subscription.next().await else { panic!("an event") };
            assert_eq!(Some(seq), expected.next());
        }
        teller.await.unwrap();
    }

    #[test]
    fn what_one_socket_knows_on_its_way_in_is_still_looked_for_on_behalf_of_the_others() {
        let conversations = Conversations::default();
        let conversation = conversations.enter(Id::generate());
        let (first, second) = (SocketId::next(), SocketId::next());
        let _first = conversation.subscribe(first);
        conversation.come_in_with(first, 458);
        // Another node stored one more in the meantime.
        let _second = conversation.subscribe(second);
        conversation.come_in_with(second, 459);
        assert_eq!(conversations.newest()[&conversation.id()], 458);
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
