//! Whether a page may embed an app.

use axum::http::{HeaderMap, header};
use kuzushi_domain::{Id, id, origin::OriginPattern};
use kuzushi_store::{App, TenantScope};

use crate::{error::ApiError, state::AppState};

/// The `Origin` a browser sent. A program that is no browser sends none.
pub fn of_request(headers: &HeaderMap) -> Option<String> {
    headers.get(header::ORIGIN).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether the app, or the operator for all apps, allows the origin.
pub fn is_allowed(state: &AppState, app: &App, origin: &str) -> bool {
    app.allowed_origins
        .iter()
        .chain(&state.config.http.allowed_origins)
        .filter_map(|pattern| pattern.parse::<OriginPattern>().ok())
        .any(|pattern| pattern.matches(origin))
}

/// Refuses pages that may not embed the app; a program that is no browser names none.
pub async fn check(
    state: &AppState,
    scope: &TenantScope,
    app: Id<id::App>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let Some(origin) = of_request(headers) else { return Ok(()) };
    let app = state.directory.app(scope, app).await?;
    if is_allowed(state, &app, &origin) { Ok(()) } else { Err(ApiError::OriginNotAllowed { origin }) }
}
