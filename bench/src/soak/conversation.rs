//! What the tabs of one client share: a session, what was said in it, and how far each tab is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Session;
use crate::{
    history::{Event, Recorder, SessionHistory, TabId, timeline},
    protocol::{
        Target,
        frames::{Message, Role, ServerFrame},
    },
    server::hospital::TOPICS,
};

/// How every message begins, and nothing else that is written anywhere.
pub const OPENING: &str = "What should I know about the";

/// How often a failed answer is asked for again.
const MOST_RETRIES: u32 = 3;

pub struct Conversation {
    session: Session,
    canary: String,
    pub targets: Arc<[Target]>,
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    said: Vec<Said>,
    tabs: BTreeMap<TabId, Progress>,
    /// The newest `seq` that any tab has seen.
    newest: u64,
}

/// A message of this client.
#[derive(Debug, Clone)]
pub struct Said {
    pub message_id: String,
    pub content: String,
    about: &'static str,
    /// Its answer may be stopped. Most may not, so that most questions are answered.
    may_be_withdrawn: bool,
    acknowledged: bool,
    /// Answered, stopped, or failed once too often.
    settled: bool,
    retries: u32,
}

/// How far a tab is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub is_connected: bool,
    pub is_typing: bool,
    /// It has everything up to and with this `seq`.
    pub has_through: u64,
}

impl Conversation {
    pub fn new(session: Session, canary: String, targets: Arc<[Target]>) -> Self {
        Self { session, canary, targets, recorder: Recorder::default(), state: Mutex::default() }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn record(&self, event: Event) {
        self.recorder.record(event);
    }

    pub fn history(&self, stored: Vec<Message>) -> SessionHistory {
        SessionHistory {
            session: self.session.id.clone(),
            canary: self.canary.clone(),
            events: self.recorder.events(),
            stored,
            given_up: 0,
        }
    }

    /// A new question.
    pub fn ask(&self, random: &mut fastrand::Rng) -> Said {
        let about = TOPICS[random.usize(..TOPICS.len())];
        let mut state = self.lock();
        let said = Said {
            message_id: format!("{}-{}", self.canary, state.said.len()),
            content: format!("{OPENING} {about} {}?", self.canary),
            about,
            may_be_withdrawn: random.u32(..5) == 0,
            acknowledged: false,
            settled: false,
            retries: 0,
        };
        state.said.push(said.clone());
        said
    }

    /// Writes down that a tab sends a message.
    pub fn record_sent(&self, tab: TabId, said: &Said) {
        self.record(Event::Sent {
            tab,
            message_id: said.message_id.clone(),
            content: said.content.clone(),
            about: said.about.to_owned(),
        });
    }

    /// Questions that wait for an answer.
    pub fn open_questions(&self) -> usize {
        self.lock().said.iter().filter(|said| !said.settled).count()
    }

    /// Something said not long ago.
    pub fn something_said(&self, random: &mut fastrand::Rng) -> Option<Said> {
        let state = self.lock();
        let recent = &state.said[state.said.len().saturating_sub(5)..];
        (!recent.is_empty()).then(|| recent[random.usize(..recent.len())].clone())
    }

    pub fn said(&self, message_id: &str) -> Option<Said> {
        self.lock().said.iter().find(|said| said.message_id == message_id).cloned()
    }

    /// A question whose answer is to be stopped. It counts as settled from now on.
    pub fn withdraw(&self) -> Option<String> {
        let mut state = self.lock();
        let said = state.said.iter_mut().find(|said| said.may_be_withdrawn && said.acknowledged && !said.settled)?;
        said.settled = true;
        Some(said.message_id.clone())
    }

    /// Takes note of a frame. Returns a message that failed and is to be sent again.
    pub fn take_note(&self, frame: &ServerFrame) -> Option<String> {
        let mut state = self.lock();
        state.newest = state.newest.max(frame.seq().unwrap_or(0));
        match frame {
            ServerFrame::Ack { message_id, .. } => state.find(message_id)?.acknowledged = true,
            ServerFrame::Message(message) if message.role == Role::Assistant => {
                state.find(message.in_reply_to.as_deref()?)?.settled = true;
            }
            ServerFrame::Error { code, message_id: Some(message_id), retryable: true }
                if timeline::is_failed_answer(code) =>
            {
                let said = state.find(message_id)?;
                said.retries += 1;
                said.settled = said.settled || said.retries > MOST_RETRIES;
                return (!said.settled).then(|| message_id.clone());
            }
            _ => {}
        }
        None
    }

    /// Takes note of a history that a page was loaded with.
    pub fn take_note_of_all(&self, stored: &[Message]) {
        for message in stored {
            self.take_note(&ServerFrame::Message(message.clone()));
        }
    }

    pub fn report(&self, tab: TabId, progress: Progress) {
        self.lock().tabs.insert(tab, progress);
    }

    pub fn newest(&self) -> u64 {
        self.lock().newest
    }

    /// Everything is acknowledged and answered, and every tab has all of it.
    pub fn is_settled(&self) -> bool {
        let state = self.lock();
        let all_through = |tab: &Progress| tab.is_connected && !tab.is_typing && tab.has_through >= state.newest;
        state.said.iter().all(|said| said.acknowledged && said.settled) && state.tabs.values().all(all_through)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, message_id: &str) -> Option<&mut Said> {
        self.said.iter_mut().find(|said| said.message_id == message_id)
    }
}
