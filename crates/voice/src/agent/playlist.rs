//! Sounds that wait to be heard, and how far they were.

use std::collections::VecDeque;

use super::{
    Millis, is_notice,
    lines::{Kind, Line},
};
use crate::audio::{SPOKEN_RATE, SoundPart};

/// Samples that nobody hears: before the first of a sound there are some 50 ms of them.
const INAUDIBLE: f32 = 0.005;

/// Sounds in their order.
#[derive(Debug, Default)]
pub(super) struct Playlist {
    sounds: VecDeque<Sound>,
    is_paused: bool,
}

#[derive(Debug)]
struct Sound {
    ticket: u64,
    line: Line,
    samples: Vec<f32>,
    /// Samples that are still to be made.
    rest: usize,
    played: usize,
    is_told: bool,
}

/// What came of playing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Something begins to be heard.
    Began,
    /// So many bytes of an answer's text were heard.
    Heard { answer: u64, bytes: usize },
    /// Something that is no answer begins to be heard.
    Said { text: String },
}

impl Playlist {
    /// The first part of a line's sound.
    pub fn put(&mut self, ticket: u64, line: Line, SoundPart { mut samples, rest }: SoundPart) {
        if self.sounds.is_empty() {
            // It is waited for.
            let quiet = samples.iter().take_while(|sample| sample.abs() < INAUDIBLE).count();
            samples.drain(..quiet);
        }
        let at = if is_notice(&line) {
            // After what is being said, and after other notices.
            let is_before = |sound: &Sound| sound.played > 0 || is_notice(&sound.line);
            self.sounds.iter().take_while(|sound| is_before(sound)).count()
        } else {
            self.sounds.len()
        };
        self.sounds.insert(at, Sound { ticket, line, samples, rest, played: 0, is_told: false });
    }

    /// The next part of a sound. Whether it is still wanted.
    pub fn extend(&mut self, ticket: u64, SoundPart { samples, rest }: SoundPart) -> bool {
        let Some(sound) = self.sounds.iter_mut().find(|sound| sound.ticket == ticket) else { return false };
        sound.samples.extend(samples);
        sound.rest = rest;
        true
    }

    /// Whether more of a sound is on its way.
    pub fn is_being_made(&self) -> bool {
        self.sounds.iter().any(|sound| sound.rest > 0)
    }

    /// What was begun and is no notice ends here for one.
    pub fn let_notices_in(&mut self) {
        if let Some(sound) = self.sounds.front_mut().filter(|sound| sound.played > 0 && !is_notice(&sound.line)) {
            // The rest of a piece takes seconds; it is said again from its beginning.
            sound.played = 0;
        }
    }

    pub fn pause(&mut self) {
        self.is_paused = true;
    }

    pub fn resume(&mut self) {
        self.is_paused = false;
    }

    /// Forgets everything but notices. Returns the notice that was being heard, which is forgotten as well, to be said again.
    pub fn drop_all_but_notices(&mut self) -> Option<String> {
        // Between two of its pieces it is being heard as well.
        let is_heard = |sound: &Sound| is_notice(&sound.line) && (sound.played > 0 || !sound.line.is_first);
        let heard = self.sounds.front().filter(|sound| is_heard(sound)).map(|sound| sound.line.whole.clone());
        self.sounds.retain(|sound| is_notice(&sound.line) && heard.as_ref() != Some(&sound.line.whole));
        heard
    }

    /// Fills a packet, and says what was heard with it. Where more of a notice is on its way, nothing else is said meanwhile.
    pub fn play(&mut self, packet: &mut [f32], is_for_notices: bool) -> Vec<Progress> {
        packet.fill(0.0);
        let mut told = Vec::new();
        if self.is_paused {
            return told;
        }
        let mut filled = 0;
        while let Some(sound) = self.sounds.front_mut().filter(|sound| !is_for_notices || is_notice(&sound.line)) {
            if !sound.is_told {
                sound.is_told = true;
                told.push(Progress::Began);
                told.extend(sound.line.told().map(|text| Progress::Said { text }));
            }
            let rest = sound.samples.get(sound.played..).unwrap_or_default();
            let room = packet.get_mut(filled..).unwrap_or_default();
            let number = rest.len().min(room.len());
            for (place, sample) in room.iter_mut().zip(rest) {
                *place = *sample;
            }
            filled += number;
            sound.played += number;
            told.extend(sound.heard());
            if sound.played < sound.samples.len() || sound.rest > 0 {
                break;
            }
            self.sounds.pop_front();
            if filled == packet.len() {
                break;
            }
        }
        told
    }

    /// Whether something has been heard in part, or is about to be.
    pub fn has_begun(&self) -> bool {
        self.sounds.iter().any(|sound| !sound.samples.is_empty())
    }

    pub fn is_playing(&self) -> bool {
        !self.is_paused && !self.sounds.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        self.sounds.is_empty()
    }

    pub fn holds_answer(&self, answer: u64) -> bool {
        self.sounds.iter().any(|sound| sound.line.is_of(answer))
    }

    /// How long it takes to hear all of it.
    pub fn waiting_ms(&self) -> Millis {
        let samples: usize = self.sounds.iter().map(|sound| sound.samples.len() - sound.played).sum();
        (samples * 1_000 / SPOKEN_RATE) as Millis
    }
}

impl Sound {
    /// As much of an answer's text as has the same part of it as was heard of its sound, to the end of a word.
    fn heard(&self) -> Option<Progress> {
        let Kind::Answer { answer, piece } = &self.line.kind else { return None };
        let all = self.samples.len() + self.rest;
        let bytes = if self.played >= all {
            piece.range.end
        } else {
            let part = piece.written.len() * self.played / all;
            let words = piece.written.get(..piece.written.floor_char_boundary(part)).unwrap_or_default();
            piece.range.start + words.rfind(char::is_whitespace).map_or(0, |at| at + 1)
        };
        (bytes > piece.range.start).then_some(Progress::Heard { answer: *answer, bytes })
    }
}
