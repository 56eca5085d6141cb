//! Whether somebody speaks: Silero VAD, version 5.

use std::{path::Path, sync::Arc};

use rten::NodeId;
use rten_tensor::{NdTensor, Tensor, prelude::*};

use super::{
    files,
    lanes::Lanes,
    network::{EngineError, Network, numbers},
};
use crate::audio::HEARD_RATE;

/// Samples of the frame before that the network sees with each frame.
const CONTEXT: usize = 64;
/// What the network remembers: two layers of so many numbers.
const MEMORY: [usize; 3] = [2, 1, 128];

/// What one call's detector remembers.
pub struct VoiceActivity {
    memory: NdTensor<f32, 3>,
    context: [f32; CONTEXT],
}

impl VoiceActivity {
    /// Samples of a frame: 32 ms.
    pub const FRAME: usize = 512;
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self { memory: NdTensor::zeros(MEMORY), context: [0.0; CONTEXT] }
    }
}

pub struct VoiceDetector {
    network: Network,
    input: NodeId,
    state: NodeId,
    rate: NodeId,
    output: NodeId,
    next_state: NodeId,
}

impl VoiceDetector {
    pub fn load(folder: &Path, lanes: &Arc<Lanes>) -> Result<Self, EngineError> {
        let network = Network::load(folder, files::VOICE_ACTIVITY)?.in_lanes(lanes);
        Ok(Self {
            input: network.node("input")?,
            state: network.node("state")?,
            rate: network.node("sr")?,
            output: network.node("output")?,
            next_state: network.node("stateN")?,
            network,
        })
    }

    pub fn probability(&self, state: &mut VoiceActivity, frame: &[f32]) -> Result<f32, EngineError> {
        let mut samples = Vec::with_capacity(CONTEXT + VoiceActivity::FRAME);
        samples.extend_from_slice(&state.context);
        samples.extend(frame.iter().chain(std::iter::repeat(&0.0)).take(VoiceActivity::FRAME));
        if let Some(context) = samples.last_chunk() {
            state.context = *context;
        }
        let inputs = vec![
            (self.input, NdTensor::from_data([1, samples.len()], samples).into()),
            (self.state, state.memory.view().into()),
            (self.rate, Tensor::from(HEARD_RATE as i32).into()),
        ];
        let mut outputs = self.network.run(inputs, &[self.output, self.next_state])?.into_iter();
        let probability = numbers(outputs.next())?;
        let memory = outputs.next().ok_or_else(|| EngineError::failed("the detector's memory is missing"))?;
        state.memory =
            memory.try_into().map_err(|_| EngineError::failed("the detector's memory is of another kind"))?;
        probability.first().copied().ok_or_else(|| EngineError::failed("the detector says nothing"))
    }
}
