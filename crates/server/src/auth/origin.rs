//! Whether a page may embed an app.

use axum::http::{HeaderMap, header};
use kuzushi_domain::origin::OriginPattern;
use kuzushi_store::App;

use crate::state::AppState;

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
