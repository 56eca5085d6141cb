//! Who vouches for staff: an OpenID Connect provider for each tenant, and one for the operators.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use kuzushi_domain::{Permission, Phi};
use kuzushi_store::{IdentityProvider, NewIdentityProvider, StaffScope};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        entity_tags::{IfMatch, if_match, tagged},
        problems::{
            BodyProblems, ConflictProblems, QueryProblems, ReadProblems, RequestProblems, StaffProblems, WriteProblems,
        },
        wire::Timestamp,
    },
    auth::{Staff, oidc::is_private},
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Characters that an issuer, a client's identifier or its secret may have.
const LIMIT: usize = 2_000;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentityProvider)]
pub struct WireIdentityProvider {
    #[schema(example = "https://login.stmarys.example.org")]
    issuer: String,
    client_id: String,
    /// 1, 2, 3…: rises with every change. Also the answer's `ETag`.
    version: i32,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl From<IdentityProvider> for WireIdentityProvider {
    fn from(provider: IdentityProvider) -> Self {
        Self {
            issuer: provider.issuer,
            client_id: provider.client_id,
            version: provider.version,
            created_at: Timestamp(provider.created_at),
            changed_at: Timestamp(provider.changed_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityProviderToSet {
    /// The provider's issuer, as its `.well-known/openid-configuration` has it.
    #[schema(example = "https://login.stmarys.example.org")]
    issuer: String,
    /// What the provider calls this installation.
    client_id: String,
    /// Kept sealed and never shown. It can be left out where issuer and client stay what they were.
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

async fn put(
    state: &AppState,
    scope: &StaffScope,
    headers: &HeaderMap,
    body: IdentityProviderToSet,
) -> Result<Response, ApiError> {
    let IdentityProviderToSet { issuer, client_id, client_secret } = body;
    let version = if_match(headers)?;
    let mut mistakes = Mistakes::default();
    let is_address =
        issuer.parse::<Url>().is_ok_and(|url| is_private(&url) && url.query().or(url.fragment()).is_none());
    if !is_address || issuer.len() > LIMIT {
        mistakes.note("issuer", "must be an address such as https://login.example.org, without a query");
    }
    let is_some = |text: &str| !text.trim().is_empty() && text.len() <= LIMIT;
    if !is_some(&client_id) {
        mistakes.note("clientId", format!("must have 1 to {LIMIT} bytes"));
    }
    if client_secret.as_deref().is_some_and(|secret| !is_some(secret)) {
        mistakes.note("clientSecret", format!("must have 1 to {LIMIT} bytes"));
    }
    mistakes.into_result()?;
    let new = NewIdentityProvider { issuer, client_id, client_secret: client_secret.map(Phi::new) };
    match scope.put_identity_provider(new, version, state.clock.now()).await? {
        Some(provider) => Ok(answer(provider)),
        None => {
            let mut mistakes = Mistakes::default();
            mistakes.note("clientSecret", "is missing: there is none for this issuer and client yet");
            mistakes.into_result().and(Err(ApiError::Internal))
        }
    }
}

/// A provider with its version as the entity tag.
fn answer(provider: IdentityProvider) -> Response {
    tagged(StatusCode::OK, provider.version, WireIdentityProvider::from(provider))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/identity-provider",
    tag = "staff",
    summary = "Who vouches for a tenant's staff",
    params(("tenantId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireIdentityProvider), ReadProblems)
)]
pub async fn read_tenants_provider(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadStaff).await?.staff();
    Ok(answer(scope.identity_provider().await?))
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/identity-provider",
    tag = "staff",
    summary = "Let a provider vouch for a tenant's staff",
    description = "At the provider, register `API_BASE_URL/v1/admin/auth/oidc/callback` as the address to come back to. Only operators set it, because the server itself asks the address for answers.",
    params(("tenantId" = String, Path), IfMatch),
    request_body = IdentityProviderToSet,
    security(("apiKey" = [])),
    responses((status = 200, body = WireIdentityProvider), WriteProblems, ConflictProblems)
)]
pub async fn put_tenants_provider(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<IdentityProviderToSet>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageIdentityProviders).await?.staff();
    put(&state, &scope, &headers, body).await
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/identity-provider",
    tag = "staff",
    summary = "Let nobody vouch for a tenant's staff any more",
    description = "Whoever is signed in stays so.",
    params(("tenantId" = String, Path), IfMatch),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is gone"), QueryProblems, ConflictProblems)
)]
pub async fn remove_tenants_provider(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageIdentityProviders).await?.staff();
    scope.remove_identity_provider(if_match(&headers)?, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    get,
    path = "/v1/admin/identity-provider",
    tag = "staff",
    summary = "Who vouches for the operators",
    security(("apiKey" = [])),
    responses((status = 200, body = WireIdentityProvider), ReadProblems)
)]
pub async fn read_operators_provider(State(state): State<AppState>, staff: Staff) -> Result<Response, ApiError> {
    staff.need(Permission::ManageOperators)?;
    let scope = staff.installation(&state).staff().await?;
    Ok(answer(scope.identity_provider().await?))
}

#[utoipa::path(
    put,
    path = "/v1/admin/identity-provider",
    tag = "staff",
    summary = "Let a provider vouch for the operators",
    description = "At the provider, register `API_BASE_URL/v1/admin/auth/oidc/callback` as the address to come back to. Only operators set it, because the server itself asks the address for answers.",
    params(IfMatch),
    request_body = IdentityProviderToSet,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireIdentityProvider),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        ConflictProblems,
    )
)]
pub async fn put_operators_provider(
    State(state): State<AppState>,
    staff: Staff,
    headers: HeaderMap,
    JsonBody(body): JsonBody<IdentityProviderToSet>,
) -> Result<Response, ApiError> {
    staff.need(Permission::ManageOperators)?;
    let scope = staff.installation(&state).staff().await?;
    put(&state, &scope, &headers, body).await
}

#[utoipa::path(
    delete,
    path = "/v1/admin/identity-provider",
    tag = "staff",
    summary = "Let nobody vouch for the operators any more",
    description = "Whoever is signed in stays so.",
    params(IfMatch),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is gone"), QueryProblems, ConflictProblems)
)]
pub async fn remove_operators_provider(
    State(state): State<AppState>,
    staff: Staff,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    staff.need(Permission::ManageOperators)?;
    let scope = staff.installation(&state).staff().await?;
    scope.remove_identity_provider(if_match(&headers)?, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
