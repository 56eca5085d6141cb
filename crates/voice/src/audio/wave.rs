//! WAV files with one channel of 16-bit samples: what tests and examples speak and listen to.

use std::{fs, io, path::Path};

/// Why a file is no sound that can be read.
#[derive(Debug, thiserror::Error)]
pub enum WaveError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("wants a WAV file with one channel of 16-bit samples")]
    Format,
}

/// The samples of a file, and how many of them make a second.
pub fn read_wave(path: &Path) -> Result<(Vec<f32>, usize), WaveError> {
    let bytes = fs::read(path)?;
    let field = |at: usize, length: usize| bytes.get(at..at + length).ok_or(WaveError::Format);
    let number = |at: usize| -> Result<usize, WaveError> {
        let bytes: [u8; 4] = field(at, 4)?.try_into().map_err(|_| WaveError::Format)?;
        Ok(u32::from_le_bytes(bytes) as usize)
    };
    if field(0, 4)? != b"RIFF" || field(8, 4)? != b"WAVE" {
        return Err(WaveError::Format);
    }
    let mut rate = None;
    let mut at = 12;
    loop {
        let (name, length) = (field(at, 4)?, number(at + 4)?);
        match name {
            // Plain numbers, one channel; the rate; 16 bits.
            b"fmt " if field(at + 8, 4)? == [1, 0, 1, 0] && field(at + 22, 2)? == [16, 0] => {
                rate = Some(number(at + 12)?)
            }
            b"fmt " => return Err(WaveError::Format),
            b"data" => {
                // A file that is still being written says more than there is.
                let end = bytes.len().min(at + 8 + length);
                let (pairs, _) = bytes.get(at + 8..end).ok_or(WaveError::Format)?.as_chunks::<2>();
                let samples = pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0).collect();
                return Ok((samples, rate.ok_or(WaveError::Format)?));
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// Writes samples to a file.
pub fn write_wave(path: &Path, samples: &[f32], rate: usize) -> io::Result<()> {
    let data = samples.len() as u32 * 2;
    let rate = rate as u32;
    let mut bytes = Vec::with_capacity(44 + samples.len() * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(data + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * 2).to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&data.to_le_bytes());
    for sample in samples {
        bytes.extend_from_slice(&((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        write_wave(&path, &[0.0, 0.5, -0.5, 1.0], 24_000).unwrap();
        let (samples, rate) = read_wave(&path).unwrap();
        assert_eq!(rate, 24_000);
        assert!(samples.iter().zip([0.0, 0.5, -0.5, 1.0]).all(|(is, was)| (is - was).abs() < 1e-3), "{samples:?}");
        fs::write(&path, b"RIFF....WAVEfmt ").unwrap();
        assert!(matches!(read_wave(&path), Err(WaveError::Format)));
    }
}
