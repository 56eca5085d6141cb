use super::*;
use crate::audio::PACKET_SAMPLES;

/// Samples that are made at a time: 400 ms.
const PART: usize = PACKET_SAMPLES * 20;

/// After which a turn that sounds complete is over.
const SILENCE: Millis = 416;

/// An agent on a clock of frames and packets, whose sounds last 100 ms a word.
struct Scene {
    agent: Agent,
    now: Millis,
    told: Vec<CallEvent>,
    said: Vec<String>,
    asked: Vec<u32>,
    has_hung_up: bool,
    loud_packets: usize,
    /// Sounds to make, and how many samples of each are missing.
    waiting: Vec<(u64, usize)>,
    /// What was begun and may be gone on with.
    begun: Option<(u64, usize)>,
    is_slow: bool,
}

impl Scene {
    fn new() -> Self {
        Self {
            agent: Agent::new(Wording::default(), 10_000),
            now: 0,
            told: Vec::new(),
            said: Vec::new(),
            asked: Vec::new(),
            has_hung_up: false,
            loud_packets: 0,
            waiting: Vec::new(),
            begun: None,
            is_slow: false,
        }
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Judge { segment } => self.asked.push(segment),
                Action::Synthesize { ticket, text } => {
                    self.waiting.push((ticket, text.expose().split_whitespace().count() * PACKET_SAMPLES * 5));
                    self.said.push(text.into_inner());
                }
                Action::SynthesizeOn { ticket } => {
                    let begun = self.begun.take_if(|(begun, _)| *begun == ticket);
                    self.waiting.push(begun.expect("a sound that has just been begun"));
                }
                Action::Tell(event) => self.told.push(event),
                Action::HangUp => self.has_hung_up = true,
                Action::Forget => {}
            }
        }
        if !self.is_slow {
            self.make_sounds();
        }
    }

    fn make_sounds(&mut self) {
        while !self.waiting.is_empty() {
            self.make_sounds_of_one();
        }
    }

    /// The next part of the one piece that is being made is there.
    fn make_sounds_of_one(&mut self) {
        let (ticket, missing) = self.waiting.remove(0);
        let rest = missing.saturating_sub(PART);
        self.begun = Some((ticket, rest));
        let part = SoundPart { samples: vec![0.5; missing - rest], rest };
        let actions = self.agent.synthesized(ticket, Some(part), self.now);
        self.act(actions);
    }

    /// So many milliseconds pass, with somebody speaking or not.
    fn pass(&mut self, millis: Millis, probability: f32) {
        let until = self.now + millis;
        while self.now < until {
            self.now += 4;
            if self.now.is_multiple_of(32) {
                let actions = self.agent.frame(probability, self.now);
                self.act(actions);
            }
            if self.now.is_multiple_of(20) {
                let mut packet = [0.0; PACKET_SAMPLES];
                let actions = self.agent.play(&mut packet, self.now);
                self.loud_packets += usize::from(packet.iter().any(|sample| *sample != 0.0));
                self.act(actions);
            }
        }
    }

    /// Somebody says something that takes a second, and is understood.
    fn hear(&mut self, text: &str) {
        self.pass(1_000, 0.9);
        self.pass(SILENCE, 0.0);
        self.is_judged(text, 0.9);
    }

    /// What was said becomes known, and how likely it is that this was all.
    fn is_judged(&mut self, text: &str, completeness: f32) {
        let segment = self.asked.pop().expect("a question whether that was all");
        let judgement = Judgement { text: Phi::from(text), completeness };
        let actions = self.agent.judged(segment, judgement, self.now);
        self.act(actions);
    }

    fn speech(&mut self, speech: Speech) {
        let actions = self.agent.speech(speech, self.now);
        self.act(actions);
    }

    fn answer(&mut self, answer: u64, text: &str) {
        self.speech(Speech::Begin { answer });
        self.speech(Speech::Text { answer, text: Phi::from(text) });
        self.speech(Speech::End { answer });
    }

    fn states(&self) -> Vec<State> {
        self.told
            .iter()
            .filter_map(|event| if let CallEvent::State(state) = event { Some(*state) } else { None })
            .collect()
    }

    /// Bytes of the answer that were heard.
    fn heard(&self, wanted: u64) -> usize {
        let bytes = |event: &CallEvent| match event {
            CallEvent::Heard { answer, bytes } if *answer == wanted => Some(*bytes),
            _ => None,
        };
        self.told.iter().filter_map(bytes).next_back().unwrap_or_default()
    }

    fn has(&self, event: &CallEvent) -> bool {
        self.told.contains(event)
    }
}

const ANSWER: &str = "Visiting hours are from 10 am to 8 pm. On Sundays they begin at noon. Please come on time.";

#[test]
fn a_question_is_asked_answered_and_heard() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    assert!(scene.has(&CallEvent::Said { text: Phi::from("When can I visit?") }));
    scene.answer(1, ANSWER);
    scene.pass(4_000, 0.0);
    assert_eq!(
        scene.said,
        ["Visiting hours are from 10 am", "to 8 pm.", "On Sundays they begin at noon.", "Please come on time."]
    );
    assert_eq!(scene.heard(1), ANSWER.len());
    assert_eq!(scene.told.last(), Some(&CallEvent::State(State::Listening)));
    assert!(scene.has(&CallEvent::Finished { answer: 1 }) && !scene.has(&CallEvent::Interrupted { answer: 1 }));
    assert_eq!(scene.states(), [State::Thinking, State::Speaking, State::Listening]);
    assert_eq!(scene.agent.course().responses.len(), 1);
    assert!(scene.agent.course().responses[0] < SILENCE + 76);
}

#[test]
fn a_piece_that_is_not_made_in_time_is_a_pause_and_no_thinking() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.is_slow = true;
    scene.answer(1, ANSWER);
    // Four pieces, two of them in two parts.
    for _ in 0..6 {
        scene.pass(1_500, 0.0);
        scene.make_sounds_of_one();
    }
    assert!(scene.waiting.is_empty());
    scene.pass(4_000, 0.0);
    assert_eq!(scene.heard(1), ANSWER.len());
    assert_eq!(scene.states(), [State::Thinking, State::Speaking, State::Listening]);
}

#[test]
fn whoever_interrupts_is_not_spoken_over_and_what_was_heard_ends_at_a_word() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.answer(1, ANSWER);
    scene.pass(1_000, 0.0);
    scene.pass(160, 0.9);
    let before = scene.loud_packets;
    scene.hear("And where can I park?");
    assert_eq!(scene.loud_packets, before, "silent since the first 128 ms");
    assert!(scene.has(&CallEvent::Interrupted { answer: 1 }));
    assert!(scene.has(&CallEvent::Said { text: Phi::from("And where can I park?") }));
    let heard = &ANSWER[..scene.heard(1)];
    assert!(heard.ends_with(' ') && heard.len() > 20 && heard.len() < 60, "{heard}");
    scene.pass(3_000, 0.0);
    assert_eq!(scene.loud_packets, before, "nothing more of it is said");
    scene.speech(Speech::Text { answer: 1, text: Phi::from(" Late words. Of a past answer.") });
    scene.answer(2, "In garage B.");
    scene.pass(2_000, 0.0);
    assert_eq!(scene.said.last().unwrap(), "In garage B.");
    assert!(scene.has(&CallEvent::Finished { answer: 2 }));
    assert_eq!(scene.agent.course().interruptions, 1);
}

#[test]
fn after_a_cough_or_a_word_of_agreement_the_voice_goes_on_where_it_was() {
    for (noise, is_speech) in [("", false), ("Mm-hmm.", true)] {
        let mut scene = Scene::new();
        scene.hear("When can I visit?");
        scene.answer(1, ANSWER);
        scene.pass(1_000, 0.0);
        let heard = scene.heard(1);
        scene.hear(noise);
        scene.pass(if is_speech { 0 } else { 128 }, 0.0);
        assert!(scene.heard(1) < heard + 15, "it waited");
        scene.pass(4_000, 0.0);
        assert_eq!(scene.heard(1), ANSWER.len());
        assert!(scene.has(&CallEvent::Finished { answer: 1 }) && !scene.has(&CallEvent::Interrupted { answer: 1 }));
        assert_eq!(scene.agent.course().turns, 1);
    }
}

#[test]
fn stop_makes_it_stop_and_asks_nothing() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.answer(1, ANSWER);
    scene.pass(1_000, 0.0);
    scene.hear("Stop.");
    let loud = scene.loud_packets;
    scene.pass(3_000, 0.0);
    assert_eq!(scene.loud_packets, loud);
    assert!(scene.has(&CallEvent::Interrupted { answer: 1 }));
    assert_eq!(scene.agent.course().turns, 1);
}

#[test]
fn a_sound_that_is_made_too_late_is_not_heard() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.is_slow = true;
    scene.answer(1, ANSWER);
    scene.hear("No, where can I park?");
    scene.is_slow = false;
    scene.make_sounds();
    scene.pass(2_000, 0.0);
    assert_eq!((scene.loud_packets, scene.heard(1)), (0, 0));
}

#[test]
fn a_notice_comes_first_and_is_heard_whoever_interrupts() {
    let mut scene = Scene::new();
    scene.hear("My chest hurts.");
    scene.answer(1, ANSWER);
    scene.speech(Speech::Notice { text: Phi::from("Call 911 now, and stay on the line.") });
    scene.pass(600, 0.0);
    assert!(scene.told.contains(&CallEvent::Spoken { text: String::from("Call 911 now, and stay on the line.") }));
    scene.hear("What do I do?");
    assert!(scene.has(&CallEvent::Interrupted { answer: 1 }));
    scene.pass(4_000, 0.0);
    let times = scene.said.iter().filter(|said| said.starts_with("Call 9 1 1")).count();
    assert_eq!(times, 2, "said again from its beginning");
    assert_eq!(scene.heard(1), 0);
}

#[test]
fn a_long_notice_is_heard_soon_and_from_its_beginning_after_somebody_broke_in_on_a_later_piece() {
    let notice =
        "This may be an emergency. Call 911 now, and stay where you are. Do not drive by yourself to the hospital.";
    let mut scene = Scene::new();
    scene.hear("My chest hurts.");
    scene.speech(Speech::Notice { text: Phi::from(notice) });
    assert_eq!(scene.said[0], "This may be an emergency.", "the first piece is short");
    scene.pass(1_200, 0.0);
    scene.hear("What do I do?");
    scene.pass(6_000, 0.0);
    let said = scene.said.join(" ");
    let pieces = ["This may be", "Call 9 1 1 now", "Do not drive"];
    let last = said.rfind(pieces[0]).unwrap();
    assert!(last > 0, "from its beginning: {said}");
    let again = &said[last..];
    assert!(pieces.iter().all(|piece| again.matches(piece).count() == 1), "all of it once more: {again}");
    let told = scene.told.iter().filter(|event| matches!(event, CallEvent::Spoken { .. })).count();
    assert_eq!(told, 2);
}

#[test]
fn no_answer_comes_between_the_pieces_of_a_notice() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.answer(1, ANSWER);
    scene.pass(300, 0.0);
    let heard = scene.heard(1);
    scene.is_slow = true;
    scene.speech(Speech::Notice { text: Phi::from("This may be an emergency. Call 911 now.") });
    scene.make_sounds_of_one();
    scene.pass(3_000, 0.0);
    assert_eq!(scene.heard(1), heard, "the rest of the notice is not made yet");
    scene.is_slow = false;
    scene.make_sounds();
    scene.pass(6_000, 0.0);
    assert_eq!(scene.heard(1), ANSWER.len());
}

#[test]
fn a_notice_breaks_into_an_answer_that_is_being_read() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.answer(1, ANSWER);
    scene.pass(300, 0.0);
    scene.speech(Speech::Notice { text: Phi::from("Call 911.") });
    scene.pass(5_000, 0.0);
    let spoken = scene.told.iter().position(|event| matches!(event, CallEvent::Spoken { .. })).unwrap();
    let finished = scene.told.iter().position(|event| *event == CallEvent::Finished { answer: 1 }).unwrap();
    assert!(spoken < finished);
    assert_eq!(scene.heard(1), ANSWER.len());
}

#[test]
fn silence_is_asked_about_once_and_then_ends_the_call_with_a_goodbye() {
    let mut scene = Scene::new();
    scene.pass(10_500, 0.0);
    assert_eq!(scene.said, [Wording::default().still_there]);
    assert!(!scene.has_hung_up);
    scene.pass(10_800, 0.0);
    assert_eq!(scene.said[1..].join(" "), Wording::default().goodbye);
    assert_eq!(scene.told.iter().filter(|event| matches!(event, CallEvent::Spoken { .. })).count(), 2, "each as one");
    assert!(!scene.has_hung_up, "not before it is said");
    scene.pass(3_000, 0.0);
    assert!(scene.has_hung_up);
}

#[test]
fn whoever_speaks_is_there() {
    let mut scene = Scene::new();
    scene.pass(10_500, 0.0);
    scene.hear("Yes, I am reading.");
    scene.answer(1, "Fine.");
    scene.pass(10_000, 0.0);
    scene.pass(2_000, 0.0);
    assert_eq!(scene.said.iter().filter(|said| **said == Wording::default().still_there).count(), 2);
    assert!(!scene.has_hung_up);
}

#[test]
fn an_answer_that_breaks_off_is_said_to_be_none() {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.speech(Speech::Begin { answer: 1 });
    scene.speech(Speech::Broken { answer: 1 });
    scene.pass(2_000, 0.0);
    assert_eq!(scene.said.join(" "), Wording::default().no_answer);
    assert!(!scene.has(&CallEvent::Finished { answer: 1 }));
}

#[test]
fn who_stops_in_the_middle_is_told_to_take_their_time() {
    let mut scene = Scene::new();
    scene.pass(1_000, 0.9);
    scene.pass(SILENCE, 0.0);
    scene.is_judged("I need to see the", 0.02);
    scene.pass(3_000, 0.0);
    assert_eq!(scene.said, [Wording::default().take_your_time]);
    scene.hear("I need to see the doctor for my back.");
    assert_eq!(scene.agent.course().turns, 1);
    assert!(scene.has(&CallEvent::Said { text: Phi::from("I need to see the doctor for my back.") }));
}

/// A question whose answer begins with a piece of 600 ms, of which no part is made yet.
fn one_slow_piece() -> Scene {
    let mut scene = Scene::new();
    scene.hear("When can I visit?");
    scene.is_slow = true;
    scene.speech(Speech::Begin { answer: 1 });
    scene.speech(Speech::Text { answer: 1, text: Phi::from("Visiting hours are from ten o'clock. ") });
    scene
}

#[test]
fn a_piece_is_heard_while_the_rest_of_it_is_made() {
    let mut scene = one_slow_piece();
    scene.speech(Speech::End { answer: 1 });
    scene.make_sounds_of_one();
    scene.pass(1_000, 0.0);
    assert_eq!(scene.loud_packets, 20, "400 ms of 600, and then it waits for the rest");
    let heard = scene.heard(1);
    assert!(heard > 0 && heard < 30, "two thirds of its words at most: {heard}");
    assert_eq!(scene.states().last(), Some(&State::Speaking));
    assert!(!scene.has(&CallEvent::Finished { answer: 1 }));
    scene.make_sounds_of_one();
    scene.pass(1_000, 0.0);
    assert_eq!(scene.loud_packets, 30);
    assert!(scene.has(&CallEvent::Finished { answer: 1 }));
}

#[test]
fn nobody_waits_for_the_silence_before_a_sound_and_between_two_it_stays() {
    let sound = || SoundPart { samples: [vec![0.001; PACKET_SAMPLES], vec![0.5; PACKET_SAMPLES]].concat(), rest: 0 };
    let mut playlist = Playlist::default();
    let is_loud = |playlist: &mut Playlist| {
        let mut packet = [0.0; PACKET_SAMPLES];
        playlist.play(&mut packet, false);
        packet[0] == 0.5
    };
    for (ticket, piece) in (1..).zip(Pieces::default().push("Please wait. A nurse will come. ")) {
        playlist.put(ticket, Line::of_answer(1, piece), sound());
    }
    assert_eq!([(); 3].map(|()| is_loud(&mut playlist)), [true, false, true]);
}

#[test]
fn who_breaks_in_on_a_piece_is_not_told_its_rest() {
    let mut scene = one_slow_piece();
    scene.make_sounds_of_one();
    scene.pass(100, 0.0);
    scene.hear("And on Sundays?");
    assert!(scene.has(&CallEvent::Interrupted { answer: 1 }));
    scene.make_sounds_of_one();
    assert!(scene.waiting.is_empty(), "the part that was being made is the last one");
    let before = scene.loud_packets;
    scene.pass(1_000, 0.0);
    assert_eq!(scene.loud_packets, before);
}
