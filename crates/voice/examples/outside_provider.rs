//! A provider of calls to begin with: it speaks the frames of the voice socket, and says back what it hears, a second later.
//!
//! `cargo run --package kuzushi-voice --example outside_provider`, and `VOICE_PROVIDER_URL=ws://127.0.0.1:9002` for the server. It
//! wants no models. A real one puts its own listening and speaking in the place of `Echo`.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a tool that cannot start says so and ends")]

use std::{collections::VecDeque, net::Ipv4Addr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use kuzushi_voice::{
    NetworkPlace, Peer, PeerError, PeerEvent,
    audio::{HEARD_RATE, PACKET_MS, PACKET_SAMPLES, SPOKEN_RATE, resample},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::interval,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

const ADDRESS: &str = "127.0.0.1:9002";
/// How much is heard before it is said back.
const DELAY: usize = HEARD_RATE;

/// What was heard and not said yet.
#[derive(Default)]
struct Echo {
    heard: Vec<f32>,
    to_say: VecDeque<f32>,
}

impl Echo {
    fn hear(&mut self, samples: &[f32]) {
        self.heard.extend_from_slice(samples);
        if self.heard.len() >= DELAY {
            let heard = std::mem::take(&mut self.heard);
            self.to_say.extend(resample(&heard, HEARD_RATE, SPOKEN_RATE));
        }
    }

    fn say(&mut self) -> [f32; PACKET_SAMPLES] {
        std::array::from_fn(|_| self.to_say.pop_front().unwrap_or_default())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind(ADDRESS).await.expect("the port is free");
    println!("taking calls at ws://{ADDRESS}");
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(socket) = accept_async(stream).await
                && let Err(error) = serve(socket).await
            {
                println!("a call ended: {error}");
            }
        });
    }
}

async fn serve(mut socket: WebSocketStream<TcpStream>) -> Result<(), PeerError> {
    let here = Ipv4Addr::LOCALHOST.into();
    let mut peer = Peer::open(&NetworkPlace { bind: here, public: here, ports: None }).await?;
    let mut packets = interval(Duration::from_millis(PACKET_MS as u64));
    let mut echo = Echo::default();
    let (mut has_offer, mut is_connected) = (false, false);
    loop {
        tokio::select! {
            message = socket.next() => {
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    // Pings are answered by the library.
                    Some(Ok(_)) => continue,
                };
                let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                match frame["type"].as_str() {
                    Some("offer") => {
                        let sdp = peer.accept(frame["sdp"]["sdp"].as_str().unwrap_or_default())?;
                        has_offer = true;
                        send(&mut socket, json!({"type": "answer", "sdp": {"type": "answer", "sdp": sdp}})).await;
                    }
                    Some("ice-candidate") => {
                        peer.add_candidate(frame["candidate"]["candidate"].as_str().unwrap_or_default())?;
                    }
                    Some("end") => return Ok(()),
                    _ => {}
                }
            }
            event = peer.next(), if has_offer => match event? {
                PeerEvent::Connected => {
                    is_connected = true;
                    send(&mut socket, json!({"type": "state", "state": "listening"})).await;
                }
                PeerEvent::Sound(samples) => echo.hear(&samples),
                PeerEvent::Gone => return Ok(()),
                PeerEvent::Away | PeerEvent::Back => {}
            },
            _ = packets.tick(), if is_connected => peer.say(&echo.say())?,
        }
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: Value) {
    // Whoever called may have hung up, which the next read tells.
    let _ = socket.send(Message::text(frame.to_string())).await;
}
