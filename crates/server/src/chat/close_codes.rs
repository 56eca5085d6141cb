//! Why a chat socket is closed. Codes from 4000 to 4009 are final; after the others a client comes back.

use axum::extract::ws::CloseFrame;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    InvalidSession,
    InvalidToken,
    OriginNotAllowed,
    SessionEnded,
    ProtocolAbuse,
    TooMany,
    Restarting,
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
            Self::Restarting => 1012,
            Self::Internal => 1011,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::InvalidSession => "invalid session",
            Self::InvalidToken => "invalid token",
            Self::OriginNotAllowed => "origin not allowed",
            Self::SessionEnded => "session ended",
            Self::ProtocolAbuse => "protocol abuse",
            Self::TooMany => "too many connections",
            Self::Restarting => "restarting",
            Self::Internal => "internal error",
        }
    }
}

impl From<CloseReason> for CloseFrame {
    fn from(reason: CloseReason) -> Self {
        Self { code: reason.code(), reason: reason.text().into() }
    }
}
