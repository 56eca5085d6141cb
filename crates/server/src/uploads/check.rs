//! The process that looks at one file, and then ends.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use super::{FileKind, FileRefusal, LARGEST, image, pdf};
use crate::apart::confine;

/// Reads a file from standard input, and writes to standard output a line of JSON that says what it is now or why it is not taken,
/// and after that the new image, where it is one.
pub fn run(kind: FileKind) -> ExitCode {
    let (outcome, content) = match check(kind) {
        Ok((kind, content)) => (Ok(kind), content),
        Err(refusal) => (Err::<FileKind, _>(refusal), Vec::new()),
    };
    let mut reply = serde_json::to_vec(&outcome).unwrap_or_default();
    reply.push(b'\n');
    reply.extend(content);
    match std::io::stdout().write_all(&reply) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn check(kind: FileKind) -> Result<(FileKind, Vec<u8>), FileRefusal> {
    if !confine() {
        return Err(FileRefusal::TooExpensive);
    }
    let mut content = Vec::new();
    let input = std::io::stdin().lock().take(LARGEST + 1);
    { input }.read_to_end(&mut content).map_err(|_| FileRefusal::Damaged)?;
    if content.len() as u64 > LARGEST {
        return Err(FileRefusal::TooExpensive);
    }
    match kind {
        FileKind::Pdf => pdf::check(&content).map(|()| (kind, Vec::new())),
        FileKind::Jpeg | FileKind::Png | FileKind::Webp => image::draw_anew(&content, kind),
    }
}
