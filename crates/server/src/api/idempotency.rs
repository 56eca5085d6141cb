//! `Idempotency-Key`: what is asked for twice under one key is done once, and answered the same.
//!
//! One place for every route that adds something to a tenant. The store notes the key in the transaction of what is done; here
//! the answer is kept beside it, sealed, for a day.

use std::time::Duration;

use aws_lc_rs::digest;
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Once, TenantScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;
use utoipa::openapi::{
    ObjectBuilder, OpenApi, RefOr, Required, Type,
    path::{ParameterBuilder, ParameterIn},
};

use super::{body::BODY_LIMIT, problems::problem, query::wrong};
use crate::{auth::Staff, error::ApiError, state::AppState};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const LONGEST_KEY: usize = 255;

/// How often, and how many times, it is looked for an answer that somebody else is giving at this moment.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: usize = 30;

/// A field of an answer that is shown once, and not kept for a second time.
#[derive(Clone, Copy)]
pub struct ShownOnce(pub &'static str);

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    etag: Option<String>,
    body: Value,
}

/// Does once what is asked for under a key. Everything else passes.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_asked_for = request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_KEY);
    let tenant = request.uri().path().strip_prefix("/v1/admin/tenants/").and_then(|rest| rest.split('/').next());
    match tenant.and_then(|tenant| tenant.parse().ok()) {
        Some(tenant) if is_asked_for => {
            do_once(&state, tenant, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn do_once(state: &AppState, tenant: Id<id::Tenant>, request: Request, next: Next) -> Result<Response, ApiError> {
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let staff = Staff::from_request_parts(&mut parts, state).await?;
    let scope = state.store.tenant(staff.own_tenant(tenant)?).await?.by(staff.actor());
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| ApiError::TooLarge { limit: BODY_LIMIT })?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let mut asked = digest::Context::new(&digest::SHA256);
    for piece in [path.as_bytes(), &[0], &body] {
        asked.update(piece);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(asked.finish().as_ref());
    let once = Once::new(key, fingerprint);
    if let Some(answer) = answered_before(state, &scope, &once).await? {
        return Ok(answer);
    }
    parts.extensions.insert(staff);
    parts.extensions.insert(once.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if once.was_done_before() {
        // Somebody was faster, by a moment.
        return answered_before(state, &scope, &once).await?.ok_or(ApiError::Unavailable);
    }
    if !(once.is_noted() && response.status().is_success()) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| ApiError::Internal)?;
    if let Ok(mut kept) = serde_json::from_slice::<Value>(&body) {
        if let (Some(ShownOnce(field)), Some(fields)) = (parts.extensions.get(), kept.as_object_mut()) {
            fields.remove(*field);
        }
        let etag = parts.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let kept = Kept { status: parts.status.as_u16(), etag, body: kept };
        if let Err(error) = keep(&scope, &once, &kept).await {
            // It is done all the same; only a second answer cannot be given.
            tracing::warn!(%error, "an answer was not kept");
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn keep(scope: &TenantScope, once: &Once, kept: &Kept) -> anyhow::Result<()> {
    Ok(scope.keep_answer(once, &serde_json::to_vec(kept)?).await?)
}

/// What was answered under the key. None: nothing was asked for under it yet.
async fn answered_before(state: &AppState, scope: &TenantScope, once: &Once) -> Result<Option<Response>, ApiError> {
    for _ in 0..LOOKS {
        let Some(before) = scope.done_before(once, state.clock.now()).await? else { return Ok(None) };
        if !before.is_the_same {
            return Err(ApiError::IdempotencyKeyReused);
        }
        if let Some(answer) = before.answer {
            return replayed(&answer).map(Some);
        }
        sleep(PAUSE).await;
    }
    Err(ApiError::AnswerLost)
}

fn replayed(answer: &[u8]) -> Result<Response, ApiError> {
    let kept: Kept = serde_json::from_slice(answer).map_err(|error| {
        tracing::error!(%error, "a kept answer cannot be read");
        ApiError::Internal
    })?;
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, axum::Json(kept.body)).into_response();
    let headers = response.headers_mut();
    headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    if let Some(etag) = kept.etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}

fn key(headers: &HeaderMap) -> Result<String, ApiError> {
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST_KEY {
        let message = format!("wants 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID");
        return Err(wrong("Idempotency-Key", &message));
    }
    Ok(key.to_owned())
}

/// Says so in the description of every route that goes by it.
pub fn describe(description: &mut OpenApi) {
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Of the caller's choice, such as a UUID: the same request under it is done once in 24 hours, and answered the same"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    for (path, item) in &mut description.paths.paths {
        let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/v1/admin/tenants/{tenantId}/")) else {
            continue;
        };
        post.parameters.get_or_insert_default().push(RefOr::T(parameter.clone()));
        let responses = &mut post.responses.responses;
        responses.insert(String::from("422"), problem("Another request was made under this `Idempotency-Key`"));
        responses
            .entry(String::from("409"))
            .or_insert_with(|| problem("It was done before under this `Idempotency-Key`, and the answer is lost"));
    }
}
