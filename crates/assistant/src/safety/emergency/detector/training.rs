//! Fits the detector and writes its file, when asked: `BLESS=1 cargo test -p kuzushi-assistant --lib detector`.
//!
//! After that, the counts in `tests/it/emergencies.rs` say what it is worth.

use std::{collections::BTreeMap, env, fs, path::Path};

use super::{
    features::{BUCKETS, Features, bucket},
    weights::{HARMLESS, LANES, Lanes},
};
use crate::{
    encoder::{ENCODER, WIDTH},
    expected_questions::expected_questions,
};

const EMERGENCIES: [&str; 5] = [
    "emergencies_of_the_body",
    "emergencies_by_injury_poison_and_hand",
    "emergencies_in_other_words",
    "emergencies_by_red_flag",
    "emergencies_around_us",
];
const NO_EMERGENCIES: [&str; 5] = [
    "harmless",
    "harmless_symptoms_and_stories",
    "harmless_feelings_and_relationships",
    "harmless_near_misses",
    "harmless_around_us",
];
/// Sentences that are made of one line at most.
const OF_A_LINE: usize = 8;
/// Every so manieth sentence is taken once more with a misspelt word.
const MISSPELT: usize = 4;
/// How freely weights may grow, against the sum of their squares, and how long they are fitted.
const OF_WORDS: Fit = Fit { freedom: 100.0, steps: 800 };
const OF_MEANING: Fit = Fit { freedom: 30.0, steps: 400 };

/// A sentence, what it is about, and how much it counts.
struct Example {
    text: String,
    class: usize,
    worth: f32,
}

struct Fit {
    freedom: f32,
    steps: usize,
}

/// Numbers of a sentence: feature and value.
type Row = Vec<(usize, f32)>;

struct Training {
    /// The kind of emergency or [`HARMLESS`], by class.
    classes: Vec<&'static str>,
    examples: Vec<Example>,
}

#[test]
fn the_detector_is_written_anew_when_asked() {
    if env::var_os("BLESS").is_none() {
        return;
    }
    let training = Training::read();
    let rows = |row: &dyn Fn(&Example) -> Row| training.examples.iter().map(row).collect::<Vec<_>>();
    let by_words = fitted(&rows(&|example| Features::of(&example.text).counted), BUCKETS, &training, OF_WORDS);
    let texts: Vec<&str> = training.examples.iter().map(|example| example.text.as_str()).collect();
    let meanings = ENCODER.encode(&texts);
    let meanings: Vec<Row> =
        meanings.iter().map(|meaning| meaning.numbers().iter().copied().enumerate().collect()).collect();
    let by_meaning = fitted(&meanings, WIDTH, &training, OF_MEANING);
    let names = training.classes.join("\n");
    let mut written = b"KZED".to_vec();
    written.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
    written.extend(names.bytes());
    for weights in [by_words, by_meaning] {
        write(&weights, training.classes.len(), &mut written);
    }
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/emergency_detector.bin"), written).unwrap();
    println!("{} sentences, {} classes", training.examples.len(), training.classes.len());
}

impl Training {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = |name: &str| fs::read_to_string(root.join(format!("tools/emergency_detector/{name}.txt"))).unwrap();
        let mut lines: Vec<(&'static str, String, String)> = Vec::new();
        for (names, is_danger) in [(&EMERGENCIES[..], true), (&NO_EMERGENCIES[..], false)] {
            for name in names {
                let mut section = String::new();
                for line in file(name).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                    let title = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
                    if let Some(title) = title.filter(|title| !title.contains(['|', '['])) {
                        section = title.to_owned();
                        continue;
                    }
                    let class = if is_danger { section.clone().leak() } else { HARMLESS };
                    lines.push((class, section.clone(), line.to_owned()));
                }
            }
        }
        let unanswered = fs::read_to_string(root.join("data/unanswered.txt")).unwrap();
        let unanswered = unanswered.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.extend(unanswered.map(|line| (HARMLESS, "unanswered".to_owned(), line.to_owned())));
        lines.extend(expected_questions().into_iter().map(|line| (HARMLESS, "answered".to_owned(), line)));
        Self::of(&lines)
    }

    /// Makes sentences of lines that have the name of their class, their section, and a text.
    fn of(lines: &[(&'static str, String, String)]) -> Self {
        let sections: BTreeMap<&str, &'static str> =
            lines.iter().map(|(class, section, _)| (section.as_str(), *class)).collect();
        let numbers: BTreeMap<&str, usize> = (0..).zip(&sections).map(|(number, (name, _))| (*name, number)).collect();
        let mut examples = Vec::new();
        for (_, section, line) in lines {
            let sentences = sentences(line);
            let worth = 1.0 / (sentences.len() as f32).sqrt();
            for text in sentences {
                let class = numbers[section.as_str()];
                if examples.len().is_multiple_of(MISSPELT) {
                    examples.push(Example { text: misspelt(&text), class, worth });
                }
                examples.push(Example { text, class, worth });
            }
        }
        Self { classes: sections.into_values().collect(), examples }
    }
}

/// Some of the sentences that a line stands for: each `[a|b]` is one of what it lists.
fn sentences(line: &str) -> Vec<String> {
    let parts: Vec<Vec<&str>> = line
        .split(['[', ']'])
        .enumerate()
        .map(|(at, part)| if !at.is_multiple_of(2) { part.split('|').collect() } else { vec![part] })
        .collect();
    let all: usize = parts.iter().map(Vec::len).product();
    let mut found: Vec<String> = Vec::new();
    for attempt in 0..OF_A_LINE * 4 {
        // All where there are few; else any, the same each time.
        let mut number =
            if all <= OF_A_LINE { attempt } else { bucket(line, &[&attempt.to_string()]) * (BUCKETS - 1) + attempt };
        let mut text = String::new();
        for choices in &parts {
            text.push_str(choices[number % choices.len()]);
            number /= choices.len();
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",");
        if found.len() < OF_A_LINE.min(all) && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// A text with two letters changed about in its longest word, or one left out.
fn misspelt(text: &str) -> String {
    let longest = text.split_whitespace().max_by_key(|word| word.len()).unwrap_or_default();
    let mut letters: Vec<char> = longest.chars().collect();
    if letters.len() < 5 {
        return text.to_owned();
    }
    let at = 1 + bucket("misspelt", &[text]) % (letters.len() - 3);
    if at.is_multiple_of(2) {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    text.replacen(longest, &letters.into_iter().collect::<String>(), 1)
}

/// By gradient descent with momentum; the last weights are the biases.
fn fitted(rows: &[Row], width: usize, training: &Training, fit: Fit) -> Vec<Lanes> {
    let examples = &training.examples;
    let step = 1.0 / (1.0 + 0.5 * fit.freedom * steepest(rows, width, examples));
    let (mut weights, mut ahead) = (vec![[0.0; LANES]; width + 1], vec![[0.0; LANES]; width + 1]);
    for round in 0..fit.steps {
        let mut slope = ahead.clone();
        slope[width] = [0.0; LANES];
        for (row, example) in rows.iter().zip(examples) {
            let mut pull = sums(row, &ahead);
            let most = pull[..training.classes.len()].iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut all = 0.0;
            for (class, share) in pull.iter_mut().enumerate() {
                *share = if class < training.classes.len() { (*share - most).exp() } else { 0.0 };
                all += *share;
            }
            pull.iter_mut().for_each(|share| *share *= fit.freedom * example.worth / all);
            pull[example.class] -= fit.freedom * example.worth;
            for (feature, value) in row.iter().chain([&(width, 1.0)]) {
                slope[*feature].iter_mut().zip(&pull).for_each(|(slope, pull)| *slope += value * pull);
            }
        }
        let momentum = round as f32 / (round as f32 + 3.0);
        for ((ahead, weights), slope) in ahead.iter_mut().zip(&mut weights).zip(&slope) {
            for ((ahead, weight), slope) in ahead.iter_mut().zip(weights).zip(slope) {
                let next = *ahead - step * slope;
                *ahead = next + momentum * (next - *weight);
                *weight = next;
            }
        }
    }
    weights
}

fn sums(row: &Row, weights: &[Lanes]) -> Lanes {
    let mut sums = *weights.last().unwrap();
    for (feature, value) in row {
        sums.iter_mut().zip(&weights[*feature]).for_each(|(sum, weight)| *sum += value * weight);
    }
    sums
}

/// The greatest eigenvalue of the weighted products of the features, by power iteration: no step is too long where
/// it is shorter than the steepest bend allows.
fn steepest(rows: &[Row], width: usize, examples: &[Example]) -> f32 {
    let mut vector = vec![1.0; width + 1];
    let mut length = 1.0;
    for _ in 0..20 {
        let mut next = vec![0.0; width + 1];
        for (row, example) in rows.iter().zip(examples) {
            let whole = || row.iter().copied().chain([(width, 1.0)]);
            let along: f32 = whole().map(|(feature, value)| value * vector[feature]).sum();
            whole().for_each(|(feature, value)| next[feature] += example.worth * along * value);
        }
        length = next.iter().map(|number| number * number).sum::<f32>().sqrt();
        vector = next.into_iter().map(|number| number / length).collect();
    }
    length
}

fn write(weights: &[Lanes], classes: usize, written: &mut Vec<u8>) {
    let (bias, weights) = weights.split_last().unwrap();
    let most = weights.iter().flatten().fold(0.0_f32, |most, weight| most.max(weight.abs()));
    let unit = most / 127.0;
    written.extend(unit.to_le_bytes());
    written.extend(bias[..classes].iter().flat_map(|bias| bias.to_le_bytes()));
    let weights = weights.iter().flat_map(|row| &row[..classes]);
    written.extend(weights.map(|weight| ((weight / unit).round() as i8).cast_unsigned()));
}

#[test]
fn a_line_stands_for_several_sentences_the_same_each_time() {
    assert_eq!(sentences("[my|his] leg hurts"), ["my leg hurts", "his leg hurts"]);
    assert_eq!(sentences("plain"), ["plain"]);
    let many = sentences("[a|b|c|d] [e|f|g|h] [i|j|k|l]");
    assert_eq!((many.len(), &many), (OF_A_LINE, &sentences("[a|b|c|d] [e|f|g|h] [i|j|k|l]")));
    assert_ne!(misspelt("my breathing is bad"), "my breathing is bad");
}
