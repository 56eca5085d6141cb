//! The networks themselves, on what the voice says: there are no recordings of people in the project.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failed step fails its test")]

use std::{path::PathBuf, sync::LazyLock};

use kuzushi_voice::{
    Engines, VoiceActivity,
    audio::{HEARD_RATE, SPOKEN_RATE, resample},
    models,
};

const SENTENCES: [&str; 6] = [
    "What are your visiting hours?",
    "Where can I park my car?",
    "I would like to make an appointment with a heart doctor next Tuesday.",
    "Do you accept my health insurance?",
    "My chest hurts and I cannot breathe.",
    "How do I pay my bill?",
];

static ENGINES: LazyLock<Engines> = LazyLock::new(|| {
    let folder =
        std::env::var("VOICE_MODELS_DIR").map_or_else(|_| PathBuf::from("../../target/voice-models"), PathBuf::from);
    models::check(&folder).expect("the models, as `kuzushi voice fetch` leaves them");
    Engines::load(&folder).expect("the models load")
});

/// How a text sounds to whoever listens.
fn heard(text: &str) -> Vec<f32> {
    resample(&ENGINES.speak(text).unwrap(), SPOKEN_RATE, HEARD_RATE)
}

fn words(text: &str) -> Vec<String> {
    let letters = |word: &str| word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    text.split_whitespace().map(letters).collect()
}

/// Words to change, leave out or put in, to make one text of the other.
fn differences(one: &[String], two: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (at, word) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (index, other) in two.iter().enumerate() {
            let changed = before + usize::from(word != other);
            before = row[index + 1];
            row[index + 1] = changed.min(before + 1).min(row[index] + 1);
        }
    }
    row[two.len()]
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn what_is_said_is_understood() {
    let (mut wrong, mut all) = (0, 0);
    for sentence in SENTENCES {
        let text = ENGINES.transcribe(&heard(sentence)).unwrap();
        println!("{sentence} -> {text}");
        wrong += differences(&words(sentence), &words(&text));
        all += words(sentence).len();
    }
    assert!(wrong * 100 <= all * 15, "{wrong} of {all} words");
    assert_eq!(ENGINES.transcribe(&[]).unwrap(), "");
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn a_sentence_is_over_at_its_end_and_not_in_its_middle() {
    let mut right = 0;
    for sentence in SENTENCES {
        let sound = heard(sentence);
        let silence = vec![0.0; HEARD_RATE / 5];
        let whole = ENGINES.end_of_turn(&[sound.as_slice(), &silence].concat()).unwrap();
        let half = ENGINES.end_of_turn(&[&sound[..sound.len() * 2 / 5], &silence].concat()).unwrap();
        println!("{sentence}: whole {whole:.2}, cut {half:.2}");
        right += usize::from(whole >= 0.5) + usize::from(half < 0.5);
    }
    assert!(right >= SENTENCES.len() * 2 - 3, "{right}");
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn speech_is_told_from_silence() {
    let probabilities = |samples: &[f32]| -> Vec<f32> {
        let mut state = VoiceActivity::default();
        samples.chunks(VoiceActivity::FRAME).map(|frame| ENGINES.voice_activity(&mut state, frame).unwrap()).collect()
    };
    let spoken = probabilities(&heard(SENTENCES[2]));
    assert!(spoken.iter().filter(|probability| **probability > 0.5).count() * 10 > spoken.len() * 7, "{spoken:?}");
    assert!(probabilities(&vec![0.0; HEARD_RATE]).iter().all(|probability| *probability < 0.35));
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn words_that_are_in_no_dictionary_are_said() {
    let seconds = |text: &str| ENGINES.speak(text).unwrap().len() as f64 / SPOKEN_RATE as f64;
    assert!(seconds("Take metoprolol daily.") > seconds("Take daily.") + 0.3);
    assert!(seconds("pembrolizumab") > 0.5 && seconds("XJ9") > 0.5);
    assert_eq!(seconds("***"), 0.0);
}
