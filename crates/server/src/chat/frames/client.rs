//! What a client sends, and how it is read: what is wrong with a frame is named, and nothing of it repeated.

use chrono::DateTime;
use kuzushi_domain::{Id, id};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{ErrorCode, FrameError};
use crate::api::{body, wire::WireRating};

/// Characters a message may have.
pub const CONTENT_LIMIT: usize = 8_000;
/// Characters a comment on an answer may have.
const COMMENT_LIMIT: usize = 2_000;
/// Bytes a frame may have.
pub const FRAME_LIMIT: usize = 64 * 1024;
/// Files that come with one message, whatever an app takes.
const ATTACHMENTS_LIMIT: usize = 10;
/// Characters a client's message id may have.
const MESSAGE_ID_LIMIT: usize = 128;

/// What a client sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    Auth(Auth),
    Init(Init),
    UserMessage(UserMessage),
    Cancel(Cancel),
    Typing(Typing),
    Read(Read),
    Feedback(Feedback),
    Ping,
}

/// The first frame, when the URL held no token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    pub token: String,
    pub session_id: String,
}

/// Asks for what was stored after `lastSeq`, or for everything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Init {
    pub session_id: String,
    #[serde(default)]
    #[schema(minimum = 0)]
    pub last_seq: Option<u64>,
}

/// A message of the visitor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserMessage {
    /// The message's idempotency key within the session.
    #[schema(min_length = 1, max_length = 128)]
    pub message_id: String,
    /// May be empty where files come with it.
    #[schema(max_length = 8000)]
    pub content: String,
    /// The ids of files that were sent before, in the order in which they are shown; ten at most.
    #[serde(default)]
    pub attachments: Option<Vec<String>>,
    #[serde(default)]
    pub metadata: Option<UserMessageMetadata>,
}

#[derive(Deserialize, ToSchema)]
pub struct UserMessageMetadata {
    /// When the client says it sent the message, RFC 3339.
    #[serde(default)]
    pub timestamp: Option<String>,
}

/// Stops the answer to this message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cancel {
    pub message_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Typing {
    pub active: bool,
}

/// The visitor has seen this message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    pub message_id: String,
}

/// What the visitor thinks of an answer, in place of what they thought before.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// An answer of this conversation.
    pub message_id: String,
    /// `null` takes it back.
    // Without this a frame that forgot it would take back what was said.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub rating: Option<WireRating>,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
}

macro_rules! never_printed {
    ($($frame:ident),*) => {
        $(
            // Tokens and patients' words are not for logs.
            impl std::fmt::Debug for $frame {
                fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str(concat!(stringify!($frame), "([redacted])"))
                }
            }
        )*
    };
}
never_printed!(Auth, UserMessage, Feedback);

impl ClientFrame {
    /// Reads a frame in two steps, so that what is wrong can be named: the kind first, then its fields.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(rename = "type")]
            kind: String,
        }
        if text.len() > FRAME_LIMIT {
            return Err(FrameError::new(ErrorCode::TooLarge, format!("a frame may have {FRAME_LIMIT} bytes")));
        }
        let kind = fields::<Kind>(text)?.kind;
        match kind.as_str() {
            "auth" => Ok(Self::Auth(fields(text)?)),
            "init" => Ok(Self::Init(fields(text)?)),
            "user_message" => {
                let read = fields::<UserMessage>(text).and_then(|message| message.check().map(|()| message));
                read.map(Self::UserMessage).map_err(|error| error.about_message_of(text))
            }
            "cancel" => Ok(Self::Cancel(fields(text)?)),
            "typing" => Ok(Self::Typing(fields(text)?)),
            "read" => Ok(Self::Read(fields(text)?)),
            "feedback" => {
                let read = fields::<Feedback>(text).and_then(|feedback| feedback.check().map(|()| feedback));
                read.map(Self::Feedback).map_err(|error| error.about_message_of(text))
            }
            "ping" => Ok(Self::Ping),
            _ => Err(FrameError::new(
                ErrorCode::UnknownType,
                "type: wants auth, init, user_message, cancel, typing, read, feedback or ping",
            )),
        }
    }
}

impl UserMessage {
    fn check(&self) -> Result<(), FrameError> {
        let id_length = self.message_id.chars().count();
        if id_length == 0 || id_length > MESSAGE_ID_LIMIT || self.message_id.chars().any(char::is_control) {
            let message =
                format!("messageId: wants 1 to {MESSAGE_ID_LIMIT} characters, none of them control characters");
            return Err(FrameError::new(ErrorCode::BadFrame, message));
        }
        let attachments = self.attachments.as_deref().unwrap_or_default();
        if self.content.trim().is_empty() && attachments.is_empty() {
            return Err(FrameError::new(ErrorCode::BadFrame, "content: must not be empty"));
        }
        if self.content.chars().count() > CONTENT_LIMIT {
            return Err(FrameError::new(ErrorCode::TooLarge, format!("content: may have {CONTENT_LIMIT} characters")));
        }
        let timestamp = self.metadata.as_ref().and_then(|metadata| metadata.timestamp.as_deref());
        if timestamp.is_some_and(|timestamp| DateTime::parse_from_rfc3339(timestamp).is_err()) {
            let message = "metadata.timestamp: wants RFC 3339, such as 2026-11-23T09:00:00.000Z";
            return Err(FrameError::new(ErrorCode::BadFrame, message));
        }
        if attachments.len() > ATTACHMENTS_LIMIT {
            return Err(FrameError::new(ErrorCode::TooLarge, format!("attachments: may be {ATTACHMENTS_LIMIT}")));
        }
        let is_file = |id: &String| id.parse::<Id<id::File>>().is_ok();
        let is_twice = |(at, id): (usize, &String)| attachments[..at].contains(id);
        if !attachments.iter().all(is_file) || attachments.iter().enumerate().any(is_twice) {
            let message = "attachments: wants ids of files that were sent before, each once";
            return Err(FrameError::new(ErrorCode::BadFrame, message));
        }
        Ok(())
    }
}

impl Feedback {
    fn check(&self) -> Result<(), FrameError> {
        let comment = self.comment.as_deref().unwrap_or_default();
        if comment.chars().count() > COMMENT_LIMIT {
            return Err(FrameError::new(ErrorCode::TooLarge, format!("comment: may have {COMMENT_LIMIT} characters")));
        }
        if self.rating.is_none() && !comment.trim().is_empty() {
            let message = "comment: goes with a rating, and is taken back with it; leave it out";
            return Err(FrameError::new(ErrorCode::BadFrame, message));
        }
        Ok(())
    }
}

/// Reads the fields of a frame; an error names the field and what is wrong, and repeats nothing of what was sent.
pub fn fields<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    let bad = |message: String| FrameError::new(ErrorCode::BadFrame, message);
    if !body::is_object(text.as_bytes()) {
        return Err(bad(body::NO_OBJECT.to_owned()));
    }
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    let frame = serde_path_to_error::deserialize(&mut *deserializer).map_err(|error| {
        let field = error.path().to_string();
        bad(body::describe(&field, error.inner()))
    })?;
    deserializer.end().map_err(|_| bad(String::from("a frame holds one JSON object and nothing after it")))?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> (ErrorCode, String) {
        let error = ClientFrame::parse(text).expect_err("a refusal");
        (error.code, error.message)
    }

    #[test]
    fn what_is_wrong_with_a_frame_is_named() {
        for (text, code, named) in [
            ("hello", ErrorCode::BadFrame, "JSON"),
            (r#"["ping"]"#, ErrorCode::BadFrame, "JSON object"),
            ("{}", ErrorCode::BadFrame, "type"),
            (r#"{"type":7}"#, ErrorCode::BadFrame, "type"),
            (r#"{"type":"dance"}"#, ErrorCode::UnknownType, "type"),
            (r#"{"type":"user_message","messageId":"m"}"#, ErrorCode::BadFrame, "content"),
            (r#"{"type":"user_message","messageId":"m","content":5}"#, ErrorCode::BadFrame, "content"),
            (r#"{"type":"user_message","messageId":"m","content":"  "}"#, ErrorCode::BadFrame, "content"),
            (r#"{"type":"user_message","messageId":"","content":"a"}"#, ErrorCode::BadFrame, "messageId"),
            (r#"{"type":"user_message","messageId":"a\u0000b","content":"a"}"#, ErrorCode::BadFrame, "messageId"),
            (r#"{"type":"user_message","messageId":"m","content":"a","metadata":3}"#, ErrorCode::BadFrame, "metadata"),
            (r#"{"type":"init","sessionId":"s","lastSeq":-1}"#, ErrorCode::BadFrame, "lastSeq"),
            (r#"{"type":"feedback","messageId":"m"}"#, ErrorCode::BadFrame, "rating: is missing"),
            (r#"{"type":"feedback","messageId":"m","rating":5}"#, ErrorCode::BadFrame, "rating"),
            (r#"{"type":"feedback","messageId":"m","rating":"great"}"#, ErrorCode::BadFrame, "rating: wants"),
            (r#"{"type":"feedback","messageId":"m","rating":null,"comment":"a"}"#, ErrorCode::BadFrame, "comment"),
            (r#"{"type":"ping"} {"type":"ping"}"#, ErrorCode::BadFrame, "one JSON object"),
        ] {
            let (got, message) = refusal(text);
            assert_eq!(got, code, "{text}");
            assert!(message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn a_refusal_repeats_nothing_of_what_was_sent() {
        let (_, message) = refusal(r#"{"type":"user_message","messageId":"m","content":{"secret":"my knee"}}"#);
        assert!(!message.contains("knee") && !message.contains("secret"), "{message}");
        let (_, message) = refusal(r#"{"type":"typing","active":"my knee"}"#);
        assert!(!message.contains("knee"), "{message}");
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        let frame = |content: &str| format!(r#"{{"type":"user_message","messageId":"m","content":"{content}"}}"#);
        assert!(ClientFrame::parse(&frame(&"é".repeat(CONTENT_LIMIT))).is_ok());
        assert_eq!(refusal(&frame(&"é".repeat(CONTENT_LIMIT + 1))).0, ErrorCode::TooLarge);
        assert_eq!(refusal(&" ".repeat(FRAME_LIMIT + 1)).0, ErrorCode::TooLarge);
    }
}
