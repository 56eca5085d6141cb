//! Versions in headers, for things that two people may change at once.

use std::{fmt::Display, str::FromStr};

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::IntoParams;

use super::query::wrong;
use crate::error::ApiError;

/// How the header that [`if_match`] reads is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header; `if_match` reads it")]
pub struct IfMatch {
    /// The version that the caller has seen, in quotation marks
    #[param(rename = "If-Match")]
    version: Option<String>,
}

/// The version that `If-Match` names.
pub fn if_match<Version: FromStr>(headers: &HeaderMap) -> Result<Option<Version>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH).filter(|value| *value != "*") else { return Ok(None) };
    let version = value.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.map(Some).ok_or_else(|| wrong("If-Match", "wants a version in quotation marks, such as \"3\""))
}

/// A body with the version that a later `If-Match` names.
pub fn tagged(status: StatusCode, version: impl Display, body: impl Serialize) -> Response {
    let tag = HeaderValue::try_from(format!("\"{version}\""));
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    response
}
