//! What was said: Moonshine, an encoder that reads a sound and a decoder that writes its words, a token at a time.

use std::{collections::HashMap, path::Path, sync::Arc};

use rten::{NodeId, Value, ValueOrView};
use rten_tensor::{NdTensor, Tensor};
use serde::Deserialize;

use super::{
    files,
    lanes::Lanes,
    network::{EngineError, Network, numbers},
};
use crate::audio::HEARD_RATE;

/// Samples below which nothing was said.
const SHORTEST: usize = HEARD_RATE / 10;
/// Now and then the network makes nothing of a sentence that is plain to hear, and all of it once there is a little less before it.
/// More samples than these, of which nothing was made, are worth a second look without so many of the first.
const WORTH_MORE: usize = HEARD_RATE * 8 / 10;
const LEFT_OUT: usize = HEARD_RATE / 4;
/// Tokens that a second of speech has at most. A network that goes on beyond them is repeating itself.
const TOKENS_PER_SECOND: usize = 7;
const TOKENS_BESIDE: usize = 4;
/// What the decoder begins with, and what it ends with.
const BEGIN: u32 = 1;
const END: u32 = 2;

pub struct SpeechToText {
    encoder: Network,
    sound: NodeId,
    encoded: NodeId,
    decoder: Decoder,
    vocabulary: Vec<Token>,
}

/// What a token stands for.
#[derive(Clone)]
enum Token {
    Text(String),
    /// One byte of a character that has no token of its own.
    Byte(u8),
    /// A mark that is no part of the text.
    Mark,
}

struct Decoder {
    network: Network,
    tokens: NodeId,
    encoded: NodeId,
    /// Whether there is something to remember.
    goes_on: NodeId,
    scores: NodeId,
    memory: Vec<Memory>,
}

/// One of the things that the decoder remembers from token to token.
struct Memory {
    past: NodeId,
    present: NodeId,
    shape: Vec<usize>,
    /// What it made of the sound stays as it is after the first token.
    is_of_sound: bool,
}

/// A tokenizer's file, as far as it matters.
#[derive(Deserialize)]
struct Vocabulary {
    model: VocabularyModel,
}

#[derive(Deserialize)]
struct VocabularyModel {
    vocab: HashMap<String, usize>,
}

impl SpeechToText {
    pub fn load(folder: &Path, lanes: &Arc<Lanes>) -> Result<Self, EngineError> {
        let encoder = Network::load(folder, files::SPEECH_ENCODER)?.in_lanes(lanes);
        Ok(Self {
            sound: encoder.input()?,
            encoded: encoder.output()?,
            encoder,
            decoder: Decoder::load(folder, lanes)?,
            vocabulary: vocabulary(folder)?,
        })
    }

    pub fn transcribe(&self, samples: &[f32]) -> Result<String, EngineError> {
        let mut text = self.read(samples)?;
        if text.is_empty() && samples.len() > WORTH_MORE {
            text = self.read(&samples[LEFT_OUT..])?;
        }
        Ok(text)
    }

    fn read(&self, samples: &[f32]) -> Result<String, EngineError> {
        if samples.len() < SHORTEST {
            return Ok(String::new());
        }
        let sound = NdTensor::from_data([1, samples.len()], samples.to_vec()).into();
        let encoded = self.encoder.run(vec![(self.sound, sound)], &[self.encoded])?.into_iter().next();
        let encoded = encoded.ok_or_else(|| EngineError::failed("nothing was made of the sound"))?;
        let most = samples.len() * TOKENS_PER_SECOND / HEARD_RATE + TOKENS_BESIDE;
        let tokens = self.decoder.write(&encoded, most)?;
        Ok(self.text(&tokens))
    }

    fn text(&self, tokens: &[u32]) -> String {
        let mut text = Vec::new();
        for token in tokens {
            match self.vocabulary.get(*token as usize) {
                Some(Token::Text(piece)) => text.extend_from_slice(piece.as_bytes()),
                Some(Token::Byte(byte)) => text.push(*byte),
                Some(Token::Mark) | None => {}
            }
        }
        String::from_utf8_lossy(&text).trim().to_owned()
    }
}

impl Decoder {
    fn load(folder: &Path, lanes: &Arc<Lanes>) -> Result<Self, EngineError> {
        let network = Network::load(folder, files::SPEECH_DECODER)?.in_lanes(lanes);
        let mut memory = Vec::new();
        for (name, shape) in network.inputs() {
            let Some(what) = name.strip_prefix("past_key_values.") else { continue };
            memory.push(Memory {
                past: network.node(&name)?,
                present: network.node(&format!("present.{what}"))?,
                shape,
                is_of_sound: what.contains("encoder"),
            });
        }
        Ok(Self {
            tokens: network.node("input_ids")?,
            encoded: network.node("encoder_hidden_states")?,
            goes_on: network.node("use_cache_branch")?,
            scores: network.node("logits")?,
            memory,
            network,
        })
    }

    /// The likeliest token, again and again, until the text ends.
    fn write(&self, encoded: &Value, most: usize) -> Result<Vec<u32>, EngineError> {
        let outputs: Vec<_> = std::iter::once(self.scores).chain(self.memory.iter().map(|part| part.present)).collect();
        let mut remembered: Vec<Value> =
            self.memory.iter().map(|part| Tensor::<f32>::zeros(&part.shape).into()).collect();
        let (mut token, mut written) = (BEGIN, Vec::new());
        while written.len() < most {
            let is_first = written.is_empty();
            let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![
                (self.tokens, NdTensor::from_data([1, 1], vec![token as i32]).into()),
                (self.encoded, encoded.into()),
                (self.goes_on, NdTensor::from_data([1], vec![i32::from(!is_first)]).into()),
            ];
            inputs.extend(self.memory.iter().zip(&remembered).map(|(part, value)| (part.past, value.into())));
            let mut results = self.network.run(inputs, &outputs)?.into_iter();
            token = likeliest(&numbers(results.next())?);
            for ((part, slot), value) in self.memory.iter().zip(&mut remembered).zip(results) {
                if is_first || !part.is_of_sound {
                    *slot = value;
                }
            }
            if token == END {
                break;
            }
            written.push(token);
        }
        Ok(written)
    }
}

fn likeliest(scores: &[f32]) -> u32 {
    let best = scores.iter().enumerate().max_by(|(_, one), (_, two)| one.total_cmp(two));
    best.map_or(END, |(token, _)| token as u32)
}

fn vocabulary(folder: &Path) -> Result<Vec<Token>, EngineError> {
    let file = folder.join(files::SPEECH_VOCABULARY);
    let bytes = std::fs::read(&file).map_err(|error| EngineError::unreadable(&file, error))?;
    let parsed: Vocabulary = serde_json::from_slice(&bytes).map_err(|error| EngineError::unreadable(&file, error))?;
    let mut tokens = Vec::new();
    for (text, number) in parsed.model.vocab {
        if number >= tokens.len() {
            tokens.resize(number + 1, Token::Mark);
        }
        tokens[number] = token(&text);
    }
    Ok(tokens)
}

fn token(text: &str) -> Token {
    let marked = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    match marked.and_then(|inner| inner.strip_prefix("0x")).map(|digits| u8::from_str_radix(digits, 16)) {
        Some(Ok(byte)) => Token::Byte(byte),
        _ if marked.is_some() => Token::Mark,
        // How the tokenizer writes a space.
        _ => Token::Text(text.replace('\u{2581}', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_text_or_a_byte_or_nothing() {
        assert!(matches!(token("\u{2581}hours"), Token::Text(text) if text == " hours"));
        assert!(matches!(token("<0xE2>"), Token::Byte(0xe2)));
        assert!(matches!(token("</s>"), Token::Mark));
    }

    #[test]
    fn the_likeliest_of_nothing_is_the_end() {
        assert_eq!((likeliest(&[]), likeliest(&[0.1, 3.0, -1.0])), (END, 1));
    }
}
