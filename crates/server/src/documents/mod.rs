//! Documents as hospitals have them, made into the Markdown that answers are cut from.
//!
//! What is uploaded may be broken or made to do harm. So it is read by another process, this program again, which has no
//! settings, no secrets, little memory and little time: should it fall over, nobody but the uploader hears of it.

mod convert;
mod html;
mod lines;
mod markdown;
mod pdf;
mod plain;
mod tree;

use std::{path::PathBuf, process::Stdio, sync::OnceLock, time::Duration};

use bytes::Bytes;
pub use convert::{convert_here, run};
use kuzushi_domain::ArticleFormat;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    sync::Semaphore,
    time::timeout,
};

/// Bytes that a document may have.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// Pages that a PDF may have.
pub const MOST_PAGES: usize = 300;
/// Characters of a converted document, at most: as many as an article may have.
pub const LONGEST: usize = 100_000;

/// How long a conversion may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one may wait for others.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// What the other process says at most, in bytes: a character takes up to four, and twice that when it is escaped.
const LONGEST_REPLY: u64 = 1024 * 1024;
/// How a program ends whose parser has met something that it does not expect.
const PANICKED: i32 = 101;
/// Conversions at the same time. Each may take half a gigabyte.
static TURNS: Semaphore = Semaphore::const_new(2);
/// The program that reads documents, where that is not this one.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Document {
    /// What it calls itself.
    pub title: Option<String>,
    /// With headings, and their anchors where the document has such.
    pub markdown: String,
}

/// Why a document cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Unusable {
    #[error("it cannot be read: it is damaged, or of another kind than it says")]
    Unreadable,
    #[error("it is encrypted: save it without a password")]
    Encrypted,
    #[error("it holds no text: a scan has to be run through text recognition first")]
    NoText,
    #[error("it must have at most 300 pages")]
    TooManyPages,
    #[error("its text must have at most 100000 characters: divide it by topic")]
    TooLong,
    #[error("reading it takes too much time or memory: save it anew, or divide it")]
    TooExpensive,
    #[error("too many documents are being read: send it again in a moment")]
    Busy,
    #[error("it must be text in UTF-8")]
    NotUtf8,
}

/// Has documents read by another program than this one: for tests, which are none that can read any.
pub fn use_program(program: impl Into<PathBuf>) {
    PROGRAM.get_or_init(|| program.into());
}

/// The document's text.
pub async fn convert(format: ArticleFormat, document: Bytes) -> Result<Document, Unusable> {
    if format == ArticleFormat::Markdown {
        let markdown = String::from_utf8(document.into()).map_err(|_| Unusable::NotUtf8)?;
        return Ok(Document { title: None, markdown });
    }
    let Ok(Ok(_turn)) = timeout(LONGEST_WAIT, TURNS.acquire()).await else {
        return Err(Unusable::Busy);
    };
    timeout(PATIENCE, ask(format, document)).await.unwrap_or(Err(Unusable::TooExpensive))
}

async fn ask(format: ArticleFormat, document: Bytes) -> Result<Document, Unusable> {
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "the process that reads documents cannot be started or heard");
        Unusable::TooExpensive
    };
    let mut child = Command::new(program().map_err(failed)?)
        .args(["convert-document", "--format", format.as_str()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Unusable::TooExpensive);
    };
    let mut reply = Vec::new();
    let write = async move {
        // Whoever has read enough hangs up, which is no reason to stop listening.
        let _ = input.write_all(&document).await;
    };
    let mut output = output.take(LONGEST_REPLY);
    let ((), read) = tokio::join!(write, output.read_to_end(&mut reply));
    read.map_err(failed)?;
    let fell_over = match child.wait().await.map_err(failed)?.code() {
        Some(PANICKED) => Unusable::Unreadable,
        // Stopped by a limit.
        _ => Unusable::TooExpensive,
    };
    // One that fell over has said nothing, or half of it.
    serde_json::from_slice::<Result<Document, Unusable>>(&reply).unwrap_or(Err(fell_over))
}

/// This program, as it was started: its file may have been replaced by a newer one since.
fn program() -> std::io::Result<PathBuf> {
    if let Some(program) = PROGRAM.get() {
        return Ok(program.clone());
    }
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}
