//! A voice socket from its upgrade to its end.

use std::{collections::HashMap, future::pending, pin::pin, sync::Arc, time::Duration};

use axum::{
    extract::{
        Query, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kuzushi_domain::CallOutcome;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{
    call::{RunningCall, Step},
    frames::{VoiceClientFrame, VoiceServerFrame},
    provider_for,
};
use crate::{
    auth::ClientAddress,
    chat::{
        admission::{Knock, admit_party, closing},
        close_codes::CloseReason,
        frames::{ErrorCode, FRAME_LIMIT, FrameError},
        limits::{Allowance, FrameLimit},
        receive::Party,
        socket::{End, measured, receive, say_goodbye, send, send_message},
    },
    conversation::{Delivery, Subscription},
    error::ApiError,
    state::AppState,
};

/// How long a client that is in may take to begin a call.
const OFFER_TIMEOUT: Duration = Duration::from_secs(30);
/// A socket's close code when its call is over, or none was to be had.
const OVER: u16 = 1000;

/// `GET /ws/voice`. Refusals come as close codes after the upgrade, because a page cannot read an HTTP status here.
pub async fn voice(
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
    // Session descriptions are longer than what is typed, and no longer than a frame may be.
    measured(upgrade, 2 * FRAME_LIMIT)
        .on_upgrade(move |socket| sockets.track_future(serve(state, Box::new(socket), knock)))
}

async fn serve(state: AppState, mut socket: Box<WebSocket>, knock: Box<Knock>) {
    let end = converse(&state, &mut socket, knock).await;
    say_goodbye(&mut socket, end).await;
}

async fn converse(state: &AppState, socket: &mut WebSocket, knock: Box<Knock>) -> End {
    let Some(mut slot) = state.connections.take(knock.address) else {
        return CloseReason::TooMany.into();
    };
    let (party, subscription) = match Box::pin(admit_party(state, socket, knock, &mut slot)).await {
        Ok(admitted) => admitted,
        Err(end) => return end,
    };
    let mut line = Line { party: Arc::new(party), subscription, frames: FrameLimit::default(), call: None };
    let end = match Box::pin(line.serve(socket)).await {
        Err(end) => end,
        Ok(never) => match never {},
    };
    // However the socket ends, the call ends with it.
    if let Some(call) = line.call.take() {
        let outcome = match &end {
            LineEnd::Call(outcome) => *outcome,
            LineEnd::Socket(End::Gone) => CallOutcome::Lost,
            LineEnd::Socket(_) => CallOutcome::HungUp,
        };
        call.hang_up(outcome).await;
    }
    match end {
        LineEnd::Socket(end) => end,
        LineEnd::Call(CallOutcome::SessionEnded) => CloseReason::SessionEnded.into(),
        LineEnd::Call(CallOutcome::Restarting) => {
            let retry_after_ms = state.connections.return_after_ms();
            CloseReason::Restarting { retry_after_ms }.into()
        }
        LineEnd::Call(_) => over(),
    }
}

fn over() -> End {
    End::Broken(CloseFrame { code: OVER, reason: "the call is over".into() })
}

/// Why a line is over.
enum LineEnd {
    Socket(End),
    Call(CallOutcome),
}

impl From<End> for LineEnd {
    fn from(end: End) -> Self {
        Self::Socket(end)
    }
}

impl From<CloseReason> for LineEnd {
    fn from(reason: CloseReason) -> Self {
        Self::Socket(reason.into())
    }
}

/// A socket that is in, and its call once there is one.
struct Line {
    party: Arc<Party>,
    subscription: Subscription,
    frames: FrameLimit,
    call: Option<RunningCall>,
}

impl Line {
    async fn serve(&mut self, socket: &mut WebSocket) -> Result<std::convert::Infallible, LineEnd> {
        let beat = Duration::from_millis(self.party.state.config.limits.ws_heartbeat_interval);
        let mut heartbeat = interval(beat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let mut last_heard = Instant::now();
        let stopping = self.party.state.stopping.clone();
        let mut stopping = pin!(stopping.cancelled());
        let offer_by = Instant::now() + OFFER_TIMEOUT;
        loop {
            let has_call = self.call.is_some();
            tokio::select! {
                message = receive(socket) => {
                    last_heard = Instant::now();
                    self.receive(socket, message?).await?;
                }
                step = step(&mut self.call) => match step {
                    Step::Frame(frame) => send(socket, frame).await?,
                    Step::Ended(outcome) => {
                        if let Some(call) = self.call.take() {
                            call.hang_up(outcome).await;
                        }
                        self.say_ended(socket, outcome).await?;
                        return Err(LineEnd::Call(outcome));
                    }
                },
                delivery = self.subscription.next() => if matches!(delivery, Delivery::Ended) {
                    return self.end(socket, CallOutcome::SessionEnded).await;
                },
                _ = heartbeat.tick() => {
                    if last_heard.elapsed() > beat * 2 {
                        return Err(End::Gone.into());
                    }
                    send_message(socket, Message::Ping(Bytes::new())).await?;
                }
                () = &mut stopping => return self.end(socket, CallOutcome::Restarting).await,
                () = sleep_until(offer_by), if !has_call => return Err(LineEnd::Call(CallOutcome::NotConnected)),
            }
        }
    }

    /// Ends the call, and says so.
    async fn end(&mut self, socket: &mut WebSocket, outcome: CallOutcome) -> Result<std::convert::Infallible, LineEnd> {
        if let Some(call) = self.call.take() {
            for frame in call.hang_up(outcome).await {
                send(socket, frame).await?;
            }
        }
        self.say_ended(socket, outcome).await?;
        Err(LineEnd::Call(outcome))
    }

    async fn say_ended(&self, socket: &mut WebSocket, outcome: CallOutcome) -> Result<(), LineEnd> {
        let frame = VoiceServerFrame::Ended { reason: outcome.as_str().to_owned() };
        Ok(send(socket, frame.bytes()).await?)
    }

    async fn receive(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), LineEnd> {
        let text = match message {
            Message::Pong(_) | Message::Close(_) => return Ok(()),
            message => match self.frames.take() {
                Allowance::Abused => return Err(CloseReason::ProtocolAbuse.into()),
                Allowance::Refused => {
                    let refusal = FrameError::new(ErrorCode::RateLimited, "too many frames; slow down");
                    return refuse(socket, &refusal).await;
                }
                Allowance::Granted => message,
            },
        };
        let frame = match &text {
            Message::Text(text) => VoiceClientFrame::parse(text),
            Message::Binary(_) => Err(FrameError::binary()),
            _ => return Ok(()),
        };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return refuse(socket, &error).await,
        };
        if frame.session_id().is_some_and(|session| session != self.party.visitor.session.id.to_string()) {
            let error = FrameError::new(ErrorCode::NotAllowed, "sessionId: is not this socket's session");
            return refuse(socket, &error).await;
        }
        if matches!(frame, VoiceClientFrame::End) {
            return self.end(socket, CallOutcome::HungUp).await.map(|never| match never {});
        }
        if let Some(call) = &self.call {
            return match call.pass_on(frame) {
                Ok(()) => Ok(()),
                Err(error) => refuse(socket, &error).await,
            };
        }
        if matches!(frame, VoiceClientFrame::Offer { .. }) {
            return self.begin(socket, frame).await;
        }
        let error = FrameError::new(ErrorCode::NotAllowed, "candidate: comes after the offer");
        refuse(socket, &error).await
    }

    /// Begins the call, where there may be one.
    async fn begin(&mut self, socket: &mut WebSocket, offer: VoiceClientFrame) -> Result<(), LineEnd> {
        let party = &self.party;
        let (state, visitor) = (&party.state, &party.visitor);
        let (session, config) = (&visitor.session, &party.config);
        let store = |error| LineEnd::from(closing(&error));
        let provider = match provider_for(state, &visitor.scope, config).await.map_err(store)? {
            Ok(provider) => provider,
            Err(unavailable) => {
                let message = format!("calls are not available here ({})", unavailable.code());
                let frame = VoiceServerFrame::error("VOICE_UNAVAILABLE", message);
                send(socket, frame.bytes()).await?;
                return Err(over().into());
            }
        };
        if config.features.identity_required && !party.is_identified().await.map_err(store)? {
            let error = FrameError::new(ErrorCode::NotAllowed, "this app talks with those only who have signed in");
            return refuse(socket, &error).await;
        }
        if state.rates.take_message(session.id, party.address, session.app).is_err() {
            let error = FrameError::new(ErrorCode::RateLimited, "too many calls; try again in a minute");
            return refuse(socket, &error).await;
        }
        let Ok(place) = state.calls.places.take(session.id, session.app) else {
            let message = "all lines are busy; try again in a few minutes";
            send(socket, VoiceServerFrame::error(ErrorCode::RateLimited.as_str(), message).bytes()).await?;
            return Err(CloseReason::TooMany.into());
        };
        let begun = visitor.scope.begin_call(session, provider.name(), state.clock.now()).await.map_err(store)?;
        let Some(record) = begun else { return Err(CloseReason::SessionEnded.into()) };
        place.is_for(record.id);
        let call = RunningCall::begin(Arc::clone(party), place, record.id, &*provider, offer);
        self.call = Some(call);
        let frame = VoiceServerFrame::Call { call_id: record.id.to_string() };
        Ok(send(socket, frame.bytes()).await?)
    }
}

async fn step(call: &mut Option<RunningCall>) -> Step {
    match call {
        Some(call) => call.next().await,
        None => pending().await,
    }
}

async fn refuse(socket: &mut WebSocket, error: &FrameError) -> Result<(), LineEnd> {
    Ok(send(socket, VoiceServerFrame::refusal(error).bytes()).await?)
}
