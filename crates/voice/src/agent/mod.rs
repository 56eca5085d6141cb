//! What a call does with what it hears and with what it has to say: the rules alone, without sound, networks or time of its own.
//!
//! Whoever drives it tells it what happens ([`Agent::frame`], [`Agent::judged`], [`Agent::speech`], [`Agent::synthesized`],
//! [`Agent::play`]) and does what it asks for ([`Action`]).

mod lines;
mod playlist;
mod short_words;
#[cfg(test)]
mod tests;

use kuzushi_domain::Phi;

use self::{
    lines::{Kind, Line, Lines},
    playlist::{Playlist, Progress},
    short_words::{Meaning, meaning},
};
use crate::{
    audio::SoundPart,
    events::{CallEvent, Speech},
    speech::Pieces,
    turn_taking::{Judgement, TurnEvent, TurnTaking},
};

/// Milliseconds since the call began.
pub type Millis = u64;

/// How long nothing has come of a question before the call counts as silent again.
const LONGEST_ANSWER_MS: Millis = 90_000;
/// Milliseconds of sound that wait to be heard before the next piece is made.
const AHEAD_MS: Millis = 12_000;

/// What the agent says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub take_your_time: String,
    pub still_there: String,
    pub goodbye: String,
    pub no_answer: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            take_your_time: String::from("Take your time."),
            still_there: String::from("Are you still there?"),
            goodbye: String::from("I will end the call now. Everything that was said is in the chat. Goodbye."),
            no_answer: String::from(
                "I am sorry, I could not find an answer just now. Please try again, or type your question.",
            ),
        }
    }
}

/// Whose turn it is, as a patient sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Listening,
    Thinking,
    Speaking,
}

/// What the agent asks for.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Say what was said since the turn began, and whether it was all: [`Agent::judged`].
    Judge {
        segment: u32,
    },
    /// A turn is over, or was none: what was heard of it can go.
    Forget,
    /// Make the first part of this sound: [`Agent::synthesized`], under this number.
    Synthesize {
        ticket: u64,
        text: Phi<String>,
    },
    /// Make its next part. Where this is not asked for, nobody wants it any more.
    SynthesizeOn {
        ticket: u64,
    },
    Tell(CallEvent),
    /// Everything is said.
    HangUp,
}

/// How a call went, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// From the end of each question to the first sound of its answer.
    pub responses: Vec<Millis>,
    pub turns: u32,
    pub interruptions: u32,
}

/// The agent of one call.
#[derive(Debug)]
pub struct Agent {
    wording: Wording,
    /// How long a patient may say nothing.
    patience: Millis,
    turns: TurnTaking,
    lines: Lines,
    playlist: Playlist,
    answer: Option<Answer>,
    /// Since when the answer to a question is awaited.
    asked_at: Option<Millis>,
    /// When the question whose answer has not begun to sound was over.
    spoken_until: Option<Millis>,
    last_speech: Millis,
    /// Since when nobody says anything.
    quiet_since: Millis,
    has_asked_whether_there: bool,
    is_leaving: bool,
    /// Whether something was being said as the patient took the word.
    was_speaking: bool,
    state: State,
    course: Course,
}

/// The answer that is being read out.
#[derive(Debug)]
struct Answer {
    id: u64,
    pieces: Pieces,
    /// Whether all of it has come.
    is_complete: bool,
    heard: usize,
}

impl Agent {
    pub fn new(wording: Wording, patience: Millis) -> Self {
        Self {
            wording,
            patience,
            turns: TurnTaking::default(),
            lines: Lines::default(),
            playlist: Playlist::default(),
            answer: None,
            asked_at: None,
            spoken_until: None,
            last_speech: 0,
            quiet_since: 0,
            has_asked_whether_there: false,
            is_leaving: false,
            was_speaking: false,
            state: State::Listening,
            course: Course::default(),
        }
    }

    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Whether somebody has the word: what is heard belongs to a turn.
    pub fn is_turn(&self) -> bool {
        self.turns.is_turn()
    }

    /// A frame of what is heard, and how likely it is that somebody speaks in it.
    pub fn frame(&mut self, probability: f32, now: Millis) -> Vec<Action> {
        let event = self.turns.frame(probability);
        if self.turns.is_speech() {
            self.last_speech = now;
        }
        event.map(|event| self.on_turn(event, now)).unwrap_or_default()
    }

    /// What was made of a turn.
    pub fn judged(&mut self, segment: u32, judgement: Judgement, now: Millis) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.turns.is_turn() && !judgement.text.expose().is_empty() {
            actions.push(Action::Tell(CallEvent::Hearing { text: judgement.text.clone() }));
        }
        if let Some(event) = self.turns.judged(segment, judgement) {
            actions.extend(self.on_turn(event, now));
        }
        actions
    }

    fn on_turn(&mut self, event: TurnEvent, now: Millis) -> Vec<Action> {
        match event {
            TurnEvent::Began => {
                // Whatever it turns out to be, whoever speaks is not spoken over.
                self.was_speaking = self.playlist.has_begun();
                self.playlist.pause();
                self.after(Vec::new(), now)
            }
            TurnEvent::LooksOver { segment } => vec![Action::Judge { segment }],
            TurnEvent::WentOn => {
                self.playlist.pause();
                self.after(Vec::new(), now)
            }
            TurnEvent::Hesitates => {
                self.interrupt_quietly();
                self.playlist.resume();
                let text = self.wording.take_your_time.clone();
                self.remark(text, false, now)
            }
            TurnEvent::Ended(text) => self.ended(text, now),
        }
    }

    fn ended(&mut self, text: Phi<String>, now: Millis) -> Vec<Action> {
        let mut actions = vec![Action::Forget];
        self.playlist.resume();
        self.quiet_since = now;
        let meaning = meaning(text.expose());
        let is_false_alarm = meaning == Meaning::Nothing || (self.was_speaking && meaning == Meaning::GoOn);
        if !is_false_alarm {
            self.has_asked_whether_there = false;
            if !self.is_leaving || meaning != Meaning::Stop {
                actions.extend(self.interrupt());
            }
            if meaning == Meaning::Stop && self.was_speaking {
                return self.after(actions, now);
            }
            self.is_leaving = false;
            self.course.turns += 1;
            self.asked_at = Some(now);
            self.spoken_until = Some(self.last_speech);
            actions.push(Action::Tell(CallEvent::Said { text }));
        }
        self.after(actions, now)
    }

    /// Something to say.
    pub fn speech(&mut self, speech: Speech, now: Millis) -> Vec<Action> {
        match speech {
            Speech::Begin { answer } => {
                // It is the answer to what was said last.
                let spoken_until = self.spoken_until;
                let actions = self.interrupt();
                self.spoken_until = spoken_until;
                self.asked_at = Some(now);
                self.answer = Some(Answer { id: answer, pieces: Pieces::default(), is_complete: false, heard: 0 });
                self.after(actions, now)
            }
            Speech::Text { answer, text } => {
                let Some(current) = self.answer.as_mut().filter(|current| current.id == answer) else {
                    return Vec::new();
                };
                let pieces = current.pieces.push(text.expose());
                self.lines.extend(pieces.into_iter().map(|piece| Line::of_answer(answer, piece)));
                self.after(Vec::new(), now)
            }
            Speech::End { answer } => {
                let Some(current) = self.answer.as_mut().filter(|current| current.id == answer) else {
                    return Vec::new();
                };
                current.is_complete = true;
                let rest = current.pieces.finish();
                self.lines.extend(rest.into_iter().map(|piece| Line::of_answer(answer, piece)));
                self.after(Vec::new(), now)
            }
            Speech::Broken { answer } => {
                self.asked_at = None;
                if self.answer.as_ref().is_some_and(|current| current.id == answer) {
                    let actions = self.interrupt();
                    let text = self.wording.no_answer.clone();
                    return self.with(actions, text, now);
                }
                Vec::new()
            }
            Speech::Notice { text } => {
                self.lines.put_notice(text.expose());
                self.playlist.let_notices_in();
                self.after(Vec::new(), now)
            }
            Speech::Remark { text } => {
                self.asked_at = None;
                self.remark(text, false, now)
            }
            Speech::Stop => {
                let actions = self.interrupt();
                self.after(actions, now)
            }
        }
    }

    /// A part of a sound that was asked for; None where it could not be made.
    pub fn synthesized(&mut self, ticket: u64, part: Option<SoundPart>, now: Millis) -> Vec<Action> {
        let part = part.unwrap_or_default();
        let follows = part.rest > 0;
        let is_wanted = match self.lines.done(ticket) {
            Some(line) => {
                self.playlist.put(ticket, line, part);
                true
            }
            None => self.playlist.extend(ticket, part),
        };
        let actions = if is_wanted && follows { vec![Action::SynthesizeOn { ticket }] } else { Vec::new() };
        self.after(actions, now)
    }

    /// The next packet's samples, all zero where there is nothing to say, and what came of it.
    pub fn play(&mut self, samples: &mut [f32], now: Millis) -> Vec<Action> {
        let mut actions = Vec::new();
        for progress in self.playlist.play(samples, self.lines.hold_notice()) {
            match progress {
                Progress::Began => {
                    if let Some(since) = self.spoken_until.take() {
                        self.course.responses.push(now.saturating_sub(since));
                    }
                }
                Progress::Heard { answer, bytes } => {
                    if let Some(current) = self.answer.as_mut().filter(|current| current.id == answer)
                        && bytes > current.heard
                    {
                        current.heard = bytes;
                        actions.push(Action::Tell(CallEvent::Heard { answer, bytes }));
                    }
                }
                Progress::Said { text } => actions.push(Action::Tell(CallEvent::Spoken { text })),
            }
        }
        if let Some(answer) = self.answer.take_if(|answer| {
            answer.is_complete && !self.lines.hold_answer(answer.id) && !self.playlist.holds_answer(answer.id)
        }) {
            self.asked_at = None;
            let bytes = answer.pieces.length();
            if bytes > answer.heard {
                actions.push(Action::Tell(CallEvent::Heard { answer: answer.id, bytes }));
            }
            actions.push(Action::Tell(CallEvent::Finished { answer: answer.id }));
        }
        self.mind_silence(actions, now)
    }

    fn mind_silence(&mut self, actions: Vec<Action>, now: Millis) -> Vec<Action> {
        self.asked_at.take_if(|since| now.saturating_sub(*since) > LONGEST_ANSWER_MS);
        let is_quiet = !self.turns.is_turn()
            && self.playlist.is_empty()
            && self.lines.is_empty()
            && self.answer.is_none()
            && self.asked_at.is_none();
        if !is_quiet {
            self.quiet_since = now;
            return self.after(actions, now);
        }
        if self.is_leaving {
            let mut actions = actions;
            actions.push(Action::HangUp);
            return actions;
        }
        if now.saturating_sub(self.quiet_since) < self.patience {
            return self.after(actions, now);
        }
        self.quiet_since = now;
        if self.has_asked_whether_there {
            self.is_leaving = true;
            let text = self.wording.goodbye.clone();
            return self.with(actions, text, now);
        }
        self.has_asked_whether_there = true;
        let text = self.wording.still_there.clone();
        self.with(actions, text, now)
    }

    fn remark(&mut self, text: impl AsRef<str>, is_notice: bool, now: Millis) -> Vec<Action> {
        if is_notice {
            self.lines.put_notice(text.as_ref());
        } else {
            self.lines.put_remark(text.as_ref());
        }
        self.after(Vec::new(), now)
    }

    fn with(&mut self, mut actions: Vec<Action>, remark: String, now: Millis) -> Vec<Action> {
        actions.extend(self.remark(remark, false, now));
        actions
    }

    /// Nothing more is said of what was being said, but notices: those are said from their beginning.
    fn interrupt(&mut self) -> Vec<Action> {
        self.asked_at = None;
        self.spoken_until = None;
        self.lines.drop_all_but_notices();
        if let Some(notice) = self.playlist.drop_all_but_notices() {
            self.lines.put_again(&notice);
        }
        let Some(answer) = self.answer.take() else { return Vec::new() };
        if answer.heard > 0 {
            self.course.interruptions += 1;
        }
        vec![Action::Tell(CallEvent::Interrupted { answer: answer.id })]
    }

    /// Makes room for a word in between, and leaves the answer as it is.
    fn interrupt_quietly(&mut self) {
        self.lines.drop_remarks();
    }

    /// What has to be done whatever happened: the next sound is made, and who listens is told whose turn it is.
    fn after(&mut self, mut actions: Vec<Action>, _now: Millis) -> Vec<Action> {
        if !self.playlist.is_being_made() && self.playlist.waiting_ms() < AHEAD_MS {
            while let Some((ticket, text)) = self.lines.next() {
                if text.is_empty() {
                    // There is nothing to say of it, and it counts as heard.
                    if let Some(line) = self.lines.done(ticket) {
                        self.playlist.put(ticket, line, SoundPart::default());
                    }
                    continue;
                }
                actions.push(Action::Synthesize { ticket, text: Phi::new(text) });
                break;
            }
        }
        // Between two pieces it goes on, also where the next one is not made in time.
        let is_in_answer = !self.turns.is_turn() && self.answer.as_ref().is_some_and(|answer| answer.heard > 0);
        let state = if self.playlist.is_playing() || is_in_answer {
            State::Speaking
        } else if !self.turns.is_turn() && (self.asked_at.is_some() || self.answer.is_some()) {
            State::Thinking
        } else {
            State::Listening
        };
        if state != self.state {
            self.state = state;
            actions.push(Action::Tell(CallEvent::State(state)));
        }
        actions
    }
}

/// Whether a line has to be heard whoever interrupts.
fn is_notice(line: &Line) -> bool {
    matches!(line.kind, Kind::Notice)
}
