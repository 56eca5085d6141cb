//! Why a frame was refused, or a question got no answer.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    BadFrame,
    UnknownType,
    TooLarge,
    RateLimited,
    AiError,
    AiTimeout,
    NotAllowed,
    SessionEnded,
    Internal,
}

impl ErrorCode {
    /// The name under which a failed turn is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "BAD_FRAME",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::TooLarge => "TOO_LARGE",
            Self::RateLimited => "RATE_LIMITED",
            Self::AiError => "AI_ERROR",
            Self::AiTimeout => "AI_TIMEOUT",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::Internal => "INTERNAL",
        }
    }
}

/// Why a frame was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameError {
    pub code: ErrorCode,
    pub message: String,
    pub message_id: Option<String>,
}

impl FrameError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), message_id: None }
    }

    pub fn binary() -> Self {
        Self::new(ErrorCode::BadFrame, "frames are text; this one was binary")
    }

    pub fn about(self, message_id: &str) -> Self {
        Self { message_id: Some(message_id.to_owned()), ..self }
    }

    /// Names the message that a frame is about, so that its sender can tell which one failed.
    pub(super) fn about_message_of(self, text: &str) -> Self {
        let frame = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        match frame["messageId"].as_str() {
            Some(message_id) => self.about(message_id),
            None => self,
        }
    }
}
