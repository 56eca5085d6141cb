//! A chat socket from its upgrade to its end.

use std::{collections::HashMap, future::Future, time::Duration};

use axum::{
    extract::{
        Query, State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kuzushi_domain::{Id, id};
use kuzushi_store::{PageRequest, StoreError};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};

use super::{
    close_codes::CloseReason,
    frames::{ClientFrame, ErrorCode, FRAME_LIMIT, FrameError, ServerFrame},
    limits::{Allowance, ConnectionSlot, FrameLimit},
    receive::{Party, Reaction},
    seen::Seen,
};
use crate::{
    auth::{Visitor, origin, tokens::SessionClaims},
    conversation::{Delivery, SocketId, Subscription},
    error::ApiError,
    state::AppState,
};

/// How long a client may take to say who it is.
const AUTH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to drain what was written to it before it counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a peer may take to hang up after it was told to.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// Above this the connection is cut: a frame that is merely too large gets an error, and the socket stays.
const HARD_FRAME_LIMIT: usize = 16 * FRAME_LIMIT;
/// Buffers of an idle socket. The library's default of 128 KiB a socket is most of what it costs.
const BUFFER: usize = 4 * 1024;
/// Messages read from the store at a time when a client is brought up to date.
const REPLAY_PAGE: u64 = 100;

/// `GET /ws/chat`. Refusals come as close codes after the upgrade, because a page cannot read an HTTP status here.
pub async fn chat(
    State(state): State<AppState>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return ApiError::UpgradeRequired.into_response();
    };
    let origin = origin::of_request(&headers);
    let sockets = state.sockets.clone();
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(HARD_FRAME_LIMIT)
        .max_frame_size(HARD_FRAME_LIMIT)
        .on_upgrade(move |socket| sockets.track_future(serve(state, socket, query, origin)))
}

async fn serve(state: AppState, mut socket: WebSocket, mut query: HashMap<String, String>, origin: Option<String>) {
    let outcome = match state.connections.take() {
        None => Err(CloseReason::TooMany),
        Some(slot) => {
            let admitted = admit(&state, &mut socket, query.remove("sessionId"), query.remove("token"), origin).await;
            match admitted {
                Ok(Some((party, subscription))) => Connection::new(party, subscription, slot).run(&mut socket).await,
                Ok(None) => Ok(()),
                Err(reason) => Err(reason),
            }
        }
    };
    if let Err(reason) = outcome {
        say_goodbye(&mut socket, reason).await;
    }
}

/// Closes the socket and waits a moment for the peer to do the same. Hanging up with unread frames in the buffer
/// would reset the connection, and the peer might never see the reason.
async fn say_goodbye(socket: &mut WebSocket, reason: CloseReason) {
    let goodbye = async {
        // The peer may be gone already; there is nobody left to tell then.
        if socket.send(Message::Close(Some(reason.into()))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(GOODBYE_TIMEOUT, goodbye).await;
}

/// Finds out who is there. `Ok(None)`: they left before saying.
async fn admit(
    state: &AppState,
    socket: &mut WebSocket,
    session: Option<String>,
    token: Option<String>,
    origin: Option<String>,
) -> Result<Option<(Party, Subscription)>, CloseReason> {
    let (session, token) = match token {
        Some(token) => (session, token),
        None => match first_frame(socket).await? {
            None => return Ok(None),
            Some(auth) => {
                if session.as_ref().is_some_and(|session| *session != auth.session_id) {
                    return Err(CloseReason::InvalidSession);
                }
                (Some(auth.session_id), auth.token)
            }
        },
    };
    let session: Id<id::Session> =
        session.and_then(|session| session.parse().ok()).ok_or(CloseReason::InvalidSession)?;
    let claims = state.tokens.verify(&token, state.clock.now()).map_err(|_| CloseReason::InvalidToken)?;
    // Listening begins before the session is read, so that nothing stored in between is missed.
    let conversation = state.conversations.enter(session);
    let subscription = conversation.subscribe();
    let visitor = visitor(state, session, claims).await?;
    let app = visitor.scope.app(visitor.session.app).await.map_err(|error| closing(&error))?;
    if origin.is_some_and(|origin| !origin::is_allowed(state, &app, &origin)) {
        return Err(CloseReason::OriginNotAllowed);
    }
    if visitor.session.ended_at.is_some() {
        return Err(CloseReason::SessionEnded);
    }
    let config = visitor.scope.config_version(app.id, visitor.session.config_version).await;
    let may_write = config.map_err(|error| closing(&error))?.config.features.text_chat;
    let party = Party { state: state.clone(), visitor, conversation, socket: SocketId::next(), may_write };
    Ok(Some((party, subscription)))
}

async fn visitor(state: &AppState, session: Id<id::Session>, claims: SessionClaims) -> Result<Visitor, CloseReason> {
    if claims.session != session {
        // A good token at the wrong door: tell apart a door that is not there.
        let scope = state.store.tenant(claims.tenant).await.map_err(|error| closing(&error))?;
        return match scope.session(session).await {
            Ok(_) => Err(CloseReason::InvalidToken),
            Err(error) => Err(closing(&error)),
        };
    }
    Visitor::of_claims(state, claims).await.map_err(|error| match error {
        ApiError::InvalidToken => CloseReason::InvalidSession,
        _ => CloseReason::Internal,
    })
}

fn closing(error: &StoreError) -> CloseReason {
    match error {
        StoreError::NotFound => CloseReason::InvalidSession,
        _ => {
            tracing::warn!(error = %error, "a socket could not be let in");
            CloseReason::Internal
        }
    }
}

/// Waits for the `auth` frame. None: the client left.
async fn first_frame(socket: &mut WebSocket) -> Result<Option<super::frames::Auth>, CloseReason> {
    let deadline = Instant::now() + AUTH_TIMEOUT;
    loop {
        let message = timeout_at(deadline, socket.recv()).await.map_err(|_| CloseReason::InvalidToken)?;
        let error = match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => return Ok(None),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Binary(_))) => binary_frame(),
            Some(Ok(Message::Text(text))) => match ClientFrame::parse(&text) {
                Ok(ClientFrame::Auth(auth)) => return Ok(Some(auth)),
                Ok(_) => FrameError::new(ErrorCode::NotAllowed, "the first frame must be auth"),
                Err(error) => error,
            },
        };
        // The error says what was wrong; then the door closes, since who is there is still not known.
        let _ = timeout_at(deadline, send(socket, ServerFrame::refusal(error).bytes())).await;
        return Err(CloseReason::InvalidToken);
    }
}

fn binary_frame() -> FrameError {
    FrameError::new(ErrorCode::BadFrame, "frames are text; this one was binary")
}

/// A socket that is in.
struct Connection {
    party: Party,
    subscription: Subscription,
    frames: FrameLimit,
    /// The stored events this client has.
    seen: Seen,
    /// An answer the client already has whole, so that late pieces of it are left out.
    complete_answer: Option<String>,
    _slot: ConnectionSlot,
}

impl Connection {
    fn new(party: Party, subscription: Subscription, slot: ConnectionSlot) -> Self {
        let seen = Seen::through(party.visitor.session.last_seq);
        Self { party, subscription, frames: FrameLimit::default(), seen, complete_answer: None, _slot: slot }
    }

    /// Until the client leaves (`Ok`) or has to go.
    async fn run(mut self, socket: &mut WebSocket) -> Result<(), CloseReason> {
        let beat = Duration::from_millis(self.party.state.config.limits.ws_heartbeat_interval);
        let mut heartbeat = interval(beat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let mut last_heard = Instant::now();
        let stopping = self.party.state.stopping.clone();
        if self.acknowledge(socket).await.is_err() {
            return Ok(());
        }
        loop {
            let gone = tokio::select! {
                message = socket.recv() => {
                    last_heard = Instant::now();
                    match message {
                        None | Some(Err(_) | Ok(Message::Close(_))) => return Ok(()),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => false,
                        Some(Ok(Message::Binary(_))) => self.refuse(socket, binary_frame()).await?,
                        Some(Ok(Message::Text(text))) => self.receive(socket, &text).await?,
                    }
                }
                delivery = self.subscription.deliveries.recv() => match delivery {
                    Ok(Delivery::Ended) => return Err(CloseReason::SessionEnded),
                    Ok(delivery) => self.forward(socket, delivery).await.is_err(),
                    // Too slow to keep up: what was missed is in the store, as for any client that comes back.
                    Err(RecvError::Lagged(_)) => self.bring_up_to_date(socket, self.seen.without_gap()).await?,
                    Err(RecvError::Closed) => return Err(CloseReason::Internal),
                },
                _ = heartbeat.tick() => {
                    if last_heard.elapsed() > beat * 2 {
                        return Ok(());
                    }
                    send_message(socket, Message::Ping(Bytes::new())).await.is_err()
                }
                () = stopping.cancelled() => return Err(CloseReason::Restarting),
            };
            if gone {
                return Ok(());
            }
        }
    }

    /// Acts on a frame. `Ok(true)`: the client is gone.
    async fn receive(&mut self, socket: &mut WebSocket, text: &Utf8Bytes) -> Result<bool, CloseReason> {
        match self.frames.take() {
            Allowance::Granted => {}
            Allowance::Refused => {
                return self
                    .refuse(socket, FrameError::new(ErrorCode::RateLimited, "too many frames; slow down"))
                    .await;
            }
            Allowance::Abused => return Err(CloseReason::ProtocolAbuse),
        }
        match self.party.receive(text).await {
            Reaction::Nothing => Ok(false),
            Reaction::Reply(frame) => {
                if let ServerFrame::Ack { seq, .. } = frame {
                    self.seen.add(seq);
                }
                Ok(send(socket, frame.bytes()).await.is_err())
            }
            Reaction::Replay { last_seq } => {
                self.reload_session().await?;
                if self.acknowledge(socket).await.is_err() {
                    return Ok(true);
                }
                self.bring_up_to_date(socket, i64::try_from(last_seq).unwrap_or(i64::MAX)).await
            }
            Reaction::Close(reason) => Err(reason),
        }
    }

    async fn reload_session(&mut self) -> Result<(), CloseReason> {
        let session = self.party.visitor.scope.session(self.party.visitor.session.id).await;
        self.party.visitor.session = session.map_err(|error| closing(&error))?;
        if self.party.visitor.session.ended_at.is_some() { Err(CloseReason::SessionEnded) } else { Ok(()) }
    }

    async fn refuse(&self, socket: &mut WebSocket, error: FrameError) -> Result<bool, CloseReason> {
        Ok(send(socket, ServerFrame::refusal(error).bytes()).await.is_err())
    }

    async fn acknowledge(&self, socket: &mut WebSocket) -> Result<(), Gone> {
        let session = &self.party.visitor.session;
        let frame = ServerFrame::SessionAck { session_id: session.id.to_string(), last_seq: session.last_seq };
        send(socket, frame.bytes()).await
    }

    /// Sends what was stored after `last_seq`, then the running answer so far; from there on deliveries follow.
    async fn bring_up_to_date(&mut self, socket: &mut WebSocket, last_seq: i64) -> Result<bool, CloseReason> {
        // First listen, then read: what comes in between is delivered twice at most, and `seen` drops the second.
        self.subscription = self.party.conversation.subscribe();
        let running = self.subscription.answer.take();
        self.reload_session().await?;
        // Nobody has seen more than there is.
        let mut after = last_seq.min(self.party.visitor.session.last_seq);
        self.seen = Seen::through(after);
        loop {
            let page = PageRequest { before: None, after: Some(after), limit: REPLAY_PAGE };
            let page = self.party.visitor.scope.messages(&self.party.visitor.session, page).await;
            let page = page.map_err(|error| closing(&error))?;
            for message in &page.messages {
                if running.as_ref().is_some_and(|(answer, _)| **answer == *message.message_id) {
                    self.complete_answer = Some(message.message_id.clone());
                }
                if send(socket, ServerFrame::message(message).bytes()).await.is_err() {
                    return Ok(true);
                }
                after = message.seq;
                self.seen.add(after);
            }
            if !page.has_newer {
                break;
            }
        }
        if let Some((answer, frames)) = running
            && self.complete_answer.as_deref() != Some(&*answer)
        {
            for frame in frames {
                if send(socket, frame).await.is_err() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn forward(&mut self, socket: &mut WebSocket, delivery: Delivery) -> Result<(), Gone> {
        let own = Some(self.party.socket);
        match delivery {
            Delivery::Stored { seq, frame, except } => {
                if !self.seen.add(seq) || except == own {
                    return Ok(());
                }
                send(socket, frame).await
            }
            Delivery::Token { answer_id, frame } => {
                if self.complete_answer.as_deref() == Some(&*answer_id) {
                    return Ok(());
                }
                send(socket, frame).await
            }
            Delivery::Passing { frame, except } if except != own => send(socket, frame).await,
            Delivery::Passing { .. } | Delivery::Ended => Ok(()),
        }
    }
}

/// The peer cannot be written to any more.
struct Gone;

fn send(socket: &mut WebSocket, frame: Bytes) -> impl Future<Output = Result<(), Gone>> {
    // Frames are made by serde_json, so they are UTF-8.
    let text = Utf8Bytes::try_from(frame).unwrap_or_default();
    send_message(socket, Message::Text(text))
}

async fn send_message(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
