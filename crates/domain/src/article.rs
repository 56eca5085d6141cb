//! What is known of an article besides its words.

use std::{fmt, str::FromStr};

/// What an article was written in before it became the Markdown that answers are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ArticleFormat {
    #[default]
    Markdown,
    Html,
    Text,
    Pdf,
}

/// Why a text is not a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants one of markdown, html, text, pdf")]
pub struct UnknownArticleFormat;

impl ArticleFormat {
    pub const ALL: [Self; 4] = [Self::Markdown, Self::Html, Self::Text, Self::Pdf];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Text => "text",
            Self::Pdf => "pdf",
        }
    }

    /// By the media type of a document, without its parameters.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.to_ascii_lowercase().as_str() {
            "text/markdown" => Some(Self::Markdown),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "text/plain" => Some(Self::Text),
            "application/pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    /// By how the name of a file ends.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "txt" => Some(Self::Text),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

impl fmt::Display for ArticleFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for ArticleFormat {
    type Err = UnknownArticleFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or(UnknownArticleFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_survives_its_own_text_and_is_known_by_type_and_ending() {
        for format in ArticleFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert_eq!(ArticleFormat::of_media_type("Text/HTML"), Some(ArticleFormat::Html));
        assert_eq!(ArticleFormat::of_media_type("application/zip"), None);
        assert_eq!(ArticleFormat::of_file_name("Visiting.hours.PDF"), Some(ArticleFormat::Pdf));
        assert_eq!(ArticleFormat::of_file_name("pdf"), None);
    }
}
