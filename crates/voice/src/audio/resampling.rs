//! The same sound at another rate.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Samples that are looked at together.
const CHUNK: usize = 1_024;

/// All of a sound at another rate. What cannot be made into it (no sound, no rate) comes back as nothing.
pub fn resample(samples: &[f32], from: usize, to: usize) -> Vec<f32> {
    if from == to {
        return samples.to_vec();
    }
    let Some(mut resampling) = Resampling::new(from, to) else { return Vec::new() };
    let mut resampled = resampling.push(samples);
    resampled.extend(resampling.finish());
    resampled
}

/// A sound at another rate, while it is still being made: the same samples, however it is cut.
pub struct Resampling {
    resampler: Fft<f32>,
    /// Less than is looked at together.
    waiting: Vec<f32>,
    /// What the filter gives before the sound: none of it is told.
    before: usize,
    taken: usize,
    given: usize,
}

impl Resampling {
    /// None where there is no such rate.
    pub fn new(from: usize, to: usize) -> Option<Self> {
        let resampler = Fft::<f32>::new(from, to, CHUNK, 1, FixedSync::Input).ok()?;
        Some(Self { before: resampler.output_delay(), resampler, waiting: Vec::new(), taken: 0, given: 0 })
    }

    /// The sound goes on. Returns as much of it as is certain: a few hundredths of a second wait for what follows.
    pub fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        self.taken += samples.len();
        self.waiting.extend_from_slice(samples);
        let mut resampled = Vec::new();
        while self.waiting.len() >= self.resampler.input_frames_next() {
            let chunk: Vec<f32> = self.waiting.drain(..self.resampler.input_frames_next()).collect();
            resampled.extend(self.process(&chunk));
        }
        self.given += resampled.len();
        resampled
    }

    /// The sound is over. Returns the rest.
    pub fn finish(mut self) -> Vec<f32> {
        let all = (self.taken as f64 * self.resampler.resample_ratio()).ceil() as usize;
        let missing = all - self.given.min(all);
        let mut chunk = std::mem::take(&mut self.waiting);
        let mut rest = Vec::new();
        while rest.len() < missing {
            chunk.resize(self.resampler.input_frames_next(), 0.0);
            let resampled = self.process(&chunk);
            if resampled.is_empty() && self.before == 0 {
                break;
            }
            rest.extend(resampled);
            chunk.clear();
        }
        rest.truncate(missing);
        rest
    }

    /// A chunk of the length that is asked for, which is all that the resampler could complain of.
    fn process(&mut self, chunk: &[f32]) -> Vec<f32> {
        let Ok(input) = InterleavedSlice::new(chunk, 1, chunk.len()) else { return Vec::new() };
        let Ok(output) = self.resampler.process(&input, None) else { return Vec::new() };
        let mut resampled = output.take_data();
        let left_out = self.before.min(resampled.len());
        self.before -= left_out;
        resampled.drain(..left_out);
        resampled
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    fn tone(rate: usize, hertz: f32) -> Vec<f32> {
        (0..rate).map(|index| (TAU * hertz * index as f32 / rate as f32).sin()).collect()
    }

    /// How often a tone crosses zero upwards: its hertz, where it lasts a second.
    fn crossings(samples: &[f32]) -> usize {
        samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
    }

    #[test]
    fn a_second_stays_a_second_and_a_tone_the_same_tone() {
        for (from, to) in [(22_050, 24_000), (24_000, 16_000), (48_000, 16_000)] {
            let resampled = resample(&tone(from, 440.0), from, to);
            assert!(resampled.len().abs_diff(to) <= 1, "{}", resampled.len());
            assert!(crossings(&resampled).abs_diff(440) <= 2, "{}", crossings(&resampled));
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone_and_not_another_tone() {
        let resampled = resample(&tone(48_000, 11_000.0), 48_000, 16_000);
        let loudest = resampled[1_000..15_000].iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        assert!(loudest < 0.02, "{loudest}");
    }

    #[test]
    fn a_sound_is_the_same_however_it_is_cut() {
        let whole = tone(22_050, 440.0);
        let expected = resample(&whole, 22_050, 24_000);
        for length in [1, 255, 1_029, 7_000] {
            let mut resampling = Resampling::new(22_050, 24_000).unwrap();
            let mut parts: Vec<f32> = whole.chunks(length).flat_map(|part| resampling.push(part)).collect();
            parts.extend(resampling.finish());
            assert!(parts == expected, "{length}");
        }
    }

    #[test]
    fn a_rate_that_there_is_not_is_told() {
        assert!(Resampling::new(0, 24_000).is_none());
    }

    #[test]
    fn nothing_stays_nothing() {
        assert!(resample(&[], 22_050, 24_000).is_empty());
    }
}
