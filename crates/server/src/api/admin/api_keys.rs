//! A tenant's API keys.

use axum::{Extension, Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, StaffRole, id};
use kuzushi_store::{ApiKey, NewApiKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        idempotency::ShownOnce,
        problems::{QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::{Staff, api_keys},
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireApiKey {
    key_id: String,
    #[schema(example = "editor")]
    role: &'static str,
    name: String,
    created_by: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for WireApiKey {
    fn from(key: ApiKey) -> Self {
        Self {
            key_id: key.id.to_string(),
            role: key.role.as_str(),
            name: key.name,
            created_by: key.created_by,
            created_at: Timestamp(key.created_at),
            expires_at: key.expires_at.map(Timestamp),
            revoked_at: key.revoked_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ApiKeyList {
    keys: Vec<WireApiKey>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyToCreate {
    /// Who or what will use it.
    name: String,
    /// owner, editor, agent or auditor.
    #[schema(example = "editor")]
    role: String,
    /// Without it the key is good until it is revoked.
    #[schema(nullable = false)]
    expires_at: Option<DateTime<Utc>>,
}

/// A key with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKey {
    #[serde(flatten)]
    description: WireApiKey,
    /// What to send as `Authorization: Bearer …`.
    key: String,
}

impl CreatedApiKey {
    pub fn new(description: ApiKey, key: String) -> Self {
        Self { description: description.into(), key }
    }
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/keys",
    tag = "administration",
    summary = "A tenant's API keys, newest first, without their secrets",
    params(("tenantId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = ApiKeyList), QueryProblems)
)]
pub async fn list_keys(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<ApiKeyList>, ApiError> {
    let page = parameters.page()?;
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    let keys = staff.installation(&state).api_keys(Some(scope.id()), page.before, page.limit).await?;
    let before = page.next(&keys, |last| Some(last.id.to_string()));
    Ok(Json(ApiKeyList { keys: keys.into_iter().map(WireApiKey::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/keys",
    tag = "administration",
    summary = "Make an API key",
    description = "Its secret is in this answer and nowhere else, also where an `Idempotency-Key` brings the answer again. Operators' keys are made on the command line: `kuzushi admin create-key`.",
    params(("tenantId" = String, Path)),
    request_body = ApiKeyToCreate,
    security(("apiKey" = [])),
    responses((status = 201, body = CreatedApiKey), WriteProblems)
)]
pub async fn create_key(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(ApiKeyToCreate { name, role, expires_at }): JsonBody<ApiKeyToCreate>,
) -> Result<(StatusCode, Extension<ShownOnce>, Json<CreatedApiKey>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    let now = state.clock.now();
    let mut mistakes = Mistakes::default();
    mistakes.name("name", &name);
    let role = role.parse().ok().filter(|role| *role != StaffRole::Operator);
    if role.is_none() {
        mistakes.note("role", "wants one of owner, editor, agent, auditor");
    }
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        mistakes.note("expiresAt", "must be in the future");
    }
    mistakes.into_result()?;
    let Some(role) = role else { return Err(ApiError::Internal) };
    let generated = api_keys::generate().map_err(|error| {
        tracing::error!(%error, "no API key can be made");
        ApiError::Internal
    })?;
    let new = NewApiKey {
        id: generated.id,
        tenant: Some(scope.id()),
        role,
        name,
        secret_hash: generated.secret_hash,
        created_by: staff.actor().to_string(),
        expires_at,
    };
    let key = staff.installation(&state).create_api_key(new, now).await?;
    Ok((StatusCode::CREATED, Extension(ShownOnce("key")), Json(CreatedApiKey::new(key, generated.text))))
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/keys/{keyId}",
    tag = "administration",
    summary = "Revoke an API key",
    description = "From now on it opens nothing, on any node. It stays in the list.",
    params(("tenantId" = String, Path), ("keyId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is worthless"), ReadProblems)
)]
pub async fn revoke_key(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, key)): Segment<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    let key: Id<id::ApiKey> = key.parse().map_err(|_| ApiError::NotFound)?;
    staff.installation(&state).revoke_api_key(Some(scope.id()), key, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
