//! The layers of a BERT with twelve heads and 384 numbers a word piece, and the mean of its last states.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Slice, linalg::general_mat_mul};

use super::weights::{PackedMatrix, Reader};

/// How many pieces a text may have.
pub const POSITIONS: usize = 128;
const WIDTH: usize = 384;
const INNER_WIDTH: usize = 1536;
const LAYERS: usize = 6;
const HEADS: usize = 12;
const HEAD_WIDTH: usize = WIDTH / HEADS;

#[derive(Default)]
pub struct Transformer {
    pieces: PackedMatrix,
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values side by side.
    attention: Linear,
    attended: Linear,
    attention_norm: Norm,
    inner: Linear,
    output: Linear,
    output_norm: Norm,
}

/// Weights by output and input, and what is added.
struct Linear {
    weights: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Default)]
struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
}

impl Transformer {
    pub fn read(reader: &mut Reader, pieces: usize) -> Option<Self> {
        let pieces = reader.packed(pieces, WIDTH)?;
        let positions = Array2::from_shape_vec((POSITIONS, WIDTH), reader.numbers(POSITIONS * WIDTH)?).ok()?;
        let norm = Norm::read(reader)?;
        let layers = (0..LAYERS).map(|_| Layer::read(reader)).collect::<Option<_>>()?;
        Some(Self { pieces, positions, norm, layers })
    }

    /// The mean of the last states of each text, given as numbers of pieces.
    pub fn states(&self, texts: &[&[usize]]) -> Vec<Vec<f32>> {
        if self.layers.is_empty() {
            return vec![Vec::new(); texts.len()];
        }
        let rows = texts.iter().map(|text| text.len()).sum();
        let mut states = Array2::zeros((rows, WIDTH));
        let placed = texts.iter().flat_map(|text| text.iter().enumerate());
        for (mut state, (position, piece)) in states.rows_mut().into_iter().zip(placed) {
            state.assign(&self.positions.row(position));
            state.iter_mut().zip(self.pieces.row(*piece)).for_each(|(state, weight)| *state += weight);
        }
        self.norm.apply(&mut states);
        for layer in &self.layers {
            layer.apply(&mut states, texts);
        }
        let mut start = 0;
        let mean = |text: &&[usize]| {
            let own = states.slice_axis(Axis(0), Slice::from(start..start + text.len()));
            start += text.len();
            own.mean_axis(Axis(0)).map(|mean| mean.to_vec()).unwrap_or_default()
        };
        texts.iter().map(mean).collect()
    }
}

impl Layer {
    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            attention: Linear::read(reader, 3 * WIDTH, WIDTH)?,
            attended: Linear::read(reader, WIDTH, WIDTH)?,
            attention_norm: Norm::read(reader)?,
            inner: Linear::read(reader, INNER_WIDTH, WIDTH)?,
            output: Linear::read(reader, WIDTH, INNER_WIDTH)?,
            output_norm: Norm::read(reader)?,
        })
    }

    fn apply(&self, states: &mut Array2<f32>, texts: &[&[usize]]) {
        let parts = self.attention.apply(states.view());
        let mut context = Array2::zeros((states.nrows(), WIDTH));
        let mut start = 0;
        for text in texts {
            let rows = Slice::from(start..start + text.len());
            start += text.len();
            attend(parts.slice_axis(Axis(0), rows), context.slice_axis_mut(Axis(0), rows));
        }
        *states += &self.attended.apply(context.view());
        self.attention_norm.apply(states);
        let mut inner = self.inner.apply(states.view());
        inner.mapv_inplace(gelu);
        *states += &self.output.apply(inner.view());
        self.output_norm.apply(states);
    }
}

/// What each piece of one text takes from the others.
fn attend(parts: ArrayView2<f32>, mut context: ArrayViewMut2<f32>) {
    let length = parts.nrows();
    let scale = 1.0 / (HEAD_WIDTH as f32).sqrt();
    let mut shares = Array2::zeros((length, length));
    for head in 0..HEADS {
        let columns = |part: usize| {
            let first = part * WIDTH + head * HEAD_WIDTH;
            Slice::from(first..first + HEAD_WIDTH)
        };
        let [queries, keys, values] = [0, 1, 2].map(|part| parts.slice_axis(Axis(1), columns(part)));
        general_mat_mul(scale, &queries, &keys.t(), 0.0, &mut shares);
        for mut row in shares.rows_mut() {
            let most = row.fold(f32::NEG_INFINITY, |most, share| most.max(*share));
            row.mapv_inplace(|share| (share - most).exp());
            let sum = row.sum();
            row /= sum;
        }
        general_mat_mul(1.0, &shares, &values, 0.0, &mut context.slice_axis_mut(Axis(1), columns(0)));
    }
}

impl Linear {
    fn read(reader: &mut Reader, outputs: usize, inputs: usize) -> Option<Self> {
        let weights = reader.matrix(outputs, inputs)?;
        Some(Self { weights, bias: reader.numbers(outputs)?.into() })
    }

    fn apply(&self, states: ArrayView2<f32>) -> Array2<f32> {
        states.dot(&self.weights.t()) + &self.bias
    }
}

impl Norm {
    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self { gain: reader.numbers(WIDTH)?, bias: reader.numbers(WIDTH)? })
    }

    fn apply(&self, states: &mut Array2<f32>) {
        for mut row in states.rows_mut() {
            let mean = row.sum() / WIDTH as f32;
            let variance = row.fold(0.0, |sum, number| sum + (number - mean) * (number - mean)) / WIDTH as f32;
            let scale = 1.0 / (variance + 1e-12).sqrt();
            for ((number, gain), bias) in row.iter_mut().zip(&self.gain).zip(&self.bias) {
                *number = (*number - mean) * scale * gain + bias;
            }
        }
    }
}

/// The transformer's bend, with the hyperbolic tangent that stands in for the error function.
fn gelu(number: f32) -> f32 {
    const SCALE: f32 = 0.797_884_6;
    0.5 * number * (1.0 + tanh(SCALE * (number + 0.044_715 * number * number * number)))
}

/// The hyperbolic tangent as a continued fraction, right to some 1e-4. The library's is several times slower, and no
/// compiler can do four of them at once.
fn tanh(number: f32) -> f32 {
    let number = number.clamp(-4.97, 4.97);
    let square = number * number;
    let above = number * (135_135.0 + square * (17_325.0 + square * (378.0 + square)));
    let below = 135_135.0 + square * (62_370.0 + square * (3_150.0 + square * 28.0));
    above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tangent_is_close_to_the_librarys() {
        for step in -80..=80 {
            let number = f32::from(i8::try_from(step).expect("a small step")) / 10.0;
            assert!((tanh(number) - number.tanh()).abs() < 2e-4, "{number}");
        }
    }
}
