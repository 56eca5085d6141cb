//! A provider of calls that does as a test says: it takes WebSockets, and speaks the frames of the voice socket.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(20);

/// How it behaves once it has an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Answers, passes on candidates, and waits for what the test has it say.
    Well,
    /// Takes the connection and says nothing.
    Mute,
    /// Takes the connection, and not even the WebSocket.
    Deaf,
    /// Answers, and then sends frames as fast as it can.
    Flooding,
    /// Answers, and then sends what makes no sense.
    Senseless,
    /// Answers, and sends a frame that is larger than any may be.
    Oversized,
    /// Answers, and is gone without a word.
    Dying,
}

/// A running provider. It serves one call at a time.
pub struct VoiceProvider {
    pub url: String,
    heard: Mutex<mpsc::UnboundedReceiver<Value>>,
    to_say: mpsc::UnboundedSender<Value>,
}

impl VoiceProvider {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}/calls", listener.local_addr().expect("an address"));
        let (hear, heard) = mpsc::unbounded_channel();
        let (to_say, say) = mpsc::unbounded_channel();
        let say = Arc::new(Mutex::new(say));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner, hear.clone(), Arc::clone(&say)));
            }
        });
        Self { url, heard: Mutex::new(heard), to_say }
    }

    /// Has it say this to whoever is in the call.
    pub fn say(&self, frame: Value) {
        self.to_say.send(frame).expect("it runs");
    }

    /// The next frame that it got; `closed` where the connection ended.
    pub async fn heard(&self) -> Value {
        timeout(PATIENCE, self.heard.lock().await.recv()).await.expect("a frame in time").expect("it runs")
    }
}

async fn serve(
    stream: TcpStream,
    manner: Manner,
    hear: mpsc::UnboundedSender<Value>,
    say: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
) {
    if manner == Manner::Deaf {
        sleep(PATIENCE).await;
        return;
    }
    let mut socket = accept_async(stream).await.expect("an upgrade");
    let mut say = say.lock().await;
    loop {
        tokio::select! {
            Some(frame) = say.recv() => send(&mut socket, frame).await,
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    let is_offer = frame["type"] == "offer";
                    let _ = hear.send(frame);
                    if is_offer && manner != Manner::Mute {
                        send(&mut socket, json!({"type": "answer", "sdp": {"type": "answer", "sdp": "v=0 answer"}})).await;
                        if !behave(&mut socket, manner).await {
                            return;
                        }
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    let _ = hear.send(json!("closed"));
                    return;
                }
                Some(Ok(_)) => {}
            },
        }
    }
}

/// Whether it goes on after that.
async fn behave(socket: &mut WebSocketStream<TcpStream>, manner: Manner) -> bool {
    match manner {
        Manner::Flooding => {
            for _ in 0..100_000 {
                let frame = Message::text(json!({"type": "state", "state": "thinking"}).to_string());
                if socket.send(frame).await.is_err() {
                    return false;
                }
            }
            true
        }
        Manner::Senseless => {
            for text in std::iter::repeat_n(["hello", r#"{"type":"dance"}"#, "{", "[]"], 10).flatten() {
                if socket.send(Message::text(text)).await.is_err() {
                    return false;
                }
            }
            true
        }
        Manner::Oversized => {
            let text = json!({"type": "transcript", "role": "user", "text": "a".repeat(200_000), "final": true});
            socket.send(Message::text(text.to_string())).await.is_ok()
        }
        Manner::Dying => false,
        Manner::Well | Manner::Mute | Manner::Deaf => true,
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: Value) {
    // Whoever was called may have hung up.
    let _ = socket.send(Message::text(frame.to_string())).await;
}
