//! Whether somebody has finished or only pauses: Smart Turn, version 3.

use std::{path::Path, sync::Arc};

use rten::NodeId;
use rten_tensor::NdTensor;

use super::{
    files,
    lanes::Lanes,
    log_mel::LogMel,
    network::{EngineError, Network, numbers},
    rounding::without_rounding,
};
use crate::audio::HEARD_RATE;

/// Samples that the network looks at: 8 s.
const SEEN: usize = 8 * HEARD_RATE;

pub struct EndOfTurn {
    network: Network,
    input: NodeId,
    output: NodeId,
    features: LogMel,
}

impl EndOfTurn {
    pub fn load(folder: &Path, lanes: &Arc<Lanes>) -> Result<Self, EngineError> {
        let network = Network::load_with(folder, files::END_OF_TURN, without_rounding)?.in_lanes(lanes);
        Ok(Self { input: network.input()?, output: network.output()?, features: LogMel::default(), network })
    }

    pub fn probability(&self, samples: &[f32]) -> Result<f32, EngineError> {
        let features = self.features.of(&normalized(samples));
        let shape = [1, 80, features.len() / 80];
        let input = NdTensor::from_data(shape, features).into();
        let outputs = self.network.run(vec![(self.input, input)], &[self.output])?;
        let probability = numbers(outputs.into_iter().next())?;
        probability.first().copied().ok_or_else(|| EngineError::failed("the end of a turn is not told"))
    }
}

/// The end of the sound, with silence before it where it is short, around zero and as loud as all the others.
fn normalized(samples: &[f32]) -> Vec<f32> {
    let end = samples.get(samples.len().saturating_sub(SEEN)..).unwrap_or_default();
    let mut seen = vec![0.0; SEEN - end.len()];
    seen.extend_from_slice(end);
    let mean = seen.iter().sum::<f32>() / SEEN as f32;
    let variance = seen.iter().map(|sample| (sample - mean).powi(2)).sum::<f32>() / SEEN as f32;
    let deviation = (variance + 1e-7).sqrt();
    for sample in &mut seen {
        *sample = (*sample - mean) / deviation;
    }
    seen
}
