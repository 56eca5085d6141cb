//! Documents as hospitals have them, made into the Markdown that answers are cut from.
//!
//! What is uploaded may be broken or made to do harm, and is read [apart](crate::apart).

mod convert;
mod html;
mod lines;
mod markdown;
mod pdf;
mod plain;
mod tree;

use bytes::Bytes;
pub use convert::{convert_here, run};
use kuzushi_domain::ArticleFormat;
use serde::{Deserialize, Serialize};

use crate::apart::{self, NoReply};

/// Bytes that a document may have.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// Pages that a PDF may have.
pub const MOST_PAGES: usize = 300;
/// Characters of a converted document, at most: as many as an article may have.
pub const LONGEST: usize = 100_000;

/// What the other process says at most, in bytes: a character takes up to four, and twice that when it is escaped.
const LONGEST_REPLY: u64 = 1024 * 1024;

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

/// The document's text.
pub async fn convert(format: ArticleFormat, document: Bytes) -> Result<Document, Unusable> {
    if format == ArticleFormat::Markdown {
        let markdown = String::from_utf8(document.into()).map_err(|_| Unusable::NotUtf8)?;
        return Ok(Document { title: None, markdown });
    }
    let arguments = ["convert-document", "--format", format.as_str()];
    let reply = apart::ask(&arguments, document, LONGEST_REPLY).await.map_err(|why| match why {
        NoReply::Busy => Unusable::Busy,
        NoReply::TooExpensive => Unusable::TooExpensive,
        NoReply::FellOver => Unusable::Unreadable,
    })?;
    // Half of a reply is none.
    serde_json::from_slice::<Result<Document, Unusable>>(&reply).unwrap_or(Err(Unusable::TooExpensive))
}
