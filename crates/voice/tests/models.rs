//! The networks themselves, on what the voice says, and on recordings of people that a package of Debian's has
//! (`pocketsphinx-testdata`: sentences of a novel read aloud for LibriVox, and cards named at a table).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failed step fails its test")]

use std::{path::PathBuf, sync::LazyLock};

use kuzushi_domain::Phi;
use kuzushi_voice::{
    Engines, Judgement, TurnEvent, TurnTaking, VoiceActivity,
    audio::{HEARD_RATE, SPOKEN_RATE, read_wave, resample},
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

/// As they are said: it makes no difference how a title is written, or two words that are joined.
fn words(text: &str) -> Vec<String> {
    let letters = |word: &str| -> String {
        let word: String = word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
        if word == "mr" { String::from("mister") } else { word }
    };
    text.replace('-', " ").split_whitespace().map(letters).collect()
}

/// What somebody said, and how it sounds.
struct Recording {
    text: String,
    samples: Vec<f32>,
}

/// The recordings in a folder, by a list of lines such as `<s> what was said </s> (file)`.
fn recordings(folder: &str, list: &str) -> Vec<Recording> {
    let all = std::env::var("SPEECH_RECORDINGS").unwrap_or_else(|_| "/usr/share/pocketsphinx/test/data".to_owned());
    let folder = PathBuf::from(all).join(folder);
    let list = std::fs::read_to_string(folder.join(list));
    let list = list.expect("the package pocketsphinx-testdata, or SPEECH_RECORDINGS where its recordings are");
    let recording = |line: &str| {
        let (text, file) = line.strip_prefix("<s>")?.split_once("</s>")?;
        let file = file.trim().trim_start_matches('(').trim_end_matches(')');
        let (samples, rate) = read_wave(&folder.join(format!("{file}.wav"))).unwrap();
        Some(Recording { text: text.trim().to_owned(), samples: resample(&samples, rate, HEARD_RATE) })
    };
    let recordings: Vec<_> = list.lines().filter_map(recording).collect();
    assert_eq!(recordings.len(), 5);
    recordings
}

fn people() -> impl Iterator<Item = Recording> {
    recordings("librivox", "transcription").into_iter().chain(recordings("cards", "cards.transcription"))
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

/// From the first sound of speech to the last.
fn spoken(samples: &[f32]) -> &[f32] {
    let mut activity = VoiceActivity::default();
    let frames = samples.chunks(VoiceActivity::FRAME);
    let is_speech: Vec<_> = frames.map(|frame| ENGINES.voice_activity(&mut activity, frame).unwrap() > 0.5).collect();
    let first = is_speech.iter().position(|is_speech| *is_speech).unwrap();
    let last = is_speech.iter().rposition(|is_speech| *is_speech).unwrap();
    &samples[first * VoiceActivity::FRAME..samples.len().min((last + 1) * VoiceActivity::FRAME)]
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn a_sentence_is_over_at_its_end_and_not_in_its_middle() {
    let silence = vec![0.0; HEARD_RATE / 15];
    let (mut ended, mut unfinished) = (0, 0);
    for Recording { text, samples } in people() {
        let likelihood = |part: &[f32]| ENGINES.end_of_turn(&[part, &silence].concat()).unwrap();
        let all = spoken(&samples);
        let whole = likelihood(all);
        ended += usize::from(whole >= 0.5);
        // Cards are named in one or two words, each of which may be all.
        let fifths = if all.len() > 2 * HEARD_RATE && text.len() > 30 { 2..5 } else { 0..0 };
        let cut: Vec<_> = fifths.map(|fifths| likelihood(&all[..all.len() * fifths / 5])).collect();
        unfinished += cut.iter().filter(|likelihood| **likelihood < 0.5).count();
        println!("{text}: whole {whole:.2}, cut {cut:.2?}");
    }
    println!("{ended} of 10 ended, {unfinished} of 18 unfinished");
    assert!(ended >= 9 && unfinished >= 16, "{ended}, {unfinished}");
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

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn people_are_understood() {
    let (mut wrong, mut all) = (0, 0);
    for Recording { text, samples } in people() {
        let heard = ENGINES.transcribe(&samples).unwrap();
        let mistakes = differences(&words(&text), &words(&heard));
        println!("{mistakes} mistakes: {text} -> {heard}");
        wrong += mistakes;
        all += words(&text).len();
    }
    println!("{wrong} of {all} words are wrong");
    assert!(all > 90 && wrong * 100 <= all * 8, "{wrong} of {all} words");
}

/// What a call does with a sound, where it takes a third of a second to tell what was said: the ends of turns, and whether each
/// came before somebody had finished.
fn ends(samples: &[f32]) -> Vec<bool> {
    const TO_TELL: usize = 10;
    let mut activity = VoiceActivity::default();
    let silence = vec![0.0; 4 * HEARD_RATE];
    let heard = [samples, &silence].concat();
    let frames: Vec<_> = heard.chunks_exact(VoiceActivity::FRAME).collect();
    let spoken: Vec<_> = frames.iter().map(|frame| ENGINES.voice_activity(&mut activity, frame).unwrap()).collect();
    let last = spoken.iter().rposition(|probability| *probability > 0.5).unwrap();
    let (mut turns, mut asked, mut ends) = (TurnTaking::default(), None, Vec::new());
    for (at, probability) in spoken.iter().enumerate() {
        let mut event = turns.frame(*probability);
        if let Some((segment, from)) = asked.take_if(|(_, from)| at >= *from + TO_TELL) {
            let heard = &heard[..from * VoiceActivity::FRAME];
            let text = Phi::new(ENGINES.transcribe(heard).unwrap());
            let completeness = ENGINES.end_of_turn(heard).unwrap();
            event = event.or_else(|| turns.judged(segment, Judgement { text, completeness }));
        }
        match event {
            Some(TurnEvent::LooksOver { segment }) => asked = Some((segment, at + 1)),
            Some(TurnEvent::Ended(text)) if !text.expose().is_empty() => ends.push(at < last),
            _ => {}
        }
    }
    ends
}

#[test]
#[ignore = "wants the models: scripts/voice-test.sh fetches them and runs it"]
fn people_who_pause_are_not_cut_short_and_everybody_is_answered() {
    for Recording { text, samples } in people() {
        let ends = ends(&samples);
        println!("{ends:?}: {text}");
        assert_eq!(ends, [false], "one end, and after the last word: {text}");
    }
}
