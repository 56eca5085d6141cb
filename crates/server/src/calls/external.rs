//! An outside provider: a WebSocket that speaks the frames of the voice socket. What either side says is passed on as it is.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use kuzushi_domain::CallOutcome;
use tokio::{
    net::TcpStream,
    time::{Instant, interval, sleep_until, timeout_at},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Message, Utf8Bytes, client::IntoClientRequest, protocol::WebSocketConfig},
};

use super::{
    frames::{TRANSCRIPT_LIMIT, VoiceClientFrame, VoiceServerFrame},
    provider::{ProviderCall, ServedCall, VoiceProvider},
    transcripts::Transcripts,
};
use crate::chat::{
    frames::FRAME_LIMIT,
    limits::{Allowance, FrameLimit},
};

/// How long a provider may take from being called to its answer. A patient is told within three seconds that nothing comes of it.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(2_500);
/// How often a provider is asked whether it is there, and how long it may say nothing before it counts as gone.
const PING_INTERVAL: Duration = Duration::from_millis(800);
const SILENCE: Duration = Duration::from_millis(2_500);
/// How long a provider may take to hang up.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// Frames that make no sense after which a provider counts as broken.
const MOST_SENSELESS: u32 = 20;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub struct ExternalVoice {
    url: String,
}

impl ExternalVoice {
    pub fn new(url: String) -> Self {
        Self { url }
    }
}

impl VoiceProvider for ExternalVoice {
    fn name(&self) -> &'static str {
        "external"
    }

    fn serve(&self, call: ProviderCall) -> BoxFuture<'static, ServedCall> {
        let url = self.url.clone();
        Box::pin(async move { serve(&url, call).await.into() })
    }
}

async fn serve(url: &str, call: ProviderCall) -> CallOutcome {
    let answer_by = Instant::now() + ANSWER_TIMEOUT;
    let id = call.id;
    let socket = match timeout_at(answer_by, open(url)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => {
            tracing::warn!(call = %id, error, "the voice provider cannot be reached");
            return failed(&call).await;
        }
        Err(_) => {
            tracing::warn!(call = %id, "the voice provider does not take the call");
            return failed(&call).await;
        }
    };
    let mut relay = Relay {
        transcripts: Transcripts::new(id, Arc::clone(&call.party)),
        call,
        socket,
        answer_by: Some(answer_by),
        frames: FrameLimit::default(),
        senseless: 0,
    };
    match relay.run().await {
        Ok(outcome) => outcome,
        Err(reason) => {
            tracing::warn!(call = %id, reason, "the voice provider failed");
            failed(&relay.call).await
        }
    }
}

/// Tells the patient.
async fn failed(call: &ProviderCall) -> CallOutcome {
    let message = "the call was cut off; please try again, or type your question";
    let _ = call.to_client.send(VoiceServerFrame::error("PROVIDER_FAILED", message).bytes()).await;
    CallOutcome::ProviderFailed
}

/// Opens a WebSocket, over TLS where its address asks for it, and takes frames up to the size that a frame may have.
pub async fn open(request: impl IntoClientRequest + Unpin) -> Result<Socket, String> {
    let limits = WebSocketConfig::default().max_message_size(Some(FRAME_LIMIT)).max_frame_size(Some(FRAME_LIMIT));
    let connector = Connector::Rustls(crate::edge::client_tls().map_err(|error| error.to_string())?);
    let opened = connect_async_tls_with_config(request, Some(limits), true, Some(connector)).await;
    // What it says may name the address, and with it a key.
    opened.map(|(socket, _)| socket).map_err(|error| described(&error).to_owned())
}

fn described(error: &tokio_tungstenite::tungstenite::Error) -> &'static str {
    use tokio_tungstenite::tungstenite::Error;
    match error {
        Error::Io(_) => "no connection",
        Error::Tls(_) => "TLS failed",
        Error::Http(_) => "it takes no WebSocket, or not from here",
        Error::Capacity(_) => "it sends frames that are too large",
        Error::Protocol(_) | Error::Utf8(_) => "it breaks the WebSocket protocol",
        _ => "the connection broke",
    }
}

struct Relay {
    call: ProviderCall,
    socket: Socket,
    /// Until when an answer is awaited.
    answer_by: Option<Instant>,
    frames: FrameLimit,
    senseless: u32,
    transcripts: Transcripts,
}

impl Relay {
    async fn run(&mut self) -> Result<CallOutcome, &'static str> {
        let mut pings = interval(PING_INTERVAL);
        let mut last_heard = Instant::now();
        loop {
            let deadline = self.answer_by.unwrap_or(last_heard + SILENCE).min(last_heard + SILENCE);
            tokio::select! {
                () = self.call.hang_up.cancelled() => return Ok(self.hang_up().await),
                frame = self.call.from_client.recv() => match frame {
                    None | Some(VoiceClientFrame::End) => return Ok(self.hang_up().await),
                    Some(frame) => self.send(&frame).await?,
                },
                message = self.socket.next() => {
                    last_heard = Instant::now();
                    match message {
                        None | Some(Ok(Message::Close(_))) => return Err("it closed the connection"),
                        Some(Err(error)) => return Err(described(&error)),
                        Some(Ok(Message::Text(text))) => {
                            if let Some(outcome) = self.receive(&text).await? {
                                return Ok(outcome);
                            }
                        }
                        Some(Ok(Message::Binary(_))) => self.note_senseless()?,
                        Some(Ok(_)) => {}
                    }
                }
                _ = pings.tick() => {
                    let ping = self.socket.send(Message::Ping(bytes::Bytes::new()));
                    timeout_at(last_heard + SILENCE, ping).await.map_err(|_| "it takes nothing")?.map_err(|_| "the connection broke")?;
                }
                () = sleep_until(deadline) => {
                    return Err(if self.answer_by.is_some() { "it gives no answer" } else { "it is not there any more" });
                }
            }
        }
    }

    async fn send(&mut self, frame: &VoiceClientFrame) -> Result<(), &'static str> {
        let text = Utf8Bytes::try_from(frame.bytes()).unwrap_or_default();
        let sent = tokio::time::timeout(SILENCE, self.socket.send(Message::Text(text))).await;
        sent.map_err(|_| "it takes nothing")?.map_err(|_| "the connection broke")
    }

    /// Passes on a frame of the provider, unless it makes no sense. Returns how the call ends, where it says so.
    async fn receive(&mut self, text: &str) -> Result<Option<CallOutcome>, &'static str> {
        if self.frames.take() != Allowance::Granted {
            return Err("it sends more than anybody could hear");
        }
        let Ok(frame) = serde_json::from_str::<VoiceServerFrame>(text) else {
            self.note_senseless()?;
            return Ok(None);
        };
        match &frame {
            // The call has a name of ours.
            VoiceServerFrame::Call { .. } => return Ok(None),
            VoiceServerFrame::Ended { .. } => return Ok(Some(CallOutcome::ProviderHungUp)),
            VoiceServerFrame::Transcript { text, .. } if text.chars().count() > TRANSCRIPT_LIMIT => {
                self.note_senseless()?;
                return Ok(None);
            }
            VoiceServerFrame::Answer { .. } => self.answer_by = None,
            _ => {}
        }
        // As it came, with whatever it holds besides.
        let bytes = bytes::Bytes::copy_from_slice(text.as_bytes());
        if self.call.to_client.send(bytes).await.is_err() {
            return Ok(Some(CallOutcome::HungUp));
        }
        if let VoiceServerFrame::Transcript { role, text, is_final: true } = &frame {
            self.transcripts.take_in(*role, text).await;
        }
        Ok(None)
    }

    fn note_senseless(&mut self) -> Result<(), &'static str> {
        self.senseless += 1;
        if self.senseless > MOST_SENSELESS { Err("it sends what makes no sense") } else { Ok(()) }
    }

    async fn hang_up(&mut self) -> CallOutcome {
        let goodbye = async {
            if self.send(&VoiceClientFrame::End).await.is_ok() {
                let _ = self.socket.close(None).await;
            }
        };
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await;
        CallOutcome::HungUp
    }
}
