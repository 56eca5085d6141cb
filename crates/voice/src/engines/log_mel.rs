//! Sound as a picture: how strong each of 80 bands is in each hundredth of a second, as Whisper's networks see it
//! (<https://github.com/openai/whisper>, `log_mel_spectrogram`).

use std::{f64::consts::TAU, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex};

use crate::audio::HEARD_RATE;

/// Samples that are looked at together: 25 ms.
const WINDOW: usize = 400;
/// Samples between one look and the next: 10 ms.
const HOP: usize = 160;
const BANDS: usize = 80;
/// Below this many hertz a band is as wide as the next, above it grows.
const LINEAR_BELOW: f64 = 1_000.0;
const HERTZ_PER_MEL: f64 = 200.0 / 3.0;
/// By how much 27 bands multiply the pitch.
const GROWTH: f64 = 6.4;
const GROWTH_BANDS: f64 = 27.0;
/// How far below the loudest place anything is still told from silence, in powers of ten.
const RANGE: f32 = 8.0;

pub struct LogMel {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// For each band, the first of the frequencies that it takes in, and how much of each.
    bands: Vec<(usize, Vec<f32>)>,
}

impl Default for LogMel {
    fn default() -> Self {
        let window = (0..WINDOW).map(|index| (0.5 - 0.5 * (TAU * index as f64 / WINDOW as f64).cos()) as f32);
        Self {
            transform: RealFftPlanner::new().plan_fft_forward(WINDOW),
            window: window.collect(),
            bands: (0..BANDS).map(band).collect(),
        }
    }
}

impl LogMel {
    /// Bands one after the other, each with a number for every hundredth of a second.
    pub fn of(&self, samples: &[f32]) -> Vec<f32> {
        let looks = samples.len() / HOP;
        let padded = mirrored(samples, WINDOW / 2);
        let mut sound = self.transform.make_input_vec();
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        let mut picture = vec![0.0; BANDS * looks];
        let mut power = vec![0.0; spectrum.len()];
        for look in 0..looks {
            let seen = padded.iter().skip(look * HOP).zip(&self.window);
            for (place, (sample, weight)) in sound.iter_mut().zip(seen) {
                *place = sample * weight;
            }
            // The lengths are the plan's own, which is all that it could complain of.
            let _ = self.transform.process_with_scratch(&mut sound, &mut spectrum, &mut scratch);
            for (place, number) in power.iter_mut().zip(&spectrum) {
                *place = number.norm_sqr();
            }
            for (row, (first, weights)) in picture.chunks_mut(looks).zip(&self.bands) {
                let energy: f32 = power.iter().skip(*first).zip(weights).map(|(power, weight)| power * weight).sum();
                if let Some(place) = row.get_mut(look) {
                    *place = energy.max(1e-10).log10();
                }
            }
        }
        let loudest = picture.iter().copied().fold(f32::MIN, f32::max);
        for place in &mut picture {
            *place = (place.max(loudest - RANGE) + 4.0) / 4.0;
        }
        picture
    }
}

/// The sound with as much of itself, mirrored, before and after it.
fn mirrored(samples: &[f32], more: usize) -> Vec<f32> {
    let before = samples.iter().skip(1).take(more).rev();
    let after = samples.iter().rev().skip(1).take(more);
    before.chain(samples).chain(after).copied().collect()
}

/// A triangle between the middles of the bands beside it, of the same area for all bands.
fn band(index: usize) -> (usize, Vec<f32>) {
    let highest = mel(HEARD_RATE as f64 / 2.0);
    let middle = |index: usize| hertz(highest * index as f64 / (BANDS + 1) as f64);
    let (from, peak, to) = (middle(index), middle(index + 1), middle(index + 2));
    let pitch = |bin: usize| HEARD_RATE as f64 * bin as f64 / WINDOW as f64;
    let weight = |bin: usize| {
        let (up, down) = ((pitch(bin) - from) / (peak - from), (to - pitch(bin)) / (to - peak));
        (up.min(down).max(0.0) * 2.0 / (to - from)) as f32
    };
    let bins: Vec<usize> = (0..=WINDOW / 2).filter(|bin| weight(*bin) > 0.0).collect();
    let first = bins.first().copied().unwrap_or_default();
    (first, bins.into_iter().map(weight).collect())
}

/// The mel scale as Slaney's toolbox has it: even up to 1 kHz, then logarithmic.
fn mel(hertz: f64) -> f64 {
    if hertz < LINEAR_BELOW {
        hertz / HERTZ_PER_MEL
    } else {
        LINEAR_BELOW / HERTZ_PER_MEL + (hertz / LINEAR_BELOW).ln() * GROWTH_BANDS / GROWTH.ln()
    }
}

fn hertz(mel: f64) -> f64 {
    let linear = LINEAR_BELOW / HERTZ_PER_MEL;
    if mel < linear { mel * HERTZ_PER_MEL } else { LINEAR_BELOW * ((mel - linear) * GROWTH.ln() / GROWTH_BANDS).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_brightest_in_the_band_of_its_pitch() {
        let tone = |hertz: f64| -> Vec<f32> {
            (0..HEARD_RATE).map(|index| (TAU * hertz * index as f64 / HEARD_RATE as f64).sin() as f32).collect()
        };
        let brightest = |hertz: f64| {
            let picture = LogMel::default().of(&tone(hertz));
            let looks = picture.len() / BANDS;
            assert_eq!(looks, 100);
            let at = |band: usize| picture[band * looks + looks / 2];
            (0..BANDS).max_by(|one, two| at(*one).total_cmp(&at(*two))).unwrap()
        };
        let expected = |hertz: f64| (mel(hertz) * (BANDS + 1) as f64 / mel(8_000.0)) as usize - 1;
        for hertz in [400.0, 1_000.0, 3_000.0] {
            assert!(brightest(hertz).abs_diff(expected(hertz)) <= 1, "{hertz}: {}", brightest(hertz));
        }
    }

    #[test]
    fn the_scale_goes_both_ways() {
        for pitch in [0.0, 500.0, 1_000.0, 7_999.0] {
            assert!((hertz(mel(pitch)) - pitch).abs() < 1e-6);
        }
    }
}
