//! Opus packets (RFC 6716), one way each.

use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder};

use super::{HEARD_RATE, SPOKEN_RATE};

/// Samples that a packet may decode to: 120 ms, says the RFC.
const LONGEST_PACKET: usize = HEARD_RATE * 120 / 1_000;
/// Bytes that a packet may have without being cut on its way.
const LARGEST_PACKET: usize = 1_200;
/// Bits a second: speech in wide band is as good as it gets.
const BITRATE: u32 = 32_000;

/// A packet, or a stream, that Opus does not know how to handle. What it says holds no sound.
#[derive(Debug, thiserror::Error)]
#[error("opus: {0}")]
pub struct OpusError(String);

impl OpusError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Makes packets of what is said.
pub struct OpusEncoder(Encoder);

impl OpusEncoder {
    pub fn new() -> Result<Self, OpusError> {
        let encoder = Encoder::builder(SPOKEN_RATE as u32, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(BITRATE))
            .complexity(5)
            .build();
        encoder.map(Self).map_err(OpusError::of)
    }

    /// The packet for [`super::PACKET_SAMPLES`] samples.
    pub fn encode(&mut self, samples: &[f32]) -> Result<Vec<u8>, OpusError> {
        let mut packet = vec![0; LARGEST_PACKET];
        let bytes = self.0.encode_float(samples, &mut packet).map_err(OpusError::of)?;
        packet.truncate(bytes);
        Ok(packet)
    }
}

/// Makes sound of packets, at [`HEARD_RATE`] whatever they were made of.
pub struct OpusDecoder {
    decoder: Decoder,
    samples: Box<[f32; LONGEST_PACKET]>,
}

impl OpusDecoder {
    pub fn new() -> Result<Self, OpusError> {
        let decoder = Decoder::new(HEARD_RATE as u32, Channels::Mono).map_err(OpusError::of)?;
        Ok(Self { decoder, samples: Box::new([0.0; LONGEST_PACKET]) })
    }

    /// The sound of a packet.
    pub fn decode(&mut self, packet: &[u8]) -> Result<&[f32], OpusError> {
        let decoded = self.decoder.decode_float(packet, self.samples.as_mut_slice(), DecodeMode::Normal);
        let number = decoded.map_err(OpusError::of)?;
        Ok(self.samples.get(..number).unwrap_or_default())
    }

    /// What may have been in a packet of [`super::PACKET_MS`] that was lost.
    pub fn conceal(&mut self) -> Result<&[f32], OpusError> {
        let room = self.samples.get_mut(..HEARD_RATE * super::PACKET_MS / 1_000).unwrap_or_default();
        let number = self.decoder.decode_float(&[], room, DecodeMode::Normal).map_err(OpusError::of)?;
        Ok(self.samples.get(..number).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::audio::PACKET_SAMPLES;

    fn loudness(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_comes_out_as_loud_as_it_went_in_at_the_rate_of_what_is_heard() {
        let mut encoder = OpusEncoder::new().unwrap();
        let mut decoder = OpusDecoder::new().unwrap();
        let tone: Vec<f32> = (0..PACKET_SAMPLES * 20)
            .map(|index| 0.4 * (TAU * 440.0 * index as f32 / SPOKEN_RATE as f32).sin())
            .collect();
        let mut heard = Vec::new();
        for packet in tone.chunks(PACKET_SAMPLES) {
            let packet = encoder.encode(packet).unwrap();
            assert!(packet.len() < 300, "{}", packet.len());
            heard.extend_from_slice(decoder.decode(&packet).unwrap());
        }
        assert_eq!(heard.len(), HEARD_RATE * 400 / 1_000);
        let (before, after) = (loudness(&tone), loudness(&heard[heard.len() / 2..]));
        assert!((before - after).abs() < 0.05, "{before} {after}");
    }

    #[test]
    fn what_is_no_packet_is_refused_and_what_was_lost_is_made_up() {
        let mut decoder = OpusDecoder::new().unwrap();
        assert!(decoder.decode(&[0xff; 3]).is_err());
        assert_eq!(decoder.conceal().unwrap().len(), HEARD_RATE / 50);
    }
}
