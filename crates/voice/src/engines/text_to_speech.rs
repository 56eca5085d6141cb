//! How a text sounds: a Piper voice.

use std::{collections::HashMap, path::Path};

use rten::NodeId;
use rten_tensor::NdTensor;
use serde::Deserialize;

use super::{
    files,
    network::{EngineError, Network, numbers},
    phonemes,
    pronunciation::Pronunciation,
};
use crate::audio::{SPOKEN_RATE, resample};

/// The marks around a text, and between its sounds.
const BEGIN: char = '^';
const BETWEEN: char = '_';
const END: char = '$';
/// How much the voice varies, in tone and in pace: as the voice has it, a little less.
const CALM: f32 = 0.8;

pub struct TextToSpeech {
    network: Network,
    sounds: NodeId,
    length: NodeId,
    manner: NodeId,
    output: NodeId,
    settings: Settings,
    pronunciation: Pronunciation,
}

/// A voice's own file, as far as it matters.
#[derive(Deserialize)]
struct Settings {
    audio: AudioSettings,
    inference: Manner,
    /// The numbers that stand for each sound.
    phoneme_id_map: HashMap<char, Vec<i32>>,
}

#[derive(Deserialize)]
struct AudioSettings {
    sample_rate: usize,
}

#[derive(Deserialize)]
struct Manner {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl TextToSpeech {
    pub fn load(folder: &Path) -> Result<Self, EngineError> {
        let network = Network::load(folder, files::VOICE)?;
        let file = folder.join(files::VOICE_SETTINGS);
        let bytes = std::fs::read(&file).map_err(|error| EngineError::unreadable(&file, error))?;
        let settings: Settings =
            serde_json::from_slice(&bytes).map_err(|error| EngineError::unreadable(&file, error))?;
        Ok(Self {
            sounds: network.node("input")?,
            length: network.node("input_lengths")?,
            manner: network.node("scales")?,
            output: network.output()?,
            network,
            settings,
            pronunciation: Pronunciation::default(),
        })
    }

    pub fn speak(&self, text: &str) -> Result<Vec<f32>, EngineError> {
        let sounds = phonemes::as_espeak_writes(&self.pronunciation.of(text));
        if !sounds.chars().any(char::is_alphabetic) {
            return Ok(Vec::new());
        }
        let numbers_of = |sound: char| self.settings.phoneme_id_map.get(&sound).into_iter().flatten().copied();
        let mut sequence: Vec<i32> = numbers_of(BEGIN).chain(numbers_of(BETWEEN)).collect();
        for sound in sounds.chars() {
            let before = sequence.len();
            sequence.extend(numbers_of(sound));
            if sequence.len() > before {
                sequence.extend(numbers_of(BETWEEN));
            }
        }
        sequence.extend(numbers_of(END));
        let Manner { noise_scale, length_scale, noise_w } = self.settings.inference;
        let manner = vec![noise_scale * CALM, length_scale, noise_w * CALM];
        let inputs = vec![
            (self.length, NdTensor::from_data([1], vec![sequence.len() as i32]).into()),
            (self.sounds, NdTensor::from_data([1, sequence.len()], sequence).into()),
            (self.manner, NdTensor::from_data([3], manner).into()),
        ];
        let samples = numbers(self.network.run(inputs, &[self.output])?.into_iter().next())?;
        Ok(resample(&samples, self.settings.audio.sample_rate, SPOKEN_RATE))
    }
}
