//! Who is let in to a chat socket.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::ws::{Message, WebSocket},
    http::HeaderMap,
};
use kuzushi_domain::{Id, id};
use kuzushi_store::StoreError;
use tokio::time::{Instant, timeout_at};

use super::{
    close_codes::CloseReason,
    connection::Connection,
    frames::{Auth, ClientFrame, ErrorCode, FrameError, ServerFrame},
    receive::{Party, Urgent},
    socket::{End, receive, send},
};
use crate::{
    auth::{ClientAddress, Patient, Visitor, origin, tokens::Claims},
    conversation::{SocketId, Subscription},
    error::ApiError,
    limits::ConnectionSlot,
    state::AppState,
};

/// How long a client may take to say who it is.
const AUTH_TIMEOUT: Duration = Duration::from_secs(10);

/// What a client brings along in its request.
pub struct Knock {
    session: Option<String>,
    /// None: the first frame brings it.
    token: Option<String>,
    origin: Option<String>,
    pub address: Option<ClientAddress>,
}

impl Knock {
    /// What a request to open a socket brings.
    pub fn of_request(
        mut query: HashMap<String, String>,
        headers: &HeaderMap,
        address: Option<ClientAddress>,
    ) -> Box<Self> {
        Box::new(Self {
            session: query.remove("sessionId"),
            token: query.remove("token"),
            origin: origin::of_request(headers),
            address,
        })
    }
}

/// Finds out who is there, and whether they may come in to a chat.
pub async fn admit(
    state: &AppState,
    socket: &mut WebSocket,
    knock: Box<Knock>,
    slot: &mut ConnectionSlot,
) -> Result<Box<Connection>, End> {
    let (party, subscription) = admit_party(state, socket, knock, slot).await?;
    Ok(Box::new(Connection::new(party, subscription)))
}

/// Finds out who is there, and whether they may come in, whatever for.
pub async fn admit_party(
    state: &AppState,
    socket: &mut WebSocket,
    knock: Box<Knock>,
    slot: &mut ConnectionSlot,
) -> Result<(Party, Subscription), End> {
    let Knock { session, token, origin, address } = *knock;
    let (session, token) = match token {
        Some(token) => (session, token),
        None => {
            let auth = first_frame(socket).await?;
            if session.is_some_and(|session| session != auth.session_id) {
                return Err(CloseReason::InvalidSession.into());
            }
            (Some(auth.session_id), auth.token)
        }
    };
    let session: Id<id::Session> =
        session.and_then(|session| session.parse().ok()).ok_or(CloseReason::InvalidSession)?;
    let claims = state.tokens.verify(&token, state.clock.now()).map_err(|_| CloseReason::InvalidToken)?;
    // Listening begins before the session is read, so that nothing stored in between is missed.
    let conversation = state.conversations.enter(session);
    let id = SocketId::next();
    let subscription = conversation.subscribe(id);
    let login = match &claims {
        Claims::User(claims) => Some(claims.login),
        Claims::Session(_) | Claims::Staff(_) => None,
    };
    if let Some(login) = login {
        conversation.let_in_by(id, login);
    }
    let visitor = visitor(state, session, claims).await?;
    let app = state.directory.app(&visitor.scope, visitor.session.app).await.map_err(|error| closing(&error))?;
    if origin.is_some_and(|origin| !origin::is_allowed(state, &app, &origin)) {
        return Err(CloseReason::OriginNotAllowed.into());
    }
    if visitor.session.ended_at.is_some() {
        return Err(CloseReason::SessionEnded.into());
    }
    if !state.connections.admit(slot, session, app.id) {
        return Err(CloseReason::TooMany.into());
    }
    conversation.come_in_with(id, visitor.session.last_seq);
    let config = state.configs.version(&visitor.scope, app.id, visitor.session.config_version).await;
    let config = config.map_err(|error| closing(&error))?;
    let urgent = Urgent::default();
    let party = Party { state: state.clone(), visitor, login, conversation, socket: id, address, config, urgent };
    Ok((party, subscription))
}

async fn visitor(state: &AppState, session: Id<id::Session>, claims: Claims) -> Result<Visitor, CloseReason> {
    let claims = match claims {
        Claims::Session(claims) => claims,
        // What patients write is read over the administration, on record.
        Claims::Staff(_) => return Err(CloseReason::InvalidToken),
        Claims::User(claims) => {
            let patient = Patient::of_claims(state, claims).await.map_err(|error| match error {
                ApiError::InvalidToken | ApiError::TimedOut(_) => CloseReason::InvalidToken,
                _ => CloseReason::Internal,
            })?;
            let session = patient.session(session).await.map_err(|error| closing(&error))?;
            return Ok(Visitor { scope: patient.scope, session });
        }
    };
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

/// Why a socket closes when the store failed it.
pub fn closing(error: &StoreError) -> CloseReason {
    match error {
        StoreError::NotFound => CloseReason::InvalidSession,
        _ => {
            tracing::warn!(error = %error, "a socket has to close");
            CloseReason::Internal
        }
    }
}

/// Waits for the `auth` frame.
async fn first_frame(socket: &mut WebSocket) -> Result<Auth, End> {
    let deadline = Instant::now() + AUTH_TIMEOUT;
    loop {
        let message = timeout_at(deadline, receive(socket)).await.map_err(|_| CloseReason::InvalidToken)??;
        let error = match message {
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => continue,
            Message::Binary(_) => FrameError::binary(),
            Message::Text(text) => match ClientFrame::parse(&text) {
                Ok(ClientFrame::Auth(auth)) => return Ok(auth),
                Ok(_) => FrameError::new(ErrorCode::NotAllowed, "the first frame must be auth"),
                Err(error) => error,
            },
        };
        // The error says what was wrong; then the door closes, since who is there is still not known.
        send(socket, ServerFrame::refusal(error).bytes()).await?;
        return Err(CloseReason::InvalidToken.into());
    }
}
