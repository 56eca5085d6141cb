//! Reading the numbers that `tools/build_sentence_encoder.py` wrote.

use ndarray::Array2;

const MAGIC: &[u8] = b"KZSE";
/// How many weights share a scale.
pub const GROUP: usize = 32;
/// What stands for zero among the four-bit numbers.
const ZERO: i8 = 8;

/// Takes one piece after another from the front of the file.
pub struct Reader {
    rest: &'static [u8],
}

/// A matrix with four bits a weight: rows are read out one at a time.
#[derive(Default)]
pub struct PackedMatrix {
    columns: usize,
    scales: &'static [u8],
    weights: &'static [u8],
}

impl Reader {
    pub fn open(data: &'static [u8]) -> Option<Self> {
        data.strip_prefix(MAGIC).map(|rest| Self { rest })
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The pieces of words, one a line.
    pub fn vocabulary(&mut self) -> Option<&'static str> {
        let count = self.number()?;
        let length = self.number()?;
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        (text.lines().count() == count).then_some(text)
    }

    pub fn packed(&mut self, rows: usize, columns: usize) -> Option<PackedMatrix> {
        let scales = self.take(rows * columns / GROUP * 2)?;
        let weights = self.take(rows * columns / 2)?;
        Some(PackedMatrix { columns, scales, weights })
    }

    /// A packed matrix, unpacked.
    pub fn matrix(&mut self, rows: usize, columns: usize) -> Option<Array2<f32>> {
        let packed = self.packed(rows, columns)?;
        Array2::from_shape_vec((rows, columns), (0..rows).flat_map(|row| packed.row(row)).collect()).ok()
    }

    pub fn numbers(&mut self, count: usize) -> Option<Vec<f32>> {
        let bytes = self.take(count * 4)?;
        Some(bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect())
    }

    fn number(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'static [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl PackedMatrix {
    pub fn row(&self, row: usize) -> impl Iterator<Item = f32> + use<> {
        let first = row * self.columns;
        let scales = &self.scales[first / GROUP * 2..(first + self.columns) / GROUP * 2];
        let weights = &self.weights[first / 2..(first + self.columns) / 2];
        scales.chunks_exact(2).zip(weights.chunks_exact(GROUP / 2)).flat_map(|(scale, weights)| {
            // The upper half of a float's bits is a float of less precision.
            let scale = f32::from_bits(u32::from(u16::from_le_bytes([scale[0], scale[1]])) << 16);
            weights.iter().flat_map(move |byte| [byte & 15, byte >> 4].map(|weight| unpacked(weight) * scale))
        })
    }
}

fn unpacked(weight: u8) -> f32 {
    f32::from(weight.cast_signed() - ZERO)
}
