//! Tells what a recording says, and whether whoever speaks has finished.
//!
//! `cargo run --package kuzushi-voice --example listen -- data/voice question.wav`

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a tool that says what it found, or what is wrong")]

mod tool;

use std::path::Path;

use kuzushi_voice::{
    VoiceActivity,
    audio::{HEARD_RATE, read_wave, resample},
};

fn main() {
    let (engines, recordings) = tool::engines_and_arguments("listen", " and WAV files");
    for recording in &recordings {
        let (samples, rate) = read_wave(Path::new(recording)).expect("a recording");
        let samples = resample(&samples, rate, HEARD_RATE);
        let mut activity = VoiceActivity::default();
        let frames = samples.chunks(VoiceActivity::FRAME);
        let spoken =
            frames.filter(|frame| engines.voice_activity(&mut activity, frame).expect("a frame") > 0.5).count();
        let end = engines.end_of_turn(&samples).expect("a probability");
        let text = engines.transcribe(&samples).expect("a transcript");
        let seconds = (spoken * VoiceActivity::FRAME) as f64 / HEARD_RATE as f64;
        println!("{recording}: {seconds:.1} s of speech, finished {end:.2}: {text}");
    }
}
