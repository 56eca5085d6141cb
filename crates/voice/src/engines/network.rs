//! One network in the ONNX format.

use std::path::{Path, PathBuf};

use rten::{Model, ModelOptions, NodeId, Value, ValueOrView};
use rten_tensor::{Tensor, prelude::*};

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
}

impl Network {
    pub fn load(folder: &Path, file: &str) -> Result<Self, EngineError> {
        let file = folder.join(file);
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load_file(&file).map_err(|error| EngineError::unreadable(&file, error))?;
        Ok(Self { model, file })
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
        self.model.run(inputs, outputs, None).map_err(EngineError::failed)
    }
}

/// The numbers of an output.
pub fn numbers(value: Option<Value>) -> Result<Vec<f32>, EngineError> {
    let value = value.ok_or_else(|| EngineError::failed("an output is missing"))?;
    let tensor: Tensor<f32> = value.try_into().map_err(|_| EngineError::failed("an output is of another kind"))?;
    Ok(tensor.to_vec())
}
