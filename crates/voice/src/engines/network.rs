//! One network in the ONNX format.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rten::{Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView};
use rten_tensor::{Tensor, prelude::*};

use super::lanes::Lanes;

/// Why a network cannot be used. Nothing of what it was given is in it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{file}: {reason}", file = .file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error("a network failed: {0}")]
    Failed(String),
}

impl EngineError {
    pub fn unreadable(file: &Path, reason: impl ToString) -> Self {
        Self::Unreadable { file: file.to_owned(), reason: reason.to_string() }
    }

    pub fn failed(reason: impl ToString) -> Self {
        Self::Failed(reason.to_string())
    }
}

/// A network, with its inputs and outputs by name.
pub struct Network {
    model: Model,
    file: PathBuf,
    /// Where it runs; on every processor if this is None.
    lanes: Option<Arc<Lanes>>,
}

impl Network {
    pub fn load(folder: &Path, file: &str) -> Result<Self, EngineError> {
        Self::load_with(folder, file, Ok)
    }

    /// A network of which something is changed first.
    pub fn load_with(
        folder: &Path,
        file: &str,
        change: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, String>,
    ) -> Result<Self, EngineError> {
        let file = folder.join(file);
        let unreadable = |reason: String| EngineError::unreadable(&file, reason);
        let bytes = std::fs::read(&file).map_err(|error| unreadable(error.to_string()))?;
        let bytes = change(bytes).map_err(unreadable)?;
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load(bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { model, file, lanes: None })
    }

    /// From now on it runs in a lane.
    pub fn in_lanes(mut self, lanes: &Arc<Lanes>) -> Self {
        self.lanes = Some(Arc::clone(lanes));
        self
    }

    /// The input or output of this name.
    pub fn node(&self, name: &str) -> Result<NodeId, EngineError> {
        let missing = || EngineError::unreadable(&self.file, format!("has no `{name}`: it is another network"));
        self.model.find_node(name).ok_or_else(missing)
    }

    /// The only input.
    pub fn input(&self) -> Result<NodeId, EngineError> {
        self.model.input_ids().first().copied().ok_or_else(|| EngineError::unreadable(&self.file, "takes no input"))
    }

    /// The only output.
    pub fn output(&self) -> Result<NodeId, EngineError> {
        self.model.output_ids().first().copied().ok_or_else(|| EngineError::unreadable(&self.file, "has no output"))
    }

    /// The names of the inputs, and how large each is; 1 where that is not fixed.
    pub fn inputs(&self) -> Vec<(String, Vec<usize>)> {
        let names = self.model.input_ids().iter().filter_map(|id| {
            let info = self.model.node_info(*id)?;
            let shape = info.shape().unwrap_or_default();
            let size = |dimension: &rten::Dimension| match dimension {
                rten::Dimension::Fixed(size) => *size,
                rten::Dimension::Symbolic(_) => 1,
            };
            Some((info.name()?.to_owned(), shape.iter().map(size).collect()))
        });
        names.collect()
    }

    pub fn run(&self, inputs: Vec<(NodeId, ValueOrView<'_>)>, outputs: &[NodeId]) -> Result<Vec<Value>, EngineError> {
        let run = |options| self.model.run(inputs, outputs, options).map_err(EngineError::failed);
        match &self.lanes {
            Some(lanes) => lanes.with(|lane| run(Some(RunOptions::default().with_thread_pool(Some(lane))))),
            None => run(None),
        }
    }
}

/// The numbers of an output.
pub fn numbers(value: Option<Value>) -> Result<Vec<f32>, EngineError> {
    let value = value.ok_or_else(|| EngineError::failed("an output is missing"))?;
    let tensor: Tensor<f32> = value.try_into().map_err(|_| EngineError::failed("an output is of another kind"))?;
    Ok(tensor.to_vec())
}
