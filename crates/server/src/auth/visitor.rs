//! A visitor: whoever holds a session's token.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use kuzushi_domain::{Actor, Id, id};
use kuzushi_store::{Session, StoreError, TenantScope};

use super::{
    logins::{is_live, note_use_of},
    origin,
    tokens::{Claims, SessionClaims},
};
use crate::{conversation::open_tenant, error::ApiError, state::AppState};

/// The holder of a session's token, with the scope that token opens.
pub struct Visitor {
    pub scope: TenantScope,
    pub session: Session,
}

impl Visitor {
    /// Opens the session that a checked token names. A session that is gone makes the token worthless, and so does the end
    /// of the login that made the session a patient's.
    pub async fn of_claims(state: &AppState, claims: SessionClaims) -> Result<Self, ApiError> {
        let open = async {
            let scope = open_tenant(state, claims.tenant).await?.by(Actor::Session(claims.session));
            let session = scope.session(claims.session).await?;
            let is_open = is_open(state, &scope, &session).await?;
            Ok::<_, StoreError>(is_open.then_some(Self { scope, session }))
        };
        match open.await {
            Ok(Some(visitor)) => Ok(visitor),
            Ok(None) | Err(StoreError::NotFound) => Err(ApiError::InvalidToken),
            Err(error) => Err(error.into()),
        }
    }

    /// The visitor's own session, if that is the one asked for. Any other does not exist.
    pub fn own_session(&self, session: &str) -> Result<&Session, ApiError> {
        let asked: Id<id::Session> = session.parse().map_err(|_| ApiError::NotFound)?;
        if asked == self.session.id { Ok(&self.session) } else { Err(ApiError::NotFound) }
    }
}

/// Whether a session's own token still opens it: it is nobody's, or its patient has not signed out where it became theirs.
pub async fn is_open(state: &AppState, scope: &TenantScope, session: &Session) -> Result<bool, StoreError> {
    match session.owner {
        Some(owner) => is_live(state, scope, owner.login).await,
        None => Ok(true),
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Claims::Session(claims) = claims(state, &parts.headers)? else { return Err(ApiError::InvalidToken) };
        state
            .rates
            .take_request_of_session(claims.session)
            .map_err(|retry_after| ApiError::RateLimited { retry_after })?;
        let visitor = Self::of_claims(state, claims).await?;
        origin::check(state, &visitor.scope, visitor.session.app, &parts.headers).await?;
        if let Some(owner) = visitor.session.owner {
            note_use_of(state, &visitor.scope, owner.login).await?;
        }
        Ok(visitor)
    }
}

/// What the token of a request says.
pub fn claims(state: &AppState, headers: &HeaderMap) -> Result<Claims, ApiError> {
    let token = bearer(headers).ok_or(ApiError::InvalidToken)?;
    state.tokens.verify(token, state.clock.now()).map_err(|_| ApiError::InvalidToken)
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
