//! What a conversation delivers to the sockets that listen to it.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kuzushi_domain::{Id, id};
use tokio::sync::Notify;

use super::{
    listener::{Delivery, Listener, Subscription, Waiting},
    live::{Conversation, State},
};
use crate::chat::frames::{ServerFrame, Status};

/// One socket of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketId(u64);

impl SocketId {
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Conversation {
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

    /// Tells every socket that the conversation has ended, and stops its answer.
    pub fn end(&self) {
        let mut state = self.lock();
        if let Some(making) = &state.answer {
            making.cancel.cancel();
        }
        state.send(&Waiting::Ended, None);
    }
}

impl State {
    fn listener(&mut self, socket: SocketId) -> Option<&mut Listener> {
        self.listeners.iter_mut().find(|listener| listener.socket == socket)
    }

    pub(super) fn send(&mut self, waiting: &Waiting, except: Option<SocketId>) {
        for listener in self.listeners.iter_mut().filter(|listener| Some(listener.socket) != except) {
            listener.push(waiting.clone());
        }
    }
}

pub(super) fn status(status: Status) -> Waiting {
    Waiting::Passing(ServerFrame::Status { status }.bytes())
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::live::Conversations, *};

    /// All that waits for the socket: tokens as offset and text, the rest by kind.
    pub fn waiting(conversation: &Conversation, socket: SocketId) -> Vec<String> {
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
}
