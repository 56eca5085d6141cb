//! The frames of the chat socket, as far as a client has to understand them.

use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ClientFrame<'a> {
    Init { session_id: &'a str, last_seq: u64 },
    UserMessage { message_id: &'a str, content: &'a str },
    Cancel { message_id: &'a str },
    Ping,
}

impl ClientFrame<'_> {
    pub fn text(&self) -> String {
        // Strings and numbers alone: nothing that serde_json could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a server sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ServerFrame {
    SessionAck {
        session_id: String,
        last_seq: u64,
    },
    Ack {
        message_id: String,
        seq: u64,
    },
    Status {
        status: Status,
    },
    Token {
        message_id: String,
        delta: String,
        offset: usize,
    },
    Message(Message),
    Notice {
        code: String,
        content: String,
        seq: u64,
    },
    Error {
        code: String,
        #[serde(default)]
        message_id: Option<String>,
        #[serde(default)]
        retryable: bool,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Typing,
    Idle,
}

/// A stored message, as history and sockets show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub message_id: String,
    pub seq: u64,
    pub role: Role,
    pub content: String,
    #[serde(default)]
    pub in_reply_to: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
    Agent,
    System,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Metadata {
    /// The visitor stopped the answer.
    #[serde(default)]
    pub stopped: bool,
}

impl ServerFrame {
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The place of a stored event in its conversation.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Ack { seq, .. } | Self::Notice { seq, .. } | Self::Message(Message { seq, .. }) => Some(*seq),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_and_read_as_the_contract_has_them() {
        let init = ClientFrame::Init { session_id: "sess_1", last_seq: 4 }.text();
        assert_eq!(init, r#"{"type":"init","sessionId":"sess_1","lastSeq":4}"#);
        let message = r#"{"type":"message","messageId":"msg_2","seq":2,"role":"assistant","content":"Yes.",
            "inReplyTo":"m1","createdAt":"2026-11-23T09:00:00.000Z","metadata":{"stopped":true}}"#;
        let ServerFrame::Message(message) = ServerFrame::parse(message).unwrap() else { panic!("a message") };
        assert_eq!((message.seq, message.in_reply_to.as_deref(), message.metadata.stopped), (2, Some("m1"), true));
        assert_eq!(ServerFrame::parse(r#"{"type":"pong"}"#).unwrap(), ServerFrame::Other);
        let status = ServerFrame::parse(r#"{"type":"status","status":"idle"}"#).unwrap();
        assert_eq!(status, ServerFrame::Status { status: Status::Idle });
    }
}
