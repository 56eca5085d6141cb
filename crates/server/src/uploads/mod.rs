//! Files that visitors send. All of it is taken for hostile: what a file is follows from its bytes and from nothing that is
//! said of it, a scanner looks at it where there is one, images are drawn anew and documents searched for what does something,
//! both [apart](crate::apart), and nothing is ever given back but as a download.

mod check;
mod image;
mod kind;
mod name;
mod pdf;
mod scanner;

use std::time::Duration;

use bytes::Bytes;
pub use check::run;
pub use kind::FileKind;
use kuzushi_domain::config::MEGABYTE;
pub use name::file_name;
pub use scanner::Scanner;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{
    apart::{self, NoReply},
    error::ApiError,
};

/// Bytes of the largest file that any app takes.
pub const LARGEST: u64 = 25 * MEGABYTE;
/// How long sending one may take.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Files in memory at the same time.
pub static PLACES: Semaphore = Semaphore::const_new(8);

/// A file that may be kept, as it may be kept.
#[derive(Debug)]
pub struct CleanFile {
    pub kind: FileKind,
    pub content: Bytes,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum FileRefusal {
    #[error("this app takes no files")]
    SwitchedOff,
    #[error(
        "it must be a JPEG, PNG or WebP image or a PDF document, whatever it is called: take a photo or a screenshot of it"
    )]
    UnknownKind,
    #[error("it is empty")]
    Empty,
    #[error("it is damaged, or not all of it arrived: save it anew")]
    Damaged,
    #[error("it has too many pixels or pages, or takes too much time or memory to read: make it smaller")]
    TooExpensive,
    #[error("another file is hidden in it: save it anew")]
    HidesAnother,
    #[error("it holds scripts, forms or files: print it to a new PDF")]
    Active,
    #[error("it is protected with a password: save it without one")]
    Encrypted,
    #[error("the virus scanner warns of it")]
    Infected,
    #[error("the conversation holds as many files, or as much in them, as it may")]
    SessionFull,
    #[error("the files of all conversations take up as much as they may: the hospital has to make room")]
    AppFull,
}

/// Looks at a file, and returns what of it is kept.
pub async fn clean(content: Bytes, scanner: Option<&Scanner>) -> Result<CleanFile, ApiError> {
    if content.is_empty() {
        return Err(FileRefusal::Empty.into());
    }
    if let Some(scanner) = scanner {
        scanner.scan(&content).await?;
    }
    let kind = FileKind::of(&content).ok_or(FileRefusal::UnknownKind)?;
    let arguments = ["check-upload", "--kind", kind.extension()];
    let reply = apart::ask(&arguments, content.clone(), LARGEST + 1_024).await.map_err(|why| match why {
        NoReply::Busy => ApiError::Unavailable,
        NoReply::TooExpensive => FileRefusal::TooExpensive.into(),
        NoReply::FellOver => FileRefusal::Damaged.into(),
    })?;
    let reply = Bytes::from(reply);
    let head = reply.iter().position(|byte| *byte == b'\n').ok_or(FileRefusal::Damaged)?;
    let outcome: Result<FileKind, FileRefusal> =
        serde_json::from_slice(&reply[..head]).unwrap_or(Err(FileRefusal::Damaged));
    let kind = outcome?;
    // Documents stay as they are; of an image there is a new one.
    let content = if kind == FileKind::Pdf { content } else { reply.slice(head + 1..) };
    Ok(CleanFile { kind, content })
}
