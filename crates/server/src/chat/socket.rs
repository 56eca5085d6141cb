//! A chat socket from its upgrade to its end.

use std::{collections::HashMap, future::Future, pin::pin, task::Poll, time::Duration};

use axum::{
    extract::{
        Query, State,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{SinkExt, poll};
use tokio::time::timeout;

use super::{
    admission::{Knock, admit},
    close_codes::CloseReason,
    frames::FRAME_LIMIT,
};
use crate::{auth::ClientAddress, error::ApiError, state::AppState};

/// How long a client may take to drain what was written to it before it counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a peer may take to hang up after it was told to.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// Above this the connection is cut: a frame that is merely too large gets an error, and the socket stays.
const HARD_FRAME_LIMIT: usize = 16 * FRAME_LIMIT;
/// Bytes that every socket keeps for reading. Longer frames get what they need as they come; the library's default of
/// 128 KiB would be most of what an idle socket costs.
const READ_BUFFER: usize = 1024;
/// Bytes of frames that are written together at most.
const WRITE_BUFFER: usize = 16 * 1024;

/// Why a socket's task ends.
#[derive(Debug)]
pub enum End {
    /// The peer cannot be read from or written to any more.
    Gone,
    /// The peer said goodbye.
    Left,
    /// The peer is told to leave.
    Close(CloseReason),
    /// The peer broke the WebSocket protocol itself.
    Broken(CloseFrame),
}

impl From<CloseReason> for End {
    fn from(reason: CloseReason) -> Self {
        Self::Close(reason)
    }
}

/// `GET /ws/chat`. Refusals come as close codes after the upgrade, because a page cannot read an HTTP status here.
pub async fn chat(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return ApiError::UpgradeRequired.into_response();
    };
    let knock = Knock::of_request(query, &headers, address);
    let sockets = state.sockets.clone();
    measured(upgrade, HARD_FRAME_LIMIT)
        // In boxes, because a future keeps room for its arguments beside what it makes of them.
        .on_upgrade(move |socket| sockets.track_future(serve(state, Box::new(socket), knock)))
}

/// A socket that keeps little for its peer, and takes messages up to this many bytes.
pub fn measured(upgrade: WebSocketUpgrade, longest: usize) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(longest)
        .max_frame_size(longest)
}

async fn serve(state: AppState, mut socket: Box<WebSocket>, knock: Box<Knock>) {
    let end = converse(&state, &mut socket, knock).await;
    say_goodbye(&mut socket, end).await;
}

async fn converse(state: &AppState, socket: &mut WebSocket, knock: Box<Knock>) -> End {
    let Some(mut slot) = state.connections.take(knock.address) else {
        return CloseReason::TooMany.into();
    };
    // Boxed, because who is in needs no room for what getting in took.
    match Box::pin(admit(state, socket, knock, &mut slot)).await {
        Ok(mut connection) => Box::pin(connection.run(socket)).await,
        Err(end) => end,
    }
}

/// Closes the socket and waits a moment for the peer to do the same. Hanging up with unread frames in the buffer
/// would reset the connection, and the peer might never see the reason.
pub async fn say_goodbye(socket: &mut WebSocket, end: End) {
    let close: Option<CloseFrame> = match end {
        End::Gone => return,
        // The library has the answer ready; it goes out as we wait for the peer to hang up.
        End::Left => None,
        End::Close(reason) => Some(reason.into()),
        End::Broken(frame) => Some(frame),
    };
    let goodbye = async {
        if let Some(close) = close
            && socket.send(Message::Close(Some(close))).await.is_err()
        {
            // The peer is gone already; there is nobody left to tell.
            return;
        }
        while let Some(Ok(_)) = socket.recv().await {}
    };
    let _ = timeout(GOODBYE_TIMEOUT, goodbye).await;
}

/// What the peer sent, or why it is the end. Pings are answered by the library.
pub async fn receive(socket: &mut WebSocket) -> Result<Message, End> {
    match socket.recv().await {
        None => Err(End::Gone),
        Some(Ok(Message::Close(_))) => Err(End::Left),
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => Err(broken(error)),
    }
}

/// The close code that RFC 6455 has for what went wrong, where there is one.
fn broken(error: axum::Error) -> End {
    let close = |code, reason: &'static str| End::Broken(CloseFrame { code, reason: reason.into() });
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Utf8(_)) => close(1007, "text is not UTF-8"),
        Some(tungstenite::Error::Capacity(_)) => close(1009, "frame too large"),
        Some(tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
            End::Gone
        }
        Some(tungstenite::Error::Protocol(_)) => close(1002, "protocol error"),
        _ => End::Gone,
    }
}

pub fn send(socket: &mut WebSocket, frame: Bytes) -> impl Future<Output = Result<(), End>> {
    // Frames are made by serde_json, so they are UTF-8.
    let text = Utf8Bytes::try_from(frame).unwrap_or_default();
    send_message(socket, Message::Text(text))
}

pub async fn send_message(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    in_time(socket.send(message)).await
}

/// Writes a frame that others may follow at once; [`flush`] makes sure that it goes.
pub fn feed(socket: &mut WebSocket, frame: Bytes) -> impl Future<Output = Result<(), End>> {
    let text = Utf8Bytes::try_from(frame).unwrap_or_default();
    in_time(SinkExt::feed(socket, Message::Text(text)))
}

pub fn flush(socket: &mut WebSocket) -> impl Future<Output = Result<(), End>> {
    in_time(SinkExt::flush(socket))
}

async fn in_time(written: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    let mut written = pin!(written);
    // Nearly always it goes at once, and a clock for it would cost more than the rest.
    let done = match poll!(written.as_mut()) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => timeout(SEND_TIMEOUT, written).await,
    };
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
