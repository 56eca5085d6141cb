//! The weights of the detector, and what they make of a sentence.

use kuzushi_domain::EmergencyKind;

use super::{
    Class,
    features::{BUCKETS, Features},
};
use crate::encoder::{Meaning, WIDTH};

const MAGIC: &[u8] = b"KZED";
/// Room for classes, so that all are added side by side.
pub const LANES: usize = 32;
/// What stands for a class that is no emergency.
pub const HARMLESS: &str = "-";

/// A weight, or a sum of them, for each class.
pub type Lanes = [f32; LANES];

/// Both regressions.
#[derive(Default)]
pub struct Detector {
    classes: Vec<Class>,
    by_words: Regression,
    by_meaning: Regression,
}

/// Weights by feature and class, one signed byte each.
#[derive(Default)]
struct Regression {
    weights: &'static [u8],
    /// What a byte is a multiple of.
    unit: f32,
    /// What each class has whatever is said.
    bias: Vec<f32>,
}

impl Detector {
    /// Reads the classes, each a line, behind the length of these lines, and then both regressions: the unit, the biases, and a
    /// row of weights for each feature. Numbers are little-endian.
    pub fn read(data: &'static [u8]) -> Option<Self> {
        let rest = data.strip_prefix(MAGIC)?;
        let (length, rest) = rest.split_at_checked(4)?;
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (names, rest) = rest.split_at_checked(length)?;
        let class = |name: &str| if name == HARMLESS { Some(None) } else { name.parse().ok().map(Some) };
        let classes: Vec<Class> = std::str::from_utf8(names).ok()?.lines().map(class).collect::<Option<_>>()?;
        let (by_words, rest) = Regression::read(rest, BUCKETS, classes.len())?;
        let (by_meaning, rest) = Regression::read(rest, WIDTH, classes.len())?;
        (rest.is_empty() && classes.len() <= LANES).then_some(Self { classes, by_words, by_meaning })
    }

    /// The logarithm of the odds of danger, by pieces of words.
    pub fn odds_by_words(&self, features: &Features) -> f32 {
        self.odds(&self.by_words.sums(features.counted.iter().copied()))
    }

    /// The logarithm of the odds of danger, by what a sentence means, and the likeliest kind.
    pub fn odds_by_meaning(&self, meaning: &Meaning) -> (f32, EmergencyKind) {
        let sums = self.by_meaning.sums(meaning.numbers().iter().copied().enumerate());
        let kinds = self.classes.iter().zip(sums).filter_map(|(class, sum)| Some((sum, (*class)?)));
        let likeliest = kinds.max_by(|one, other| one.0.total_cmp(&other.0));
        (self.odds(&sums), likeliest.map_or(EmergencyKind::Injury, |(_, kind)| kind))
    }

    fn odds(&self, sums: &Lanes) -> f32 {
        let of = |is_danger: bool| {
            let own = self.classes.iter().zip(sums).filter(|(class, _)| class.is_some() == is_danger);
            log_of_sum(own.map(|(_, sum)| *sum))
        };
        if self.classes.is_empty() { f32::NEG_INFINITY } else { of(true) - of(false) }
    }
}

impl Regression {
    fn read(data: &'static [u8], features: usize, classes: usize) -> Option<(Self, &'static [u8])> {
        let (head, rest) = data.split_at_checked(4 * (1 + classes))?;
        let (weights, rest) = rest.split_at_checked(features * classes)?;
        let mut numbers =
            head.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let unit = numbers.next()?;
        Some((Self { weights, unit, bias: numbers.collect() }, rest))
    }

    /// For each class, what the features speak for it.
    fn sums(&self, features: impl Iterator<Item = (usize, f32)>) -> Lanes {
        let classes = self.bias.len();
        let mut sums = [0.0; LANES];
        for (feature, value) in features {
            let row = self.weights.get(feature * classes..(feature + 1) * classes).unwrap_or_default();
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * f32::from(weight.cast_signed());
            }
        }
        for (sum, bias) in sums.iter_mut().zip(&self.bias) {
            *sum = *sum * self.unit + bias;
        }
        sums
    }
}

/// The logarithm of the sum of what the numbers are the logarithms of.
pub fn log_of_sum(numbers: impl Iterator<Item = f32> + Clone) -> f32 {
    let most = numbers.clone().fold(f32::NEG_INFINITY, f32::max);
    most + numbers.map(|number| (number - most).exp()).sum::<f32>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_logarithms_do_not_overflow() {
        assert!((log_of_sum([1_000.0, 1_000.0].into_iter()) - 1_000.693).abs() < 1e-2);
        assert!((log_of_sum([0.0_f32.ln(), 0.0].into_iter())).abs() < 1e-6);
    }

    #[test]
    fn without_weights_nothing_is_danger() {
        assert_eq!(Detector::default().odds_by_words(&Features::of("help")), f32::NEG_INFINITY);
    }
}
