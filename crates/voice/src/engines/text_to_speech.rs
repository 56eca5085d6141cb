//! How a text sounds: a Piper voice.
//!
//! It works in three steps: an outline of how all of a text is said, in frames; the frames shaped; their sound. Only the first one
//! needs all of the text. The others are taken part by part, so that somebody hears the beginning while the rest is made.

use std::{collections::HashMap, ops::Range, path::Path};

use rten::{NodeId, Value, ValueOrView};
use rten_tensor::NdTensor;
use serde::Deserialize;

use super::{
    files,
    network::{EngineError, Network, numbers},
    phonemes,
    pronunciation::Pronunciation,
};
use crate::audio::{Resampling, SPOKEN_RATE, SoundPart};

/// The marks around a text, and between its sounds.
const BEGIN: char = '^';
const BETWEEN: char = '_';
const END: char = '$';
/// How much the voice varies, in tone and in pace: as the voice has it, a little less.
const CALM: f32 = 0.8;
/// What the first step hands over to the second, and the second to the third, as the voice's file calls it: a row for each of
/// [`CHANNELS`], a column for each frame.
const OUTLINE: &str = "/Add_output_0";
const SHAPED: &str = "/Mul_7_output_0";
/// Which frames there are; all of those that it is given.
const MASK: &str = "/Cast_2_output_0";
const CHANNELS: usize = 192;
/// Samples of a frame: the third step has three layers, which make 8, 8 and 4 of one.
const FRAME: usize = 256;
/// Frames before and after one that its sound depends on, and those that its shape depends on: 16 layers that look at two on
/// either side.
const SOUND_AROUND: usize = 10;
const SHAPE_AROUND: usize = 32;
/// Frames of the first part, about 280 ms, and of the longest, about 1.1 s. Every part is as long as all before it together:
/// so much is there to hear while it is made.
const FIRST_PART: usize = 24;
const LONGEST_PART: usize = 96;

pub struct TextToSpeech {
    network: Network,
    sounds: NodeId,
    length: NodeId,
    manner: NodeId,
    outline: NodeId,
    mask: NodeId,
    shaped: NodeId,
    output: NodeId,
    settings: Settings,
    pronunciation: Pronunciation,
}

/// Frames of a sound to be: for each channel, a number for every frame.
struct Frames {
    numbers: Vec<f32>,
    length: usize,
}

/// A text whose sound is being made.
pub struct Utterance {
    outline: Frames,
    /// All of them, once more than the first part is wanted.
    shaped: Option<Frames>,
    /// Frames that were made into sound.
    made: usize,
    /// None where all of it was.
    resampling: Option<Resampling>,
    /// Samples that are still to come.
    rest: usize,
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
            outline: network.node(OUTLINE)?,
            mask: network.node(MASK)?,
            shaped: network.node(SHAPED)?,
            output: network.output()?,
            network,
            settings,
            pronunciation: Pronunciation::default(),
        })
    }

    /// How a text is said. None where nothing of it can be.
    pub fn begin(&self, text: &str) -> Result<Option<Utterance>, EngineError> {
        let sounds = phonemes::as_espeak_writes(&self.pronunciation.of(text));
        if !sounds.chars().any(char::is_alphabetic) {
            return Ok(None);
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
        let outline = Frames::of(self.network.run(inputs, &[self.outline])?)?;
        if outline.length == 0 {
            return Ok(None);
        }
        let rate = self.settings.audio.sample_rate;
        Ok(Some(Utterance {
            rest: (outline.length * FRAME * SPOKEN_RATE).div_ceil(rate.max(1)),
            outline,
            shaped: None,
            made: 0,
            resampling: Resampling::new(rate, SPOKEN_RATE),
        }))
    }

    /// The next part of its sound.
    pub fn go_on(&self, utterance: &mut Utterance) -> Result<SoundPart, EngineError> {
        let part = utterance.next_part();
        let seen = utterance.outline.around(&part, SOUND_AROUND);
        let frames = match &utterance.shaped {
            Some(shaped) => shaped.cut(&seen),
            // Nobody hears anything before the first part, so that it is shaped by itself.
            None if part.start == 0 => {
                let known = utterance.outline.around(&seen, SHAPE_AROUND);
                self.shape(&utterance.outline.cut(&known))?.cut(&seen)
            }
            None => utterance.shaped.insert(self.shape(&utterance.outline)?).cut(&seen),
        };
        let sound = self.sound(&frames)?;
        let place = (part.start - seen.start) * FRAME..(part.end - seen.start) * FRAME;
        let sound = sound.get(place).ok_or_else(|| EngineError::failed("the voice has another rate"))?;
        Ok(utterance.take_in(sound))
    }

    fn shape(&self, outline: &Frames) -> Result<Frames, EngineError> {
        let mask = NdTensor::from_data([1, 1, outline.length], vec![1.0; outline.length]).into();
        let inputs = vec![(self.outline, outline.value()), (self.mask, mask)];
        Frames::of(self.network.run(inputs, &[self.shaped])?)
    }

    fn sound(&self, shaped: &Frames) -> Result<Vec<f32>, EngineError> {
        numbers(self.network.run(vec![(self.shaped, shaped.value())], &[self.output])?.into_iter().next())
    }
}

impl Frames {
    fn of(outputs: Vec<Value>) -> Result<Self, EngineError> {
        let numbers = numbers(outputs.into_iter().next())?;
        Ok(Self { length: numbers.len() / CHANNELS, numbers })
    }

    fn value(&self) -> ValueOrView<'static> {
        NdTensor::from_data([1, CHANNELS, self.length], self.numbers.clone()).into()
    }

    /// These frames, and as many before and after them as there are, up to a number.
    fn around(&self, frames: &Range<usize>, number: usize) -> Range<usize> {
        frames.start.saturating_sub(number)..self.length.min(frames.end + number)
    }

    fn cut(&self, frames: &Range<usize>) -> Self {
        let rows = self.numbers.chunks_exact(self.length.max(1));
        let numbers = rows.filter_map(|row| row.get(frames.clone())).flatten().copied().collect();
        Self { numbers, length: frames.len() }
    }
}

impl Utterance {
    fn next_part(&self) -> Range<usize> {
        let length = self.made.clamp(FIRST_PART, LONGEST_PART);
        self.made..self.outline.length.min(self.made + length)
    }

    fn take_in(&mut self, sound: &[f32]) -> SoundPart {
        self.made += sound.len() / FRAME;
        let mut samples = self.resampling.as_mut().map(|resampling| resampling.push(sound)).unwrap_or_default();
        if self.made == self.outline.length {
            samples.extend(self.resampling.take().map(Resampling::finish).unwrap_or_default());
        }
        // Nobody waits for what a rate makes less of than was expected.
        self.rest = if self.resampling.is_some() { self.rest.saturating_sub(samples.len()).max(1) } else { 0 };
        SoundPart { samples, rest: self.rest }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    #[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
    fn a_sound_that_is_made_in_parts_is_the_one_that_is_made_at_once() {
        let folder = std::env::var("VOICE_MODELS_DIR")
            .map_or_else(|_| PathBuf::from("../../target/voice-models"), PathBuf::from);
        let voice = TextToSpeech::load(&folder).unwrap();
        let mut utterance =
            voice.begin("Please bring your insurance card and a list of your medicines.").unwrap().unwrap();
        let whole = voice.sound(&voice.shape(&utterance.outline).unwrap()).unwrap();
        assert_eq!(whole.len(), utterance.outline.length * FRAME);
        let whole = crate::audio::resample(&whole, voice.settings.audio.sample_rate, SPOKEN_RATE);

        let (mut parts, mut made) = (0, Vec::new());
        loop {
            let part = voice.go_on(&mut utterance).unwrap();
            parts += 1;
            made.extend(part.samples);
            assert_eq!(part.rest, whole.len() - made.len());
            if part.rest == 0 {
                break;
            }
        }
        assert!(parts > 2, "{parts}");
        let difference = whole.iter().zip(&made).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        assert!(difference < 1e-3, "{difference}");
    }
}
