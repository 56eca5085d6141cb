//! The one variable part of an address.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use crate::{error::ApiError, state::AppState};

/// The variable part of an address, decoded. One that is not UTF-8 names nothing.
pub struct Segment(pub String);

impl FromRequestParts<AppState> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(|_| ApiError::NotFound)
    }
}
