//! Sound as numbers: mono samples between -1 and 1.

#[cfg(feature = "engines")]
mod opus;
#[cfg(feature = "engines")]
mod resampling;
mod wave;

#[cfg(feature = "engines")]
pub use opus::{OpusDecoder, OpusEncoder, OpusError};
#[cfg(feature = "engines")]
pub use resampling::{Resampling, resample};
pub use wave::{WaveError, read_wave, write_wave};

/// Samples a second of what is heard: what the networks that listen were trained on.
pub const HEARD_RATE: usize = 16_000;
/// Samples a second of what is said.
pub const SPOKEN_RATE: usize = 24_000;
/// Milliseconds of sound in a packet.
pub const PACKET_MS: usize = 20;
/// Samples of what is said in a packet.
pub const PACKET_SAMPLES: usize = SPOKEN_RATE * PACKET_MS / 1_000;

/// What has been made of a sound since its last part, and how much is still to come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SoundPart {
    /// At [`SPOKEN_RATE`].
    pub samples: Vec<f32>,
    /// Samples that follow. None: this was the last part.
    pub rest: usize,
}
