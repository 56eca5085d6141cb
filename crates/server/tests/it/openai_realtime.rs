//! OpenAI Realtime as a test has it: it takes calls over HTTP, tells over a WebSocket what happens in them, and refuses what the
//! real one refuses. The names and shapes are those of <https://platform.openai.com/docs/api-reference/realtime>.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

pub const KEY: &str = "sk-test-realtime";
/// What it answers an offer with.
pub const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running fake. It takes one call at a time.
pub struct FakeRealtime {
    pub base_url: String,
    shared: Arc<Shared>,
    told: tokio::sync::Mutex<mpsc::UnboundedReceiver<Told>>,
}

/// What it got.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// A call was begun with this session.
    Call {
        sdp: String,
        session: Value,
    },
    /// An event that it took.
    Event(Value),
    HungUp(String),
    /// Whoever listened has gone.
    Left,
}

struct Shared {
    tell: mpsc::UnboundedSender<Told>,
    /// Calls that were begun and not hung up.
    calls: Mutex<Vec<String>>,
    to_socket: Mutex<Option<mpsc::UnboundedSender<Say>>>,
    number: AtomicU64,
    refuses_to_be_listened_to: bool,
}

/// What a test has it do.
enum Say {
    Event(Value),
    /// Ends the connection, as after an hour.
    Close,
}

impl FakeRealtime {
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    /// One that takes calls and lets nobody listen to them.
    pub async fn start_unheard() -> Self {
        Self::start_with(true).await
    }

    async fn start_with(refuses_to_be_listened_to: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            tell,
            calls: Mutex::default(),
            to_socket: Mutex::default(),
            number: AtomicU64::new(1),
            refuses_to_be_listened_to,
        });
        let routes = Router::new()
            .route("/v1/realtime/calls", post(begin))
            .route("/v1/realtime/calls/{call}/hangup", post(hang_up))
            .route("/v1/realtime", get(listen))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, routes).await.expect("serving") });
        Self { base_url, shared, told: tokio::sync::Mutex::new(told) }
    }

    /// Tells this event to whoever listens, with a number of its own as all events have.
    pub fn say(&self, event: Value) {
        self.send(Say::Event(event));
    }

    pub fn close(&self) {
        self.send(Say::Close);
    }

    fn send(&self, what: Say) {
        let socket = self.shared.to_socket.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(socket.as_ref().expect("somebody listens").send(what).is_ok(), "they still listen");
    }

    /// What it gets next.
    pub async fn told(&self) -> Told {
        timeout(PATIENCE, self.told.lock().await.recv()).await.expect("something in time").expect("it runs")
    }

    /// The next event that it takes.
    pub async fn event(&self) -> Value {
        match self.told().await {
            Told::Event(event) => event,
            other => panic!("an event, not {other:?}"),
        }
    }

    /// How many calls go on.
    pub fn calls(&self) -> usize {
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn knows(headers: &HeaderMap) -> bool {
    headers.get(header::AUTHORIZATION).is_some_and(|value| value == format!("Bearer {KEY}").as_str())
}

/// `POST /v1/realtime/calls`: an offer and a session as parts of a form.
async fn begin(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if !knows(&headers) {
        return (StatusCode::UNAUTHORIZED, problem("invalid_api_key")).into_response();
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        return (StatusCode::BAD_REQUEST, problem("unsupported_content_type")).into_response();
    };
    let body = String::from_utf8_lossy(&body);
    let (Some(sdp), Some(session)) =
        (part(&body, boundary, "sdp", "application/sdp"), part(&body, boundary, "session", "application/json"))
    else {
        return (StatusCode::BAD_REQUEST, problem("missing_required_parameter")).into_response();
    };
    let session: Value = serde_json::from_str(&session).unwrap_or_default();
    let is_known = session["type"] == "realtime"
        && session["model"].is_string()
        && session["audio"]["output"]["voice"].is_string();
    if !is_known {
        return (StatusCode::BAD_REQUEST, problem("invalid_value")).into_response();
    }
    let call = format!("rtc_{}", shared.number.fetch_add(1, Ordering::Relaxed));
    shared.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
    let _ = shared.tell.send(Told::Call { sdp, session });
    let headers =
        [(header::LOCATION, format!("/v1/realtime/calls/{call}")), (header::CONTENT_TYPE, "application/sdp".into())];
    (StatusCode::CREATED, headers, ANSWER).into_response()
}

/// The content of a part, which has to be of this kind.
fn part(body: &str, boundary: &str, name: &str, kind: &str) -> Option<String> {
    let part = body.split(&format!("--{boundary}")).find(|part| part.contains(&format!("name=\"{name}\"")))?;
    let (head, content) = part.split_once("\r\n\r\n")?;
    let is_of_kind = head.to_lowercase().contains(&format!("content-type: {kind}"));
    is_of_kind.then(|| content.strip_suffix("\r\n").unwrap_or(content).to_owned())
}

fn problem(code: &str) -> axum::Json<Value> {
    axum::Json(json!({"error": {"type": "invalid_request_error", "code": code, "message": code, "param": null}}))
}

/// `POST /v1/realtime/calls/{call}/hangup`.
async fn hang_up(State(shared): State<Arc<Shared>>, Path(call): Path<String>, headers: HeaderMap) -> StatusCode {
    if !knows(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    let mut calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(at) = calls.iter().position(|known| *known == call) else { return StatusCode::NOT_FOUND };
    calls.remove(at);
    let _ = shared.tell.send(Told::HungUp(call));
    StatusCode::OK
}

#[derive(Deserialize)]
struct Listening {
    call_id: String,
}

/// `GET /v1/realtime?call_id=…`: what happens in a call, and what is to be done in it.
async fn listen(
    State(shared): State<Arc<Shared>>,
    Query(Listening { call_id }): Query<Listening>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let goes_on = shared.calls.lock().unwrap_or_else(PoisonError::into_inner).contains(&call_id);
    if !goes_on || shared.refuses_to_be_listened_to {
        return StatusCode::NOT_FOUND.into_response();
    }
    upgrade.on_upgrade(move |socket| serve(shared, socket))
}

async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
    let (say, mut to_say) = mpsc::unbounded_channel();
    *shared.to_socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(say);
    let mut call = Call { shared: Arc::clone(&shared), is_responding: false };
    call.send(
        &mut socket,
        json!({"type": "session.created", "session": {"type": "realtime", "object": "realtime.session"}}),
    )
    .await;
    loop {
        tokio::select! {
            Some(say) = to_say.recv() => match say {
                Say::Event(event) => call.send(&mut socket, event).await,
                Say::Close => return drop(socket.send(Message::Close(None)).await),
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => call.take(&mut socket, &text).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    let _ = shared.tell.send(Told::Left);
                    return;
                }
                Some(Ok(_)) => {}
            },
        }
    }
}

/// As much of a call as decides what may be asked for.
struct Call {
    shared: Arc<Shared>,
    is_responding: bool,
}

impl Call {
    async fn send(&mut self, socket: &mut WebSocket, mut event: Value) {
        match event["type"].as_str() {
            Some("response.created") => self.is_responding = true,
            Some("response.done") => self.is_responding = false,
            _ => {}
        }
        let number = self.shared.number.fetch_add(1, Ordering::Relaxed);
        event["event_id"] = json!(format!("event_{number}"));
        let _ = socket.send(Message::text(event.to_string())).await;
    }

    async fn refuse(&mut self, socket: &mut WebSocket, code: &str, about: &str) {
        let message = format!("{about} cannot be taken");
        let error =
            json!({"type": "invalid_request_error", "code": code, "message": message, "param": null, "event_id": null});
        self.send(socket, json!({"type": "error", "error": error})).await;
    }

    async fn take(&mut self, socket: &mut WebSocket, text: &str) {
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            return self.refuse(socket, "invalid_json", "this").await;
        };
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "response.create" if self.is_responding => {
                return self.refuse(socket, "conversation_already_has_active_response", &kind).await;
            }
            "response.create" if !event["response"]["instructions"].is_string() => {
                return self.refuse(socket, "invalid_value", &kind).await;
            }
            "response.create" => {
                let _ = self.shared.tell.send(Told::Event(event));
                return self
                    .send(socket, json!({"type": "response.created", "response": {"status": "in_progress"}}))
                    .await;
            }
            "response.cancel" if !self.is_responding => {
                return self.refuse(socket, "response_cancel_not_active", &kind).await;
            }
            "response.cancel" => {
                let _ = self.shared.tell.send(Told::Event(event));
                let response = json!({"status": "cancelled", "status_details": {"type": "cancelled", "reason": "client_cancelled"}});
                return self.send(socket, json!({"type": "response.done", "response": response})).await;
            }
            "output_audio_buffer.clear" => {
                let _ = self.shared.tell.send(Told::Event(event));
                return self.send(socket, json!({"type": "output_audio_buffer.cleared"})).await;
            }
            "session.update" | "conversation.item.create" | "conversation.item.truncate" => {
                let _ = self.shared.tell.send(Told::Event(event));
            }
            _ => return self.refuse(socket, "invalid_value", "this type").await,
        }
    }
}
