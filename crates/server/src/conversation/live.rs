//! The conversations of this process that somebody is listening to or that are being answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use kuzushi_assistant::redact::Placeholders;
use kuzushi_domain::{Id, id};

use super::{
    aloud::VoiceLine,
    answering::{AnswerInTheMaking, Worker},
    emergency::LastSaid,
    listener::Listener,
    recent::RecentMessages,
};

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
    pub last_said: LastSaid,
    /// The call that reads answers out, if there is one.
    pub(super) voice: VoiceLine,
    /// What stands for what in the requests that left for providers. Most conversations are never asked for it.
    placeholders: OnceLock<Placeholders>,
    all: Conversations,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) listeners: Vec<Listener>,
    pub(super) answer: Option<AnswerInTheMaking>,
    pub(super) worker: Worker,
    /// Questions withdrawn while a worker was about, perhaps just before it began to answer them.
    pub(super) withdrawn: Vec<String>,
    /// The newest `seq` that this process knows of.
    pub(super) newest: i64,
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
            last_said: LastSaid::default(),
            voice: VoiceLine::default(),
            placeholders: OnceLock::new(),
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

    pub(super) fn placeholders(&self) -> Placeholders {
        self.placeholders.get_or_init(Placeholders::default).clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
