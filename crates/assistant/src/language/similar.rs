//! How close the meanings of two words are, as far as a table of word vectors can tell.
//!
//! The table is made by `tools/build_word_vectors.py`: 64 numbers for each of some 26,000 English words.

use std::{collections::HashMap, sync::LazyLock};

/// The vectors that are compiled in.
pub static MEANINGS: LazyLock<Meanings> =
    LazyLock::new(|| Meanings::read(include_bytes!("../../data/word_vectors.bin")).unwrap_or_default());

/// Words with vectors of one length.
#[derive(Debug, Default)]
pub struct Meanings {
    rows: HashMap<&'static str, usize>,
    dimensions: usize,
    /// Row after row, each number one signed byte.
    numbers: &'static [u8],
}

/// A word's vector, scaled to length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning(Vec<f32>);

impl Meanings {
    /// Reads three little-endian numbers (words, dimensions, bytes of text), the words on a line each, and the vectors.
    fn read(data: &'static [u8]) -> Option<Self> {
        let number = |at: usize| -> Option<usize> {
            let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (count, dimensions, text_length) = (number(0)?, number(4)?, number(8)?);
        let text = std::str::from_utf8(data.get(12..12 + text_length)?).ok()?;
        let numbers = data.get(12 + text_length..12 + text_length + count * dimensions)?;
        let rows = text.lines().enumerate().map(|(row, word)| (word, row)).collect();
        Some(Self { rows, dimensions, numbers })
    }

    /// Whether the table has a lower-case word, which is then a word of the language.
    pub fn knows(&self, word: &str) -> bool {
        self.rows.contains_key(word)
    }

    /// The meaning of a lower-case word, if the table has it.
    pub fn of(&self, word: &str) -> Option<Meaning> {
        let start = self.rows.get(word)? * self.dimensions;
        let bytes = self.numbers.get(start..start + self.dimensions)?;
        let numbers: Vec<f32> = bytes.iter().map(|byte| f32::from(i8::from_ne_bytes([*byte]))).collect();
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::EPSILON);
        Some(Meaning(numbers.into_iter().map(|number| number / length).collect()))
    }
}

impl Meaning {
    /// 1 for the same meaning, about 0 for unrelated ones.
    pub fn likeness(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(one, other)| one * other).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f32 {
        let meaning = |word: &str| MEANINGS.of(word).expect("a common word");
        meaning(one).likeness(&meaning(other))
    }

    #[test]
    fn words_of_like_meaning_are_alike() {
        assert!((likeness("doctor", "doctor") - 1.0).abs() < 1e-5);
        assert!(likeness("suitcase", "bag") > 0.4);
        assert!(likeness("cheap", "cost") > 0.5);
        assert!(likeness("helicopter", "pharmacy") < 0.3);
        assert!(MEANINGS.of("qwertz").is_none());
    }

    #[test]
    fn a_damaged_table_is_no_table() {
        assert!(Meanings::read(b"").is_none());
        assert!(Meanings::read(&[1, 0, 0, 0, 64, 0, 0, 0, 1, 0, 0, 0, b'a']).is_none());
    }
}
