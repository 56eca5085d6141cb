//! The same sound at another rate.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Samples that are looked at together.
const CHUNK: usize = 1_024;

/// All of a sound at another rate. What cannot be made into it (no sound, no rate) comes back as nothing.
pub fn resample(samples: &[f32], from: usize, to: usize) -> Vec<f32> {
    if from == to || samples.is_empty() {
        return samples.to_vec();
    }
    let Ok(mut resampler) = Fft::<f32>::new(from, to, CHUNK, 1, FixedSync::Input) else { return Vec::new() };
    let Ok(input) = InterleavedSlice::new(samples, 1, samples.len()) else { return Vec::new() };
    match resampler.process_all(&input, samples.len(), None) {
        Ok(output) => output.take_data(),
        Err(_) => Vec::new(),
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
    fn nothing_stays_nothing() {
        assert!(resample(&[], 22_050, 24_000).is_empty());
    }
}
