//! What the server sends.

use bytes::Bytes;
use kuzushi_domain::NoticeCode;
use kuzushi_store::NewEmergency;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ErrorCode, FrameError};
use crate::api::wire::{Timestamp, WireMessage, WireNoticeCode, WireNumber, WireRating};

/// Bytes of a token's frame around its name and text, with room for what has to be escaped.
const AROUND_A_TOKEN: usize = 96;
/// What the server sends.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The socket is in; the newest event of the session has `lastSeq`.
    #[serde(rename_all = "camelCase")]
    SessionAck {
        session_id: String,
        last_seq: i64,
    },
    /// The message is stored.
    #[serde(rename_all = "camelCase")]
    Ack {
        message_id: String,
        seq: i64,
    },
    /// Whether an answer is being written.
    Status {
        status: Status,
    },
    /// A piece of an answer; `offset` is where it starts, in UTF-16 units.
    #[serde(rename_all = "camelCase")]
    Token {
        message_id: String,
        delta: String,
        offset: usize,
    },
    /// A stored message.
    Message(WireMessage),
    /// A message was seen.
    #[serde(rename_all = "camelCase")]
    Read {
        message_id: String,
        by: String,
    },
    /// What the visitor thinks of an answer now, said on another device or in another tab.
    #[serde(rename_all = "camelCase")]
    Rating {
        message_id: String,
        /// `null`: no longer anything.
        #[schema(required = true)]
        rating: Option<WireRating>,
    },
    Pong,
    /// Shown apart from the answers, never part of one.
    #[serde(rename_all = "camelCase")]
    Notice {
        #[schema(value_type = WireNoticeCode)]
        code: &'static str,
        content: String,
        /// 0 where it is no event of the conversation, or not stored yet.
        seq: i64,
        /// Whom to call, the most important first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[schema(required = false)]
        numbers: Vec<WireNumber>,
        /// Of one that is stored.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, nullable = false)]
        message_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false, nullable = false)]
        created_at: Option<Timestamp>,
    },
    #[serde(rename_all = "camelCase")]
    Error {
        code: ErrorCode,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false)]
        message_id: Option<String>,
        retryable: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Typing,
    Idle,
}

impl ServerFrame {
    /// The frame as it goes over the wire.
    pub fn bytes(&self) -> Bytes {
        // Serializing these types cannot fail: no maps with other keys than strings, no failing implementations.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// A stored message, or the notice that it is.
    pub fn message(message: &kuzushi_store::Message) -> Self {
        match &message.details.notice {
            None => Self::Message(WireMessage::from(message)),
            Some(notice) => Self::Notice {
                code: notice.code.as_str(),
                content: message.content.expose().clone(),
                seq: message.seq,
                numbers: notice.numbers.iter().map(WireNumber::from).collect(),
                message_id: Some(message.message_id.clone()),
                created_at: Some(Timestamp(message.created_at)),
            },
        }
    }

    /// A notice that cannot wait until it is stored.
    pub fn unstored_notice(emergency: &NewEmergency) -> Self {
        Self::Notice {
            code: emergency.notice.code.as_str(),
            content: emergency.content.expose().clone(),
            seq: 0,
            numbers: emergency.notice.numbers.iter().map(WireNumber::from).collect(),
            message_id: None,
            created_at: None,
        }
    }

    /// That an AI answers.
    pub fn disclosure(content: String) -> Self {
        Self::Notice {
            code: NoticeCode::AiDisclosure.as_str(),
            content,
            seq: 0,
            numbers: Vec::new(),
            message_id: None,
            created_at: None,
        }
    }

    pub fn refusal(refusal: FrameError) -> Self {
        let FrameError { code, message, message_id } = refusal;
        Self::Error {
            code,
            message,
            message_id,
            retryable: code == ErrorCode::RateLimited || code == ErrorCode::Internal,
        }
    }
}

/// A [`ServerFrame::Token`] as it goes over the wire, made without a copy of its text: there are more of these than of all others.
pub fn token(message_id: &str, delta: &str, offset: usize) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Token<'a> {
        r#type: &'static str,
        message_id: &'a str,
        delta: &'a str,
        offset: usize,
    }
    let mut frame = Vec::with_capacity(AROUND_A_TOKEN + message_id.len() + delta.len());
    // Texts and a number: there is nothing in it that JSON cannot say.
    let _ = serde_json::to_writer(&mut frame, &Token { r#type: "token", message_id, delta, offset });
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_written_as_the_description_has_it() {
        let delta = "so \"said\"\n\u{1f634}";
        let described = ServerFrame::Token { message_id: "msg_1".into(), delta: delta.to_owned(), offset: 17 };
        assert_eq!(token("msg_1", delta, 17), described.bytes());
    }
}
