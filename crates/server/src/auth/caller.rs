//! Whoever may open conversations: a visitor the one of their token, a patient all of their own.

use axum::{extract::FromRequestParts, http::request::Parts};
use kuzushi_store::{Session, TenantScope};

use super::{Patient, Visitor, tokens::Claims, visitor::claims};
use crate::{error::ApiError, state::AppState};

pub enum Caller {
    Visitor(Visitor),
    Patient(Patient),
}

impl Caller {
    pub fn scope(&self) -> &TenantScope {
        match self {
            Self::Visitor(visitor) => &visitor.scope,
            Self::Patient(patient) => &patient.scope,
        }
    }

    /// The caller's own session of this id. Any other does not exist.
    pub async fn own_session(&self, session: &str) -> Result<Session, ApiError> {
        match self {
            Self::Visitor(visitor) => visitor.own_session(session).cloned(),
            Self::Patient(patient) => Ok(patient.session(session.parse().map_err(|_| ApiError::NotFound)?).await?),
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        match claims(state, &parts.headers)? {
            Claims::Session(_) => Visitor::from_request_parts(parts, state).await.map(Self::Visitor),
            Claims::Staff(_) => Err(ApiError::InvalidToken),
            Claims::User(_) => Patient::from_request_parts(parts, state).await.map(Self::Patient),
        }
    }
}
