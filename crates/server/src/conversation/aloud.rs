//! Answers that are read out in a call: what was heard of them is what was said.
//!
//! A call takes the voice of its conversation ([`Conversation::take_voice`]). Answers that begin while it has it go to the call
//! piece by piece, and reach the transcript as they are heard. When the call ends, the rest comes as text.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kuzushi_domain::Phi;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::Conversation;

/// What may wait for a call to take it. An answer waits where it is made until there is room.
const QUEUE: usize = 64;
/// Of these, what answers leave free for what cannot wait: notices, and that nothing more is to be said.
const LEFT_FREE: usize = 16;
/// Where there was no room, how soon it is looked again whether there is.
const AGAIN: Duration = Duration::from_millis(20);

/// What a call is given to say.
#[derive(Debug)]
pub enum ToSay {
    /// An answer begins. `heard` is told how many bytes of its text were heard, and is dropped when no more will be.
    Begin {
        answer: u64,
        question_id: String,
        heard: watch::Sender<usize>,
    },
    Text {
        answer: u64,
        text: Phi<String>,
    },
    End {
        answer: u64,
    },
    /// Nothing comes of an answer that was begun.
    Broken {
        answer: u64,
    },
    /// What has to be heard before anything else.
    Notice(Phi<String>),
    /// Whoever listens wants to hear no more of what is being said.
    Stop,
}

/// Where a conversation's call is, if it has one.
#[derive(Default)]
pub struct VoiceLine(Mutex<Option<Arc<mpsc::Sender<ToSay>>>>);

/// A call's hold on the voice of its conversation. It ends when it is dropped.
pub struct Voice {
    conversation: Arc<Conversation>,
    line: Arc<mpsc::Sender<ToSay>>,
}

/// An answer that is being read out.
pub struct ReadAloud {
    line: Arc<mpsc::Sender<ToSay>>,
    answer: u64,
    text: String,
    /// Bytes of the text that the call was given.
    given: usize,
    /// Whether all of it has come, and the call has not been told yet.
    is_ending: bool,
    heard: watch::Receiver<usize>,
    /// Bytes of the text that were passed on as heard.
    passed_on: usize,
    /// Whether the call knows how it ends.
    is_over: bool,
}

impl VoiceLine {
    fn get(&self) -> Option<Arc<mpsc::Sender<ToSay>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Conversation {
    /// From now on answers are read out by whoever has the receiver. A call that had the voice before loses it.
    pub fn take_voice(self: &Arc<Self>) -> (Voice, mpsc::Receiver<ToSay>) {
        let (line, to_say) = mpsc::channel(QUEUE);
        let line = Arc::new(line);
        *self.voice.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&line));
        (Voice { conversation: Arc::clone(self), line }, to_say)
    }

    /// Whether somebody would read an answer out.
    pub fn has_voice(&self) -> bool {
        self.voice.get().is_some()
    }

    /// The answer to this question is read out, where there is a call.
    pub(super) fn read_aloud(&self, question_id: &str) -> Option<ReadAloud> {
        static ANSWERS: AtomicU64 = AtomicU64::new(1);
        let line = self.voice.get()?;
        let answer = ANSWERS.fetch_add(1, Ordering::Relaxed);
        let (told, heard) = watch::channel(0);
        // A call that takes nothing reads nothing out.
        line.try_send(ToSay::Begin { answer, question_id: question_id.to_owned(), heard: told }).ok()?;
        Some(ReadAloud {
            line,
            answer,
            text: String::new(),
            given: 0,
            is_ending: false,
            heard,
            passed_on: 0,
            is_over: false,
        })
    }

    /// Has a notice said in the call, if there is one.
    pub fn say_notice(&self, text: &Phi<String>) {
        if let Some(line) = self.voice.get() {
            // A call that has just ended says nothing more, and one that takes nothing has enough notices: it is in the chat.
            let _ = line.try_send(ToSay::Notice(text.clone()));
        }
    }

    /// Whoever is in the call wants to hear no more of what is being said: they have typed something.
    pub fn quieten_voice(&self) {
        if let Some(line) = self.voice.get() {
            let _ = line.try_send(ToSay::Stop);
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        let mut line = self.conversation.voice.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.take_if(|line| Arc::ptr_eq(line, &self.line));
    }
}

impl ReadAloud {
    /// More of the answer. What the call has no room for is given while it is awaited what was heard ([`Self::heard`]).
    pub fn say(&mut self, delta: &str) {
        self.text.push_str(delta);
        self.give();
    }

    /// All of it has been given.
    pub fn end(&mut self) {
        self.is_ending = true;
        self.give();
    }

    /// Nobody wants to hear the rest.
    pub fn stop(&mut self) {
        self.is_over = true;
        let _ = self.line.try_send(ToSay::Stop);
    }

    /// Waits for what is heard next, and returns its text. None: nothing more is heard. Nothing is lost when the wait is given
    /// up.
    pub async fn heard(&mut self) -> Option<String> {
        loop {
            let is_waiting = self.is_waiting();
            tokio::select! {
                changed = self.heard.changed() => changed.ok()?,
                // Not by waiting in line for room: that would take it from notices.
                () = sleep(AGAIN), if is_waiting => {
                    self.give();
                    continue;
                }
            }
            let bytes = self.text.floor_char_boundary(*self.heard.borrow());
            if bytes > self.passed_on {
                let heard = self.text[self.passed_on..bytes].to_owned();
                self.passed_on = bytes;
                return Some(heard);
            }
        }
    }

    fn is_waiting(&self) -> bool {
        self.given < self.text.len() || (self.is_ending && !self.is_over)
    }

    fn give(&mut self) {
        if self.given < self.text.len() && self.line.capacity() > LEFT_FREE {
            let text = Phi::from(&self.text[self.given..]);
            if self.line.try_send(ToSay::Text { answer: self.answer, text }).is_ok() {
                self.given = self.text.len();
            }
        }
        if self.is_ending && self.given == self.text.len() && self.line.capacity() > LEFT_FREE {
            self.is_over |= self.line.try_send(ToSay::End { answer: self.answer }).is_ok();
        }
    }

    /// What was given and not heard.
    pub fn rest(&mut self) -> String {
        let rest = self.text[self.passed_on..].to_owned();
        self.passed_on = self.text.len();
        rest
    }
}

impl Drop for ReadAloud {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.line.try_send(ToSay::Broken { answer: self.answer });
        }
    }
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::Id;

    use super::{super::live::Conversations, *};

    #[tokio::test]
    async fn an_answer_reaches_the_transcript_as_it_is_heard_and_its_rest_when_the_call_ends() {
        let conversation = Conversations::default().enter(Id::generate());
        assert!(conversation.read_aloud("q1").is_none(), "nobody would read it");
        let (voice, mut to_say) = conversation.take_voice();
        let mut aloud = conversation.read_aloud("q1").unwrap();
        let Some(ToSay::Begin { question_id, heard, .. }) = to_say.recv().await else { panic!("an answer") };
        assert_eq!(question_id, "q1");
        aloud.say("Good ");
        aloud.say("day, Jané");
        heard.send(5).unwrap();
        assert_eq!(aloud.heard().await.as_deref(), Some("Good "));
        heard.send(3).unwrap();
        heard.send(14).unwrap();
        assert_eq!(aloud.heard().await.as_deref(), Some("day, Jan"), "never half of a letter, and nothing twice");
        drop((heard, voice));
        assert_eq!(aloud.heard().await, None);
        assert_eq!(aloud.rest(), "é");
        assert!(!conversation.has_voice() && aloud.rest().is_empty());
    }

    #[tokio::test]
    async fn a_call_that_takes_nothing_holds_no_more_than_its_queue_and_misses_nothing() {
        let conversation = Conversations::default().enter(Id::generate());
        let (_voice, mut to_say) = conversation.take_voice();
        let mut aloud = conversation.read_aloud("q1").unwrap();
        let mut whole = String::new();
        for number in 0..10_000 {
            let piece = format!("{number} ");
            aloud.say(&piece);
            whole.push_str(&piece);
        }
        aloud.end();
        conversation.say_notice(&Phi::from("Call 911."));
        assert!(to_say.len() <= QUEUE, "{}", to_say.len());

        let Some(ToSay::Begin { heard, .. }) = to_say.recv().await else { panic!("an answer") };
        let (mut text, mut notices, mut is_ended) = (String::new(), 0, false);
        while !is_ended {
            tokio::select! {
                heard = aloud.heard() => assert!(heard.is_none(), "nothing was heard yet"),
                Some(next) = to_say.recv() => match next {
                    ToSay::Text { text: piece, .. } => text.push_str(piece.expose()),
                    ToSay::Notice(_) => notices += 1,
                    ToSay::End { .. } => is_ended = true,
                    _ => panic!("nothing else"),
                },
            }
        }
        assert_eq!((text.len(), text == whole, notices), (whole.len(), true, 1));
        heard.send(whole.len()).unwrap();
        assert_eq!(aloud.heard().await, Some(whole));
        drop(aloud);
        assert!(to_say.try_recv().is_err(), "it ended, and did not break off");
    }

    #[tokio::test]
    async fn what_breaks_off_is_told_and_what_ended_is_not() {
        let conversation = Conversations::default().enter(Id::generate());
        let (_voice, mut to_say) = conversation.take_voice();
        drop(conversation.read_aloud("q1"));
        let mut ended = conversation.read_aloud("q2").unwrap();
        ended.end();
        drop(ended);
        let mut told = Vec::new();
        while let Ok(to_say) = to_say.try_recv() {
            told.push(match to_say {
                ToSay::Begin { .. } => "begin",
                ToSay::Broken { .. } => "broken",
                ToSay::End { .. } => "end",
                _ => "other",
            });
        }
        assert_eq!(told, ["begin", "broken", "begin", "end"]);
    }

    #[test]
    fn a_later_call_keeps_the_voice_when_the_one_before_it_ends() {
        let conversation = Conversations::default().enter(Id::generate());
        let (first, _) = conversation.take_voice();
        let (second, _) = conversation.take_voice();
        drop(first);
        assert!(conversation.has_voice());
        drop(second);
        assert!(!conversation.has_voice());
    }
}
