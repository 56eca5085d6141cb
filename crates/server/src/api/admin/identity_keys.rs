//! The keys with which a hospital's own site says who a visitor is.

use axum::{Extension, Json, extract::State, http::StatusCode};
use kuzushi_domain::Permission;
use kuzushi_store::{IdentityKey, NewIdentityKey, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{apps::app, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        idempotency::ShownOnce,
        problems::{ConflictProblems, ReadProblems, WriteProblems},
        query::LARGEST_PAGE,
        wire::Timestamp,
    },
    auth::{Staff, identities},
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireIdentityKey {
    /// What tokens call it.
    kid: String,
    /// HS256, RS256, ES256 or EdDSA.
    #[schema(example = "HS256")]
    algorithm: String,
    created_by: String,
    created_at: Timestamp,
    /// The text that signs, of a shared key: shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    secret: Option<String>,
}

impl From<IdentityKey> for WireIdentityKey {
    fn from(key: IdentityKey) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            created_by: key.created_by,
            created_at: Timestamp(key.created_at),
            secret: None,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct IdentityKeyList {
    keys: Vec<WireIdentityKey>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityKeyToCreate {
    /// What tokens call it; unique in the app.
    #[schema(example = "2026-11")]
    kid: String,
    /// A public key as a JWK: RSA of at least 2,048 bits, P-256 or Ed25519. Without it a shared secret is made, for HS256.
    #[schema(value_type = Object, nullable = false)]
    public_key: Option<serde_json::Value>,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys",
    tag = "administration",
    summary = "The keys with which the hospital's own site says who a visitor is, newest first, without their secrets",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = IdentityKeyList), ReadProblems)
)]
pub async fn list_identity_keys(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Json<IdentityKeyList>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    let keys = scope.identity_keys(app(&scope, &id).await?.id, LARGEST_PAGE).await?;
    Ok(Json(IdentityKeyList { keys: keys.into_iter().map(WireIdentityKey::from).collect() }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys",
    tag = "administration",
    summary = "Add a key with which the hospital's own site says who a visitor is",
    description = "Several may be there at the same time, so that a new one can take over before the old one is deleted.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = IdentityKeyToCreate,
    security(("apiKey" = [])),
    responses((status = 201, body = WireIdentityKey), WriteProblems, ConflictProblems)
)]
pub async fn create_identity_key(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    JsonBody(IdentityKeyToCreate { kid, public_key }): JsonBody<IdentityKeyToCreate>,
) -> Result<(StatusCode, Extension<ShownOnce>, Json<WireIdentityKey>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    let app = app(&scope, &id).await?.id;
    let mut mistakes = Mistakes::default();
    mistakes.key_id("kid", &kid);
    let algorithm = match &public_key {
        Some(key) => identities::algorithm_of(key).unwrap_or_else(|| {
            mistakes.note("publicKey", "must be a JWK of a public key: RSA of at least 2048 bits, P-256 or Ed25519");
            ""
        }),
        None => "HS256",
    };
    mistakes.into_result()?;
    let shared = match &public_key {
        Some(_) => None,
        None => Some(identities::generate_secret().map_err(|error| {
            tracing::error!(%error, "no identity key can be made");
            ApiError::Internal
        })?),
    };
    let secret = public_key.map(|key| key.to_string()).or_else(|| shared.clone()).unwrap_or_default();
    let new = NewIdentityKey {
        kid,
        algorithm: algorithm.to_owned(),
        secret: secret.into_bytes(),
        created_by: staff.actor().to_string(),
    };
    match scope.add_identity_key(app, new, state.clock.now()).await {
        Ok(key) => {
            let created = WireIdentityKey { secret: shared, ..key.into() };
            Ok((StatusCode::CREATED, Extension(ShownOnce("secret")), Json(created)))
        }
        Err(StoreError::Conflict(_)) => Err(ApiError::AlreadyExists { field: "kid" }),
        Err(error) => Err(error.into()),
    }
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys/{kid}",
    tag = "administration",
    summary = "Delete such a key",
    description = "From now on nothing that it signs is believed, on any node. Those who are signed in stay so.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("kid" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is gone"), ReadProblems)
)]
pub async fn delete_identity_key(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id, kid)): Segment<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageKeys).await?;
    scope.delete_identity_key(app(&scope, &id).await?.id, &kid, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
