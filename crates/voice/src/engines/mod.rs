//! The networks that listen and speak, loaded once and shared by every call.

mod end_of_turn;
mod lanes;
mod log_mel;
mod network;
mod phonemes;
mod pronunciation;
mod rounding;
mod speech_to_text;
mod text_to_speech;
mod voice_activity;

use std::{path::Path, sync::Arc};

use self::{
    end_of_turn::EndOfTurn, speech_to_text::SpeechToText, text_to_speech::TextToSpeech, voice_activity::VoiceDetector,
};
pub use self::{network::EngineError, text_to_speech::Utterance, voice_activity::VoiceActivity};
use crate::{audio::SoundPart, models::files};

/// All networks. Each takes work from any number of threads at the same time; who calls limits how many.
pub struct Engines {
    detector: VoiceDetector,
    end_of_turn: EndOfTurn,
    speech_to_text: SpeechToText,
    text_to_speech: TextToSpeech,
}

impl Engines {
    /// Loads what a folder holds. It takes a second or two, and as much memory as the files and half as much again.
    pub fn load(folder: &Path) -> Result<Self, EngineError> {
        let lanes = Arc::default();
        Ok(Self {
            detector: VoiceDetector::load(folder, &lanes)?,
            end_of_turn: EndOfTurn::load(folder, &lanes)?,
            speech_to_text: SpeechToText::load(folder, &lanes)?,
            text_to_speech: TextToSpeech::load(folder)?,
        })
    }

    /// How likely it is that somebody speaks in this frame of [`VoiceActivity::FRAME`] samples, after those before it.
    pub fn voice_activity(&self, state: &mut VoiceActivity, frame: &[f32]) -> Result<f32, EngineError> {
        self.detector.probability(state, frame)
    }

    /// How likely it is that whoever said this has finished: 0 in the middle of a sentence, 1 at its end. At
    /// [`crate::audio::HEARD_RATE`]; of more than 8 s, the last 8 count.
    pub fn end_of_turn(&self, samples: &[f32]) -> Result<f32, EngineError> {
        self.end_of_turn.probability(samples)
    }

    /// What was said, at [`crate::audio::HEARD_RATE`]. Empty where it was nothing.
    pub fn transcribe(&self, samples: &[f32]) -> Result<String, EngineError> {
        self.speech_to_text.transcribe(samples)
    }

    /// How a text is said, of which [`Engines::speak_on`] makes the sound. None where nothing of it can be said.
    pub fn begin_to_speak(&self, text: &str) -> Result<Option<Utterance>, EngineError> {
        self.text_to_speech.begin(text)
    }

    /// The next part of the sound, until nothing follows.
    pub fn speak_on(&self, utterance: &mut Utterance) -> Result<SoundPart, EngineError> {
        self.text_to_speech.go_on(utterance)
    }

    /// How a text sounds, at [`crate::audio::SPOKEN_RATE`], all at once. Empty where nothing of it can be said.
    pub fn speak(&self, text: &str) -> Result<Vec<f32>, EngineError> {
        let mut samples = Vec::new();
        let Some(mut utterance) = self.begin_to_speak(text)? else { return Ok(samples) };
        loop {
            let part = self.speak_on(&mut utterance)?;
            samples.extend(part.samples);
            if part.rest == 0 {
                return Ok(samples);
            }
        }
    }
}
