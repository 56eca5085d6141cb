//! Answers that are read out in a call: what was heard of them is what was said.
//!
//! A call takes the voice of its conversation ([`Conversation::take_voice`]). Answers that begin while it has it go to the call
//! piece by piece, and reach the transcript as they are heard. When the call ends, the rest comes as text.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use kuzushi_domain::Phi;
use tokio::sync::mpsc;

use super::Conversation;

/// What a call is given to say.
#[derive(Debug)]
pub enum ToSay {
    /// An answer begins. `heard` is told how many bytes of its text were heard, and is dropped when no more will be.
    Begin {
        answer: u64,
        question_id: String,
        heard: mpsc::UnboundedSender<usize>,
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
pub struct VoiceLine(Mutex<Option<Arc<mpsc::UnboundedSender<ToSay>>>>);

/// A call's hold on the voice of its conversation. It ends when it is dropped.
pub struct Voice {
    conversation: Arc<Conversation>,
    line: Arc<mpsc::UnboundedSender<ToSay>>,
}

/// An answer that is being read out.
pub struct ReadAloud {
    line: Arc<mpsc::UnboundedSender<ToSay>>,
    answer: u64,
    text: String,
    heard: mpsc::UnboundedReceiver<usize>,
    /// Bytes of the text that were passed on as heard.
    passed_on: usize,
    /// Whether the call knows how it ends.
    is_over: bool,
}

impl VoiceLine {
    fn get(&self) -> Option<Arc<mpsc::UnboundedSender<ToSay>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Conversation {
    /// From now on answers are read out by whoever has the receiver. A call that had the voice before loses it.
    pub fn take_voice(self: &Arc<Self>) -> (Voice, mpsc::UnboundedReceiver<ToSay>) {
        let (line, to_say) = mpsc::unbounded_channel();
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
        let (told, heard) = mpsc::unbounded_channel();
        line.send(ToSay::Begin { answer, question_id: question_id.to_owned(), heard: told }).ok()?;
        Some(ReadAloud { line, answer, text: String::new(), heard, passed_on: 0, is_over: false })
    }

    /// Has a notice said in the call, if there is one.
    pub fn say_notice(&self, text: &Phi<String>) {
        if let Some(line) = self.voice.get() {
            // A call that has just ended says nothing more.
            let _ = line.send(ToSay::Notice(text.clone()));
        }
    }

    /// Whoever is in the call wants to hear no more of what is being said: they have typed something.
    pub fn quieten_voice(&self) {
        if let Some(line) = self.voice.get() {
            let _ = line.send(ToSay::Stop);
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
    pub fn say(&mut self, delta: &str) {
        self.text.push_str(delta);
        let _ = self.line.send(ToSay::Text { answer: self.answer, text: Phi::from(delta) });
    }

    /// All of it has been given.
    pub fn end(&mut self) {
        self.is_over = true;
        let _ = self.line.send(ToSay::End { answer: self.answer });
    }

    /// Nobody wants to hear the rest.
    pub fn stop(&mut self) {
        self.is_over = true;
        let _ = self.line.send(ToSay::Stop);
    }

    /// Waits for what is heard next, and returns its text. None: nothing more is heard. Nothing is lost when the wait is given
    /// up.
    pub async fn heard(&mut self) -> Option<String> {
        loop {
            let bytes = self.heard.recv().await?;
            let bytes = self.text.floor_char_boundary(bytes);
            if bytes > self.passed_on {
                let heard = self.text[self.passed_on..bytes].to_owned();
                self.passed_on = bytes;
                return Some(heard);
            }
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
            let _ = self.line.send(ToSay::Broken { answer: self.answer });
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
