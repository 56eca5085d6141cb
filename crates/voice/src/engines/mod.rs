//! The networks that listen and speak, loaded once and shared by every call.

mod end_of_turn;
mod log_mel;
mod network;
mod phonemes;
mod pronunciation;
mod speech_to_text;
mod text_to_speech;
mod voice_activity;

use std::path::Path;

use self::{
    end_of_turn::EndOfTurn, speech_to_text::SpeechToText, text_to_speech::TextToSpeech, voice_activity::VoiceDetector,
};
pub use self::{network::EngineError, voice_activity::VoiceActivity};
use crate::models::files;

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
        Ok(Self {
            detector: VoiceDetector::load(folder)?,
            end_of_turn: EndOfTurn::load(folder)?,
            speech_to_text: SpeechToText::load(folder)?,
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

    /// How a text sounds, at [`crate::audio::SPOKEN_RATE`]. Empty where nothing of it can be said.
    pub fn speak(&self, text: &str) -> Result<Vec<f32>, EngineError> {
        self.text_to_speech.speak(text)
    }
}
