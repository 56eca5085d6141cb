//! Why a chat socket is closed. Codes from 4000 to 4009 are final; after the others a client comes back.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    InvalidSession,
    InvalidToken,
    OriginNotAllowed,
    SessionEnded,
    ProtocolAbuse,
    TooMany,
    /// Another server, or this one anew, can be asked after so many milliseconds.
    Restarting {
        retry_after_ms: u32,
    },
    Internal,
}

impl CloseReason {
    pub const fn code(self) -> u16 {
        match self {
            Self::InvalidSession => 4001,
            Self::InvalidToken => 4003,
            Self::OriginNotAllowed => 4004,
            Self::SessionEnded => 4008,
            Self::ProtocolAbuse => 4009,
            Self::TooMany => 4029,
            Self::Restarting { .. } => 1012,
            Self::Internal => 1011,
        }
    }

    fn text(self) -> Utf8Bytes {
        let text = match self {
            Self::InvalidSession => "invalid session",
            Self::InvalidToken => "invalid token",
            Self::OriginNotAllowed => "origin not allowed",
            Self::SessionEnded => "session ended",
            Self::ProtocolAbuse => "protocol abuse",
            Self::TooMany => "too many connections",
            Self::Internal => "internal error",
            Self::Restarting { retry_after_ms } => {
                return format!(r#"{{"retryAfterMs":{retry_after_ms}}}"#).into();
            }
        };
        Utf8Bytes::from_static(text)
    }
}

impl From<CloseReason> for CloseFrame {
    fn from(reason: CloseReason) -> Self {
        Self { code: reason.code(), reason: reason.text() }
    }
}
