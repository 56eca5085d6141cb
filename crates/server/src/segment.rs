//! The variable parts of an address.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{error::ApiError, state::AppState};

/// The variable part of an address, decoded, or a tuple of them. What cannot be read names nothing.
pub struct Segment<Part = String>(pub Part);

impl<Part: DeserializeOwned + Send> FromRequestParts<AppState> for Segment<Part> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Path::from_request_parts(parts, state).await.map(|Path(part)| Self(part)).map_err(|_| ApiError::NotFound)
    }
}
