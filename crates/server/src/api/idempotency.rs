//! `Idempotency-Key`: what is asked for twice under one key is done once, and answered the same.
//!
//! One place for every route that adds or changes something, of a tenant's or of the installation's. The store notes the key in
//! the transaction of what is done; here the answer is kept beside it, sealed, for a day.

use std::time::Duration;

use aws_lc_rs::digest;
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Once, StaffScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;
use utoipa::openapi::{
    ObjectBuilder, OpenApi, RefOr, Required, Type,
    path::{ParameterBuilder, ParameterIn},
};

use super::{body::BODY_LIMIT, problems::problem, query::wrong};
use crate::{
    auth::{Staff, staff_scope},
    error::ApiError,
    state::AppState,
};

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

/// Under a tenant, the routes that do the same however often they are asked for: they bring about a state, or look something up.
const SAME_ANYWAY: [&str; 4] = ["/close", "/reopen", "/erase", "/users/search"];
/// Routes of the installation's that are done once.
const OF_INSTALLATION: [&str; 3] = ["/v1/admin/tenants", "/v1/admin/staff", "/v1/admin/staff/{staffId}/enrolment"];

/// Whether a `POST` to this route goes by keys.
fn goes_by_keys(route: &str) -> bool {
    let of_tenant = route.strip_prefix("/v1/admin/tenants/{tenantId}");
    of_tenant.map_or_else(|| OF_INSTALLATION.contains(&route), |rest| !SAME_ANYWAY.contains(&rest))
}

/// Does once what is asked for under a key. Everything else passes.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_asked_for = request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_KEY);
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if !(is_asked_for && goes_by_keys(route)) {
        return next.run(request).await;
    }
    let tenant = request.uri().path().strip_prefix("/v1/admin/tenants/").and_then(|rest| rest.split('/').next());
    match tenant.map(str::parse).transpose() {
        Ok(tenant) => do_once(&state, tenant, request, next).await.unwrap_or_else(IntoResponse::into_response),
        // That there is no such tenant is said where others are looked for.
        Err(_) => next.run(request).await,
    }
}

async fn do_once(
    state: &AppState,
    tenant: Option<Id<id::Tenant>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let staff = Staff::from_request_parts(&mut parts, state).await?;
    let tenant = tenant.map(|tenant| staff.own_tenant(tenant)).transpose()?;
    let scope = staff_scope(state, tenant).await?.by(staff.actor());
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| ApiError::TooLarge { limit: BODY_LIMIT })?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let mut asked = digest::Context::new(&digest::SHA256);
    for piece in [path.as_bytes(), &[0], &body] {
        asked.update(piece);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(asked.finish().as_ref());
    let once = Once::new(tenant, key, fingerprint);
    if let Some(answer) = answered_before(state, &scope, &once).await? {
        return Ok(answer);
    }
    parts.extensions.insert(staff);
    parts.extensions.insert(once.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !once.is_noted() {
        // Somebody may have been faster, by a moment.
        let answer = answered_before(state, &scope, &once).await?;
        return if once.was_done_before() {
            answer.ok_or(ApiError::Unavailable)
        } else {
            Ok(answer.unwrap_or(response))
        };
    }
    if !response.status().is_success() {
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

async fn keep(scope: &StaffScope, once: &Once, kept: &Kept) -> anyhow::Result<()> {
    Ok(scope.keep_answer(once, &serde_json::to_vec(kept)?).await?)
}

/// What was answered under the key. None: nothing was asked for under it yet.
async fn answered_before(state: &AppState, scope: &StaffScope, once: &Once) -> Result<Option<Response>, ApiError> {
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
        let Some(post) = item.post.as_mut().filter(|_| goes_by_keys(path)) else { continue };
        post.parameters.get_or_insert_default().push(RefOr::T(parameter.clone()));
        let responses = &mut post.responses.responses;
        responses.insert(String::from("422"), problem("Another request was made under this `Idempotency-Key`"));
        responses
            .entry(String::from("409"))
            .or_insert_with(|| problem("It was done before under this `Idempotency-Key`, and the answer is lost"));
    }
}
