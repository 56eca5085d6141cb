//! The answer that a conversation is about to get, its text as far as it goes, and who is at it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    delivery::status,
    listener::{AnswerText, Waiting},
    live::{Conversation, State},
};
use crate::chat::frames::{ServerFrame, Status};

/// Withdrawn questions a conversation remembers at most; more would be a game, not a visitor.
const MOST_WITHDRAWN: usize = 64;

pub(super) struct AnswerInTheMaking {
    pub(super) question_id: String,
    pub(super) answer: AnswerText,
    pub(super) cancel: CancellationToken,
    /// Cancelled when the answer is over, whatever came of it.
    over: CancellationToken,
    _ends_it: DropGuard,
    /// Another node gave this answer while this one hung: nobody is told of it any more.
    pub(super) is_outdated: bool,
}

/// Whether somebody is answering this conversation's questions.
#[derive(Default, PartialEq, Eq)]
pub(super) enum Worker {
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

impl Conversation {
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
        let over = CancellationToken::new();
        state.answer = Some(AnswerInTheMaking {
            question_id: question_id.to_owned(),
            answer: AnswerText { run, id: answer_id.into(), text: String::new() },
            cancel: cancel.clone(),
            _ends_it: over.clone().drop_guard(),
            over,
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

    /// Waits until the answer to this question is over: stored, or come to nothing. At once, if it does not run.
    pub async fn answer_over(&self, question_id: &str) {
        let over = self
            .lock()
            .answer
            .as_ref()
            .filter(|making| making.question_id == question_id)
            .map(|making| making.over.clone());
        if let Some(over) = over {
            over.cancelled().await;
        }
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
            state.send(&Waiting::RestOf { answer: Arc::new(making.answer), seq }, None);
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
}

impl State {
    pub(super) fn current_answer(&self) -> Option<&AnswerInTheMaking> {
        self.answer.as_ref().filter(|making| !making.is_outdated)
    }
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::Id;

    use super::{
        super::{
            delivery::{SocketId, tests::waiting},
            live::Conversations,
        },
        *,
    };

    #[tokio::test]
    async fn whoever_waits_for_the_end_of_an_answer_has_it_whatever_comes_of_it() {
        let conversation = Conversations::default().enter(Id::generate());
        conversation.answer_over("q1").await;
        conversation.begin_answer("q1", "a1");
        conversation.answer_over("q2").await;
        let waits = tokio::spawn({
            let conversation = Arc::clone(&conversation);
            async move { conversation.answer_over("q1").await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        conversation.abandon_answer(None);
        waits.await.unwrap();
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
    fn a_question_that_comes_while_the_worker_leaves_is_not_missed() {
        let conversation = Conversations::default().enter(Id::generate());
        assert!(conversation.needs_worker());
        assert!(!conversation.needs_worker());
        assert!(!conversation.release_worker());
        assert!(conversation.release_worker());
        assert!(conversation.needs_worker());
    }
}
