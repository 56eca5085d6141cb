//! What the widget measures of itself.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use kuzushi_domain::measurement::{MEASURED_ERRORS, Measured, MeasuredKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    problems::{BodyProblems, RequestProblems, VisitorProblems},
};
use crate::{
    auth::{Visitor, bearer, origin, tokens::Claims},
    error::{ApiError, FieldError},
    state::AppState,
};

/// Measurements of one request.
const MOST: usize = 32;
/// A day in milliseconds: what is longer was not measured.
const LARGEST: u32 = 86_400_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetEvents {
    /// The session's token, for a page that is being left: what is sent then can have no header of ours.
    #[serde(default)]
    token: Option<String>,
    /// 32 at most.
    events: Vec<WidgetEvent>,
}

/// One thing that was measured: a `value`, or of an `error` its `code`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetEvent {
    #[schema(value_type = WireMeasuredKind)]
    kind: String,
    /// Milliseconds of `load`, `open` and `connect`, seconds of `call`, how many `reconnects`.
    #[serde(default)]
    #[schema(maximum = 86_400_000)]
    value: Option<u32>,
    /// A stable code, or `OTHER`.
    #[serde(default)]
    code: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that WidgetEvent::kind holds")]
enum WireMeasuredKind {
    Load,
    Open,
    Connect,
    Reconnects,
    Call,
    Error,
}

// A token is not for logs.
impl std::fmt::Debug for WidgetEvents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WidgetEvents([redacted])")
    }
}

#[utoipa::path(
    post,
    path = "/v1/widget/events",
    tag = "widget",
    summary = "What the widget has measured of itself",
    description = "Counted by app and day; nothing is kept that leads to the conversation. An app can switch it off (`measurements`), and a request with `DNT: 1` or `Sec-GPC: 1` counts nothing: both are answered the same. The token comes in `Authorization: Bearer` or in the body.",
    request_body = WidgetEvents,
    security((), ("sessionToken" = [])),
    responses((status = 204, description = "It is counted, if it may be"), RequestProblems, VisitorProblems, BodyProblems)
)]
pub async fn widget_events(
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<WidgetEvents>,
) -> Result<StatusCode, ApiError> {
    let token = bearer(&headers).or(request.token.as_deref()).ok_or(ApiError::InvalidToken)?;
    let claims = state.tokens.verify(token, state.clock.now()).map_err(|_| ApiError::InvalidToken)?;
    let Claims::Session(claims) = claims else { return Err(ApiError::InvalidToken) };
    state.rates.take_request_of_session(claims.session).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let Visitor { scope, session } = Visitor::of_claims(&state, claims).await?;
    origin::check(&state, &scope, session.app, &headers).await?;
    let measured = request.check()?;
    let config = state.configs.version(&scope, session.app, session.config_version).await?;
    if config.measurements.enabled && !asks_not_to_be_tracked(&headers) {
        scope.add_measurements(session.app, state.clock.now().date_naive(), &measured).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn asks_not_to_be_tracked(headers: &HeaderMap) -> bool {
    ["dnt", "sec-gpc"].into_iter().any(|name| headers.get(name).is_some_and(|value| value == "1"))
}

impl WidgetEvents {
    fn check(&self) -> Result<Vec<Measured>, ApiError> {
        if self.events.len() > MOST {
            return Err(invalid("events", format!("may be {MOST}")));
        }
        self.events.iter().enumerate().map(|(at, event)| event.check(at)).collect()
    }
}

impl WidgetEvent {
    fn check(&self, at: usize) -> Result<Measured, ApiError> {
        let wrong = |field: &str, message: String| invalid(&format!("events[{at}].{field}"), message);
        let kind: MeasuredKind = self.kind.parse().map_err(|_| {
            let kinds = MeasuredKind::ALL.map(MeasuredKind::as_str).join(", ");
            wrong("kind", format!("wants one of {kinds}"))
        })?;
        if kind == MeasuredKind::Error {
            if self.value.is_some() {
                return Err(wrong("value", String::from("an error has none")));
            }
            return self
                .code
                .as_deref()
                .and_then(Measured::error)
                .ok_or_else(|| wrong("code", format!("wants one of {}", MEASURED_ERRORS.join(", "))));
        }
        if self.code.is_some() {
            return Err(wrong("code", String::from("only errors have one")));
        }
        self.value
            .filter(|value| *value <= LARGEST)
            .and_then(|value| Measured::value(kind, value))
            .ok_or_else(|| wrong("value", format!("wants a whole number up to {LARGEST}")))
    }
}

fn invalid(field: &str, message: String) -> ApiError {
    ApiError::InvalidBody(vec![FieldError::new(field, message)])
}
