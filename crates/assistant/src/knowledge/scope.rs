//! Whether a question is of the kind that a hospital's articles answer.
//!
//! The nearest of the unanswered questions speaks for its own neighbourhood alone. What they have in common against the
//! questions that editors expect is a direction among the meanings, and tells of questions that are like none of them.

use std::sync::LazyLock;

use crate::encoder::{Meaning, WRITTEN};

/// The file: the direction, how much a step along it says, and what is said at its middle.
static SCOPE: LazyLock<Scope> = LazyLock::new(|| {
    let (direction, numbers) = include_bytes!("../../data/scope.bin").split_at(WRITTEN);
    let number = |at: usize| f32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
    Scope { direction: Meaning::read(direction), steepness: number(0), middle: number(4) }
});

struct Scope {
    direction: Meaning,
    steepness: f32,
    middle: f32,
}

impl Scope {
    fn of(&self, meaning: &Meaning) -> f32 {
        self.middle + self.steepness * meaning.likeness(&self.direction)
    }
}

/// How much a question's meaning speaks for its being answered by some article, as the logarithm of the odds. Above 0:
/// rather yes.
pub fn scope(meaning: &Meaning) -> f32 {
    SCOPE.of(meaning)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use serde_json::Value;

    use super::*;
    use crate::{encoder::ENCODER, expected_questions::expected_questions, knowledge::unanswered};

    #[test]
    fn what_articles_answer_lies_on_one_side() {
        let of = |question: &str| scope(&ENCODER.encode(&[question])[0]);
        for question in
            ["Where can I leave my car?", "when can I see my sister on the ward", "I lost my insurance card"]
        {
            assert!(of(question) > 0.0, "{question}: {}", of(question));
        }
        let beyond = unanswered::meanings().iter().filter(|meaning| scope(meaning) < 0.0).count();
        assert!(beyond as f32 > 0.8 * unanswered::meanings().len() as f32, "{beyond}");
    }

    // How it is fitted: by logistic regression, where both kinds of question count as much, and each of the questions in
    // the sets as much as two others.
    const FREEDOM: f64 = 0.3;
    const OF_A_SET: f64 = 2.0;
    const STEPS: usize = 800;

    /// A meaning, whether articles answer it, and how much it counts.
    struct Example {
        meaning: Vec<f64>,
        is_answered: bool,
        worth: f64,
    }

    fn examples(texts: &[String], is_answered: bool, worth: f64) -> Vec<Example> {
        let meanings = ENCODER.encode(texts);
        let numbers = |meaning: &Meaning| {
            let written: Vec<u8> = meaning.written().collect();
            written.chunks_exact(2).map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32767.0).collect()
        };
        meanings.iter().map(|meaning| Example { meaning: numbers(meaning), is_answered, worth }).collect()
    }

    /// The questions of the sets that have an answer, and those that have none. What is held out is held out here too.
    fn of_the_sets() -> [Vec<String>; 2] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = vec![root.join("../../demo/stmarys/questions.jsonl")];
        for set in ["fresh", "once_unseen", "plain", "styled", "unseen"] {
            files.push(root.join(format!("tests/{set}_questions.jsonl")));
        }
        files.push(root.join("tests/paraphrases.jsonl"));
        let mut found = [Vec::new(), Vec::new()];
        for file in files {
            for line in fs::read_to_string(file).unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let is_answered = !line["expect"].is_null() && line["expect"] != Value::Array(Vec::new());
                if let Some(question) = line["question"].as_str() {
                    found[usize::from(!is_answered)].push(question.to_owned());
                }
            }
        }
        found
    }

    /// By gradient descent with momentum: the last number is the middle.
    fn fitted(examples: &[Example]) -> Vec<f64> {
        let worth = |is_answered: bool| {
            examples
                .iter()
                .filter(|example| example.is_answered == is_answered)
                .map(|example| example.worth)
                .sum::<f64>()
        };
        let (yes, no) = (worth(true), worth(false));
        let width = examples[0].meaning.len();
        let share = |example: &Example| {
            let of_its_kind = if example.is_answered { yes } else { no };
            FREEDOM * example.worth * (yes + no) / (2.0 * of_its_kind)
        };
        // No step is too long where it is shorter than the steepest bend allows.
        let step = 1.0 / (1.0 + 0.5 * FREEDOM * (yes + no));
        let (mut weights, mut ahead) = (vec![0.0; width + 1], vec![0.0; width + 1]);
        for round in 0..STEPS {
            let mut slope = ahead.clone();
            slope[width] = 0.0;
            for example in examples {
                let value: f64 = example.meaning.iter().zip(&ahead).map(|(one, other)| one * other).sum();
                let sign = if example.is_answered { 1.0 } else { -1.0 };
                let pull = -sign * share(example) / (1.0 + (sign * (value + ahead[width])).exp());
                for (slope, number) in slope.iter_mut().zip(&example.meaning) {
                    *slope += pull * number;
                }
                slope[width] += pull;
            }
            let next: Vec<f64> = ahead.iter().zip(&slope).map(|(at, slope)| at - step * slope).collect();
            let momentum = round as f64 / (round as f64 + 3.0);
            ahead = next.iter().zip(&weights).map(|(next, last)| next + momentum * (next - last)).collect();
            weights = next;
        }
        weights
    }

    /// After a change to the unanswered questions, the sets or the encoder, and after the same with `unanswered`:
    /// `BLESS=1 cargo test -p kuzushi-assistant --lib scope`.
    #[test]
    fn the_direction_is_written_anew_when_asked() {
        if env::var_os("BLESS").is_none() {
            return;
        }
        let [answered, unanswered] = of_the_sets();
        let mut all = examples(&expected_questions(), true, 1.0);
        all.extend(examples(&unanswered::questions().into_iter().map(str::to_owned).collect::<Vec<_>>(), false, 1.0));
        all.extend(examples(&answered, true, OF_A_SET));
        all.extend(examples(&unanswered, false, OF_A_SET));
        let weights = fitted(&all);
        let (middle, direction) = weights.split_last().unwrap();
        let steepness = direction.iter().map(|number| number * number).sum::<f64>().sqrt();
        let mut written: Vec<u8> =
            direction.iter().flat_map(|number| ((number / steepness * 32767.0).round() as i16).to_le_bytes()).collect();
        written.extend((steepness as f32).to_le_bytes());
        written.extend((*middle as f32).to_le_bytes());
        fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/scope.bin"), written).unwrap();
    }
}
