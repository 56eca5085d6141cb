//! A visitor: whoever holds a session's token.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Session, StoreError, TenantScope};

use super::{origin, tokens::SessionClaims};
use crate::{error::ApiError, state::AppState};

/// The holder of a session's token, with the scope that token opens.
pub struct Visitor {
    pub scope: TenantScope,
    pub session: Session,
}

impl Visitor {
    /// Opens the session that a checked token names. A session that is gone makes the token worthless.
    pub async fn of_claims(state: &AppState, claims: SessionClaims) -> Result<Self, ApiError> {
        let open = async {
            let scope = state.store.tenant(claims.tenant).await?;
            let session = scope.session(claims.session).await?;
            Ok::<_, StoreError>(Self { scope, session })
        };
        match open.await {
            Ok(visitor) => Ok(visitor),
            Err(StoreError::NotFound) => Err(ApiError::InvalidToken),
            Err(error) => Err(error.into()),
        }
    }

    /// The visitor's own session, if that is the one asked for. Any other does not exist.
    pub fn own_session(&self, session: &str) -> Result<&Session, ApiError> {
        let asked: Id<id::Session> = session.parse().map_err(|_| ApiError::NotFound)?;
        if asked == self.session.id { Ok(&self.session) } else { Err(ApiError::NotFound) }
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let token = bearer(&parts.headers).ok_or(ApiError::InvalidToken)?;
        let claims = state.tokens.verify(token, state.clock.now()).map_err(|_| ApiError::InvalidToken)?;
        let visitor = Self::of_claims(state, claims).await?;
        if let Some(origin) = origin::of_request(&parts.headers) {
            let app = state.directory.app(&visitor.scope, visitor.session.app).await?;
            if !origin::is_allowed(state, &app, &origin) {
                return Err(ApiError::OriginNotAllowed { origin });
            }
        }
        Ok(visitor)
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
