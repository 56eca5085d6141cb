//! What a sentence means, as a vector: the sentence encoder all-MiniLM-L6-v2, with four bits a weight.
//!
//! It needs no network and no graphics card.

mod transformer;
mod weights;
mod word_pieces;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use tokio::runtime::{Handle, RuntimeFlavor};
use transformer::Transformer;
use word_pieces::WordPieces;

use crate::recent::Recent;

/// The encoder that is compiled in.
pub static ENCODER: LazyLock<Encoder> =
    LazyLock::new(|| Encoder::read(include_bytes!("../../data/sentence_encoder.bin")).unwrap_or_default());

/// Tells this encoder's meanings from those of another.
pub static FINGERPRINT: LazyLock<u64> =
    LazyLock::new(|| hash(include_bytes!("../../data/sentence_encoder.bin").as_slice()));

/// The same in every process of one build.
pub fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Meanings of questions that were asked lately: less than a megabyte. Those of all apps, since a meaning depends on nothing
/// but its text.
static RECENT: LazyLock<Recent<Meaning>> = LazyLock::new(|| Recent::new(512));

/// What a patient's text means, from memory if it was asked lately.
pub fn meaning(text: &str) -> Meaning {
    RECENT.get(text, || aside(|| ENCODER.encode(&[text])).pop().unwrap_or_default())
}

/// How many pieces of words are put through the transformer at once: enough to keep the processor busy, few enough to
/// keep the states in a few megabytes.
const BATCH: usize = 1024;

/// How many numbers of two meanings are multiplied side by side. A meaning's length is a multiple of it.
const LANES: usize = 16;

/// How many numbers a meaning has.
pub const WIDTH: usize = 384;
/// How many bytes a meaning takes that is written down: two a number.
pub const WRITTEN: usize = 2 * WIDTH;

/// Turns sentences into vectors.
#[derive(Default)]
pub struct Encoder {
    pieces: WordPieces,
    transformer: Transformer,
}

/// What a text means. Of length 1, or 0 for a text without words.
#[derive(Clone, PartialEq, Default)]
pub struct Meaning(Vec<f32>);

impl Encoder {
    fn read(data: &'static [u8]) -> Option<Self> {
        let mut reader = weights::Reader::open(data)?;
        let pieces = WordPieces::read(reader.vocabulary()?)?;
        let transformer = Transformer::read(&mut reader, pieces.len())?;
        reader.is_at_end().then_some(Self { pieces, transformer })
    }

    /// The meaning of each text, in order.
    pub fn encode<T: AsRef<str>>(&self, texts: &[T]) -> Vec<Meaning> {
        let tokens: Vec<Vec<usize>> = texts.iter().map(|text| self.pieces.split(text.as_ref())).collect();
        let mut meanings = Vec::with_capacity(texts.len());
        let mut batch = Vec::new();
        let mut length = 0;
        for text in &tokens {
            if length + text.len() > BATCH && !batch.is_empty() {
                meanings.extend(self.transformer.states(&batch).into_iter().map(Meaning::scaled));
                batch.clear();
                length = 0;
            }
            length += text.len();
            batch.push(text.as_slice());
        }
        meanings.extend(self.transformer.states(&batch).into_iter().map(Meaning::scaled));
        meanings
    }
}

impl Meaning {
    fn scaled(numbers: Vec<f32>) -> Self {
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::EPSILON);
        Self(numbers.into_iter().map(|number| number / length).collect())
    }

    /// Written down, in [`WRITTEN`] bytes, with as much precision as likeness needs and the same whatever the machine.
    pub fn written(&self) -> impl Iterator<Item = u8> {
        self.0.iter().flat_map(|number| ((number * f32::from(i16::MAX)).round() as i16).to_le_bytes())
    }

    /// Reads what [`Meaning::written`] wrote.
    pub fn read(written: &[u8]) -> Self {
        let numbers = written.chunks_exact(2).map(|bytes| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])));
        Self::scaled(numbers.collect())
    }

    /// [`WIDTH`] numbers, or none where there is no encoder.
    pub fn numbers(&self) -> &[f32] {
        &self.0
    }

    /// What lies in the middle of some meanings.
    pub fn between(meanings: &[Self]) -> Self {
        let width = meanings.first().map_or(0, |meaning| meaning.0.len());
        Self::scaled((0..width).map(|at| meanings.iter().map(|meaning| meaning.0[at]).sum()).collect())
    }

    /// 1 for the same meaning, about 0 for unrelated ones.
    pub fn likeness(&self, other: &Self) -> f32 {
        // Several sums side by side, as the processor adds: one after the other takes eight times as long.
        let mut sums = [0.0; LANES];
        for (one, other) in self.0.chunks_exact(LANES).zip(other.0.chunks_exact(LANES)) {
            for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
                *sum += one * other;
            }
        }
        sums.iter().sum()
    }
}

/// Reads meanings without holding up the sockets that this thread serves, where it serves any.
pub fn aside<T>(read: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(read),
        _ => read(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_like_meaning_are_alike_whatever_their_words() {
        let texts = ["Can I bring my cat?", "Are pets allowed?", "How do I pay my bill?"];
        let meanings = ENCODER.encode(&texts);
        let [cat, pets, bill] = meanings.as_slice() else { panic!("three meanings") };
        assert!((cat.likeness(cat) - 1.0).abs() < 1e-4);
        assert!(cat.likeness(pets) > cat.likeness(bill) + 0.3);
    }

    /// What the original model says, unreduced.
    #[test]
    fn likeness_is_about_that_of_the_original_model() {
        let texts = ["When can I visit?", "What are the visiting hours?", "How do I pay my bill?"];
        let meanings = ENCODER.encode(&texts);
        for (one, other, expected) in ORIGINAL_LIKENESS {
            let likeness = meanings[one].likeness(&meanings[other]);
            assert!((likeness - expected).abs() < 0.06, "{one} {other}: {likeness}, expected {expected}");
        }
    }

    const ORIGINAL_LIKENESS: [(usize, usize, f32); 3] = [(0, 1, 0.633), (0, 2, 0.151), (1, 2, 0.149)];

    #[test]
    fn a_text_means_the_same_alone_and_in_a_batch() {
        let long = "the waiting room is on the second floor ".repeat(60);
        let texts = ["Where is it?", long.as_str(), "", "🙂", "Straße, naïve – CAFÉ"];
        let together = ENCODER.encode(&texts);
        for (text, meaning) in texts.iter().zip(&together) {
            let alone = &ENCODER.encode(&[text])[0];
            let difference = meaning.0.iter().zip(&alone.0).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(difference < 1e-4 && meaning.0.iter().all(|number| number.is_finite()), "{text}");
        }
        assert!(ENCODER.encode::<&str>(&[]).is_empty());
    }

    #[test]
    fn a_meaning_that_was_written_down_is_the_same() {
        let meaning = &ENCODER.encode(&["Where is the pharmacy?"])[0];
        let written: Vec<u8> = meaning.written().collect();
        assert_eq!(written.len(), WRITTEN);
        let read = Meaning::read(&written);
        assert!(meaning.0.iter().zip(&read.0).all(|(one, other)| (one - other).abs() < 1e-4));
        assert_eq!(read.written().collect::<Vec<u8>>(), written);
    }

    #[test]
    fn a_damaged_file_is_no_encoder() {
        assert!(Encoder::read(b"").is_none());
        assert!(Encoder::read(b"KZSE\x01\0\0\0\x01\0\0\0a").is_none());
        assert_eq!(Encoder::default().encode(&["anything"])[0].likeness(&Meaning::default()), 0.0);
    }
}
