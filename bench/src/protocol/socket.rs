//! A chat socket.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        ClientRequestBuilder, Message, Utf8Bytes,
        http::Uri,
        protocol::{WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{Target, frames::ClientFrame, session::Session};

/// Buffers of one socket: the generator holds thousands of them.
const BUFFER: usize = 4 * 1024;

pub struct ChatSocket {
    stream: WebSocketStream<TcpStream>,
}

/// What a socket gave.
#[derive(Debug)]
pub enum Heard {
    /// A frame's text.
    Text(Utf8Bytes),
    /// The server closed with this code, or hung up without one.
    Closed(Option<u16>),
}

impl ChatSocket {
    /// Opens a socket of the session. A `source` address gives it ports of its own.
    pub async fn open(
        target: &Target,
        address: SocketAddr,
        session: &Session,
        source: Option<IpAddr>,
    ) -> anyhow::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(source) = source {
            socket.bind(SocketAddr::new(source, 0)).context("binding a source address")?;
        }
        let stream = socket.connect(address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let uri: Uri = format!("ws://{}/ws/chat?sessionId={}&token={}", target.authority, session.id, session.token)
            .parse()
            .context("the socket's address")?;
        let request = ClientRequestBuilder::new(uri).with_header("Origin", &target.origin);
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let (stream, _) = client_async_with_config(request, stream, Some(config)).await.context("the upgrade")?;
        Ok(Self { stream })
    }

    pub async fn send(&mut self, frame: &ClientFrame<'_>) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::text(frame.text())).await?)
    }

    /// The next frame, or the end. Pings are answered by the library.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(CloseCode::Status, |frame| frame.code);
                    return Heard::Closed(Some(code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// Keeps the connection alive on a quiet socket.
    pub async fn pong(&mut self) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::Pong(Bytes::new())).await?)
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        // The server may be gone already.
        let _ = self.stream.close(None).await;
    }
}
