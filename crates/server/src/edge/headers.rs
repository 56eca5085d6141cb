//! What every answer tells a browser for safety's sake, said in one place. An answer that knows better says so itself.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::came_over_tls;
use crate::state::AppState;

/// For what is data: whoever gets a browser to show it as a page gets nothing out of it.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years. Not for other hosts below this one: they may be somebody else's.
const TLS_ONLY: &str = "max-age=63072000";

const FOR_ALL: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, DATA_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// What only a document in a window has a use for. Calls need the microphone.
const FOR_PAGES: [(HeaderName, &str); 4] = [
    (RESOURCE_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=()",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
];
/// Hospitals' pages load the widget and read answers from their own origins.
const FOR_DATA: [(HeaderName, &str); 1] = [(RESOURCE_POLICY, "cross-origin")];

/// The administration is for programs and for pages of this origin: what makes answers readable elsewhere is taken away.
const ADMINISTRATION: &str = "/v1/admin";
const CROSS_ORIGIN: [HeaderName; 5] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The layer that adds them.
pub async fn add_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let over_tls = came_over_tls(request.extensions(), request.headers(), &state.config.http.trusted_proxies);
    let is_administration = request.uri().path().starts_with(ADMINISTRATION);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    add(headers, &FOR_ALL);
    if is_page {
        add(headers, &FOR_PAGES);
    } else {
        add(headers, &FOR_DATA);
    }
    if over_tls {
        add(headers, &[(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY)]);
    }
    if is_administration {
        for name in CROSS_ORIGIN {
            headers.remove(name);
        }
    }
    response
}

fn add(headers: &mut HeaderMap, values: &[(HeaderName, &'static str)]) {
    for (name, value) in values {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
