//! Says a text into a WAV file at 48 kHz, with silence around it: what a browser takes for its microphone in tests.
//!
//! `cargo run --package kuzushi-voice --example speak -- data/voice question.wav "When can I visit?" 2 "And on Sundays?"`
//!
//! A number between texts is a pause in seconds.

#![allow(clippy::expect_used, reason = "a tool that says what is wrong, and ends")]

mod tool;

use std::path::Path;

use kuzushi_voice::audio::{SPOKEN_RATE, resample, write_wave};

const RATE: usize = 48_000;

fn main() {
    let (engines, arguments) = tool::engines_and_arguments("speak", ", a file, and what to say");
    let Some((file, script)) = arguments.split_first() else {
        eprintln!("speak: wants a file, and what to say");
        std::process::exit(2);
    };
    let mut samples = Vec::new();
    for part in script {
        match part.parse::<f64>() {
            Ok(seconds) => samples.resize(samples.len() + (seconds * RATE as f64) as usize, 0.0),
            Err(_) => samples.extend(resample(&engines.speak(part).expect("a sound"), SPOKEN_RATE, RATE)),
        }
    }
    write_wave(Path::new(file), &samples, RATE).expect("the file is written");
}
