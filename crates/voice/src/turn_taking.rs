//! Who has the word, told from how likely it is, frame by frame, that somebody speaks.
//!
//! It knows no sound and no clock: a frame is 32 ms. When speech has just stopped, it asks what was said and whether that was
//! all ([`TurnEvent::LooksOver`]), and goes on listening; the answer counts unless speech has gone on meanwhile.

use kuzushi_domain::Phi;

/// How likely speech has to be to begin with, and to go on.
const BEGINS_ABOVE: f32 = 0.5;
const GOES_ON_ABOVE: f32 = 0.35;
/// Frames of speech before anybody has the word: 128 ms, longer than a click or a cough's beginning.
const BEGINS_AFTER: u32 = 4;
/// Frames of silence after which it is asked whether that was all: 64 ms. It takes some time to tell.
const LOOKS_OVER_AFTER: u32 = 2;
/// Frames of silence before which no turn is over, whatever it sounds like: 384 ms. After less of it people go on: "Sorry, do you…"
const OVER_AFTER: u32 = 12;
/// Frames of a turn from which on it is asked later, after 192 ms of silence: 8 s. Longer ones take long to read, and have many
/// pauses.
const LONG_TURN: u32 = 250;
const LONG_LOOKS_OVER_AFTER: u32 = 6;
/// How likely the end of a turn has to be for it to count at once.
const COMPLETE: f32 = 0.5;
/// Below this, somebody is in the middle of a sentence.
const UNFINISHED: f32 = 0.1;
/// Frames of silence that end a turn which did not sound complete: 1.3 s.
const PATIENCE: u32 = 40;
/// Frames of silence after which somebody who stopped in the middle is told to take their time: 2.4 s; and how many more they
/// have then: 4 s.
const HESITATION: u32 = 75;
const TAKE_YOUR_TIME: u32 = 125;
/// Frames of silence after which nothing was said, where no words were made out: 0.5 s.
const NOTHING_SAID: u32 = 16;
/// Frames of silence that nothing outlasts, whatever became of the question what was said: 10 s.
const LOST: u32 = 310;
/// Frames of a turn at most: 28 s, about what can be transcribed at a time.
const LONGEST_TURN: u32 = 875;

/// Follows one speaker.
#[derive(Debug, Default)]
pub struct TurnTaking {
    phase: Phase,
    /// Counts the stretches of speech, so that a judgement is told from one of what was said before it.
    segment: u32,
}

#[derive(Debug)]
enum Phase {
    Silence { speech: u32 },
    Turn(Turn),
}

impl Default for Phase {
    fn default() -> Self {
        Self::Silence { speech: 0 }
    }
}

#[derive(Debug, Default)]
struct Turn {
    frames: u32,
    silence: u32,
    judgement: Option<Judgement>,
    is_asked: bool,
    has_hesitated: bool,
    is_too_long: bool,
}

/// What was made of a turn as far as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub text: Phi<String>,
    /// How likely it is that this was all: 0 to 1.
    pub completeness: f32,
}

/// What has just happened.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnEvent {
    /// Somebody has taken the word.
    Began,
    /// They may be done: say what they said, and whether that was all, with [`TurnTaking::judged`].
    LooksOver { segment: u32 },
    /// They were not.
    WentOn,
    /// They stopped in the middle and find no words.
    Hesitates,
    /// They are done. Empty where it was no speech.
    Ended(Phi<String>),
}

impl TurnTaking {
    /// Whether somebody has the word.
    pub fn is_turn(&self) -> bool {
        matches!(self.phase, Phase::Turn(_))
    }

    /// Whether somebody speaks at this moment.
    pub fn is_speech(&self) -> bool {
        matches!(&self.phase, Phase::Turn(turn) if turn.silence == 0)
    }

    /// The next frame, and how likely it is that somebody speaks in it.
    pub fn frame(&mut self, probability: f32) -> Option<TurnEvent> {
        match &mut self.phase {
            Phase::Silence { speech } => {
                *speech = if probability > BEGINS_ABOVE { *speech + 1 } else { 0 };
                if *speech < BEGINS_AFTER {
                    return None;
                }
                self.segment += 1;
                self.phase = Phase::Turn(Turn { frames: BEGINS_AFTER, ..Turn::default() });
                Some(TurnEvent::Began)
            }
            Phase::Turn(turn) => {
                turn.frames += 1;
                if probability > GOES_ON_ABOVE {
                    turn.silence = 0;
                    if turn.is_asked && !turn.is_too_long {
                        turn.is_asked = false;
                        turn.judgement = None;
                        self.segment += 1;
                        return Some(TurnEvent::WentOn);
                    }
                } else {
                    turn.silence += 1;
                }
                if turn.frames >= LONGEST_TURN {
                    turn.is_too_long = true;
                }
                let looks_over_after = if turn.frames < LONG_TURN { LOOKS_OVER_AFTER } else { LONG_LOOKS_OVER_AFTER };
                if !turn.is_asked && (turn.silence >= looks_over_after || turn.is_too_long) {
                    turn.is_asked = true;
                    return Some(TurnEvent::LooksOver { segment: self.segment });
                }
                self.end_if_over()
            }
        }
    }

    /// What was made of what was said until [`TurnEvent::LooksOver`] with this segment.
    pub fn judged(&mut self, segment: u32, judgement: Judgement) -> Option<TurnEvent> {
        match &mut self.phase {
            Phase::Turn(turn) if segment == self.segment && turn.is_asked => turn.judgement = Some(judgement),
            _ => return None,
        }
        self.end_if_over()
    }

    fn end_if_over(&mut self) -> Option<TurnEvent> {
        let Phase::Turn(turn) = &mut self.phase else { return None };
        let Some(judgement) = &turn.judgement else {
            return (turn.silence >= LOST).then(|| self.end(Phi::default()));
        };
        let is_over = if judgement.text.expose().is_empty() {
            turn.silence >= NOTHING_SAID
        } else if turn.is_too_long {
            true
        } else if judgement.completeness >= COMPLETE {
            turn.silence >= OVER_AFTER
        } else if judgement.completeness >= UNFINISHED {
            turn.silence >= PATIENCE
        } else if !turn.has_hesitated {
            if turn.silence >= HESITATION {
                turn.has_hesitated = true;
                return Some(TurnEvent::Hesitates);
            }
            false
        } else {
            turn.silence >= HESITATION + TAKE_YOUR_TIME
        };
        if !is_over {
            return None;
        }
        let text = judgement.text.clone();
        Some(self.end(text))
    }

    fn end(&mut self, text: Phi<String>) -> TurnEvent {
        self.phase = Phase::default();
        TurnEvent::Ended(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(text: &str, completeness: f32) -> Judgement {
        Judgement { text: Phi::from(text), completeness }
    }

    fn ended(text: &str) -> Option<TurnEvent> {
        Some(TurnEvent::Ended(Phi::from(text)))
    }

    /// The events of so many frames.
    fn frames(turns: &mut TurnTaking, probability: f32, number: u32) -> Vec<(u32, TurnEvent)> {
        (1..=number).filter_map(|frame| turns.frame(probability).map(|event| (frame, event))).collect()
    }

    /// Somebody has spoken for a second, and has just stopped.
    fn stopped() -> TurnTaking {
        let mut turns = TurnTaking::default();
        assert_eq!(frames(&mut turns, 0.9, 31), [(4, TurnEvent::Began)]);
        assert_eq!(frames(&mut turns, 0.1, OVER_AFTER), [(2, TurnEvent::LooksOver { segment: 1 })]);
        turns
    }

    #[test]
    fn a_click_is_no_speech() {
        let mut turns = TurnTaking::default();
        for _ in 0..10 {
            assert!(frames(&mut turns, 0.9, 3).is_empty() && frames(&mut turns, 0.4, 1).is_empty());
        }
        assert!(!turns.is_turn());
    }

    #[test]
    fn what_sounds_complete_ends_at_once() {
        let mut turns = stopped();
        assert_eq!(turns.judged(1, judgement("When can I visit?", 0.9)), ended("When can I visit?"));
        assert!(!turns.is_turn());
    }

    #[test]
    fn no_turn_is_over_sooner_than_a_breath_takes() {
        let mut turns = TurnTaking::default();
        frames(&mut turns, 0.9, 31);
        assert_eq!(frames(&mut turns, 0.1, 3), [(2, TurnEvent::LooksOver { segment: 1 })]);
        assert_eq!(turns.judged(1, judgement("Yes.", 0.99)), None);
        assert_eq!(frames(&mut turns, 0.1, OVER_AFTER), [(OVER_AFTER - 3, TurnEvent::Ended(Phi::from("Yes.")))]);
    }

    #[test]
    fn a_long_turn_is_asked_about_later() {
        let mut turns = TurnTaking::default();
        frames(&mut turns, 0.9, LONG_TURN);
        assert_eq!(frames(&mut turns, 0.1, 6), [(6, TurnEvent::LooksOver { segment: 1 })]);
    }

    #[test]
    fn a_pause_in_mid_sentence_is_not_the_end() {
        let mut turns = stopped();
        assert_eq!(turns.judged(1, judgement("I would like to", 0.2)), None);
        assert!(frames(&mut turns, 0.1, PATIENCE - OVER_AFTER - 1).is_empty());
        assert_eq!(frames(&mut turns, 0.8, 10), [(1, TurnEvent::WentOn)]);
        assert_eq!(frames(&mut turns, 0.1, OVER_AFTER), [(2, TurnEvent::LooksOver { segment: 2 })]);
        assert_eq!(turns.judged(1, judgement("I would like to", 0.9)), None, "that was before");
        assert_eq!(
            turns.judged(2, judgement("I would like to see a doctor", 0.9)),
            ended("I would like to see a doctor")
        );
    }

    #[test]
    fn silence_ends_what_did_not_sound_complete() {
        let mut turns = stopped();
        turns.judged(1, judgement("The cardiology", 0.3));
        assert_eq!(
            frames(&mut turns, 0.1, 100),
            [(PATIENCE - OVER_AFTER, TurnEvent::Ended(Phi::from("The cardiology")))]
        );
    }

    #[test]
    fn who_finds_no_words_is_told_to_take_their_time_once() {
        let mut turns = stopped();
        turns.judged(1, judgement("I need to see the", 0.02));
        let events = frames(&mut turns, 0.1, 400);
        assert_eq!(events[0], (HESITATION - OVER_AFTER, TurnEvent::Hesitates));
        assert_eq!(
            events[1..],
            [(HESITATION + TAKE_YOUR_TIME - OVER_AFTER, TurnEvent::Ended(Phi::from("I need to see the")))]
        );
    }

    #[test]
    fn a_cough_ends_as_nothing() {
        let mut turns = stopped();
        turns.judged(1, judgement("", 0.9));
        assert_eq!(frames(&mut turns, 0.1, 100), [(NOTHING_SAID - OVER_AFTER, TurnEvent::Ended(Phi::default()))]);
    }

    #[test]
    fn a_judgement_that_never_comes_ends_the_turn_as_well() {
        let mut turns = stopped();
        assert_eq!(frames(&mut turns, 0.1, 1_000), [(LOST - OVER_AFTER, TurnEvent::Ended(Phi::default()))]);
    }

    #[test]
    fn who_goes_on_and_on_is_heard_in_parts() {
        let mut turns = TurnTaking::default();
        let events = frames(&mut turns, 0.9, LONGEST_TURN + 50);
        assert_eq!(events[1], (LONGEST_TURN, TurnEvent::LooksOver { segment: 1 }));
        assert_eq!(events.len(), 2, "and is asked about once");
        assert_eq!(turns.judged(1, judgement("A long story", 0.0)), ended("A long story"));
        assert_eq!(frames(&mut turns, 0.9, 10), [(4, TurnEvent::Began)]);
    }
}
