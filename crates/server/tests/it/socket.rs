//! A chat client as the contract describes one.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::rustls::ClientConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::canary::{assert_not_in_error, typed};

/// Characters that a message and a comment may have.
const MESSAGE_LIMIT: usize = 8_000;
const COMMENT_LIMIT: usize = 2_000;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Where the address asks for TLS, trusting whom the configuration trusts.
    pub async fn open(url: &str, origin: Option<&str>, tls: Option<Arc<ClientConfig>>) -> Self {
        let mut request = url.into_client_request().expect("an address");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("an origin"));
        }
        let connector = tls.map(Connector::Rustls);
        let (stream, _) = connect_async_tls_with_config(request, None, false, connector).await.expect("an upgrade");
        Self { stream }
    }

    /// Sends a frame; a message or a comment with the canary in it, if there is room.
    pub async fn send(&mut self, mut frame: Value) {
        let (field, limit) =
            if frame["type"] == "feedback" { ("comment", COMMENT_LIMIT) } else { ("content", MESSAGE_LIMIT) };
        if let Some(text) = frame[field].as_str().filter(|text| !text.trim().is_empty()) {
            let text = typed(text);
            if text.chars().count() <= limit {
                frame[field] = text.into();
            }
        }
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_raw(Message::text(text)).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.expect("the frame is sent");
    }

    /// Sends a frame many times, or until the server hangs up.
    pub async fn flood(&mut self, frame: &Message, times: usize) {
        for _ in 0..times {
            if self.stream.send(frame.clone()).await.is_err() {
                return;
            }
        }
    }

    /// Sends a message and waits for its acknowledgement; returns its `seq`.
    pub async fn say(&mut self, message_id: &str, content: &str) -> i64 {
        self.send(json!({"type": "user_message", "messageId": message_id, "content": content})).await;
        let ack = self.next_of("ack").await;
        assert_eq!(ack["messageId"], message_id);
        ack["seq"].as_i64().expect("a seq")
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        self.next_or_close().await.unwrap_or_else(|code| panic!("the socket was closed with {code}"))
    }

    /// The next frame of a type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Whether a frame of the type comes before the socket is closed.
    pub async fn next_of_or_close(&mut self, kind: &str) -> bool {
        loop {
            match self.next_or_close().await {
                Ok(frame) if frame["type"] == kind => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// All frames up to and with the first that says nobody is typing.
    pub async fn until_idle(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let idle = frame["type"] == "status" && frame["status"] == "idle";
            frames.push(frame);
            if idle {
                return frames;
            }
        }
    }

    /// The code the socket is closed with; frames before that are passed over.
    pub async fn close_code(&mut self) -> u16 {
        self.close_frame().await.0
    }

    /// The code and the reason the socket is closed with; frames before that are passed over.
    pub async fn close_frame(&mut self) -> (u16, String) {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("a frame in time") {
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert_not_in_error(&frame.reason);
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None))) => return (1005, String::new()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return (1006, String::new()),
            }
        }
    }

    /// The next frame, if one comes within a while.
    pub async fn next_if_any(&mut self) -> Option<Value> {
        let next = timeout(Duration::from_millis(300), self.next_or_close()).await.ok()?;
        Some(next.unwrap_or_else(|code| panic!("the socket was closed with {code}")))
    }

    /// Whether nothing comes for a while.
    pub async fn is_quiet(&mut self) -> bool {
        self.next_if_any().await.is_none()
    }

    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
    }

    async fn next_or_close(&mut self) -> Result<Value, u16> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if frame["type"] == "error" {
                        assert_not_in_error(&text);
                    }
                    return Ok(frame);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }
}

/// The text that tokens make up, checking that each starts where the last one ended.
pub fn streamed(frames: &[Value]) -> String {
    let mut text = String::new();
    for token in frames.iter().filter(|frame| frame["type"] == "token") {
        assert_eq!(token["offset"], text.encode_utf16().count(), "no gap and no repeat");
        text.push_str(token["delta"].as_str().expect("a delta"));
    }
    text
}
