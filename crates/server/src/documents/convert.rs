//! The process that reads one document, and then ends.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use kuzushi_domain::ArticleFormat;

use super::{Document, LARGEST, LONGEST, Unusable, html, pdf, plain};
use crate::apart::confine;

/// Reads a document from standard input, and writes what came of it to standard output, in JSON.
pub fn run(format: ArticleFormat) -> ExitCode {
    let outcome = read(format);
    let reply = serde_json::to_vec(&outcome).unwrap_or_default();
    match std::io::stdout().write_all(&reply) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(format: ArticleFormat) -> Result<Document, Unusable> {
    if !confine() {
        return Err(Unusable::TooExpensive);
    }
    let mut bytes = Vec::new();
    let input = std::io::stdin().lock().take(LARGEST as u64 + 1);
    { input }.read_to_end(&mut bytes).map_err(|_| Unusable::Unreadable)?;
    if bytes.len() > LARGEST {
        return Err(Unusable::TooExpensive);
    }
    convert_here(format, &bytes)
}

/// The text of a document, in this process. It may take its time, or not come back at all: for documents of people who
/// are trusted with the machine.
pub fn convert_here(format: ArticleFormat, bytes: &[u8]) -> Result<Document, Unusable> {
    let text = || std::str::from_utf8(bytes).map_err(|_| Unusable::NotUtf8);
    let document = match format {
        ArticleFormat::Markdown => Document { title: None, markdown: text()?.to_owned() },
        ArticleFormat::Html => html::read(text()?),
        ArticleFormat::Text => plain::read(text()?),
        ArticleFormat::Pdf => pdf::read(bytes)?,
    };
    if document.markdown.trim().is_empty() {
        Err(Unusable::NoText)
    } else if document.markdown.chars().count() > LONGEST {
        Err(Unusable::TooLong)
    } else {
        Ok(document)
    }
}
