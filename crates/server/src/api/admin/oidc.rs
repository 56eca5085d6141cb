//! Staff sign in with the hospital's own provider (OpenID Connect).

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use kuzushi_domain::AuditAction;
use kuzushi_store::{IdentityProvider, NewAuditEvent, NewProviderSignIn, SecretHash, StaffScope, StoreError, Vouched};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::auth::{SignedInStaffMember, limits, signed_in};
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, PublicProblems, RequestProblems},
        query::{Parameters, wrong},
    },
    auth::{
        ClientAddress,
        api_keys::NoRandomness,
        oidc::{self, Failure, Returned},
        scope_to_sign_in_to, staff_scope,
    },
    error::{ApiError, Problem},
    state::AppState,
};

const CALLBACK: &str = "/v1/admin/auth/oidc/callback";
/// Where a browser ends: what stands behind the `#` is sent to no server.
const CONSOLE: &str = "/admin#code=";

#[derive(Deserialize, ToSchema)]
pub struct OidcTokenRequest {
    /// What stands behind `#code=` in the address to which the browser was sent.
    code: String,
    /// What the browser made up before it began, and whose SHA-256 it sent as `challenge`.
    verifier: String,
}

/// Where the provider sends browsers back to. It is not taken from a request: whoever can choose it gets the codes.
fn redirect_uri(state: &AppState) -> Result<String, ApiError> {
    Ok(format!("{}{CALLBACK}", base_url(state)?))
}

fn base_url(state: &AppState) -> Result<&str, ApiError> {
    state.config.http.api_base_url.as_deref().ok_or(ApiError::NoBaseUrl)
}

async fn provider(scope: &StaffScope) -> Result<IdentityProvider, ApiError> {
    scope.identity_provider().await.map_err(|error| match error {
        StoreError::NotFound => ApiError::NoIdentityProvider,
        error => error.into(),
    })
}

/// To whom a sign-in belongs that has this state or code. None: there is none such, or not any more.
async fn scope_of(state: &AppState, secret_hash: &SecretHash) -> Result<Option<StaffScope>, StoreError> {
    let scope = async {
        let tenant = state.store.installation().tenant_of_sign_in(secret_hash).await?;
        scope_to_sign_in_to(state, tenant).await
    };
    match scope.await {
        Ok(scope) => Ok(Some(scope)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn see_other(address: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(address).map_err(|_| ApiError::Internal)?;
    let headers: [(HeaderName, HeaderValue); 1] = [(header::LOCATION, location)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

fn no_secret(error: NoRandomness) -> ApiError {
    tracing::error!(%error, "no sign-in can begin");
    ApiError::Internal
}

fn told(failure: Failure) -> ApiError {
    match failure {
        Failure::Provider(error) => {
            tracing::warn!(error, "an identity provider is not to be reached");
            ApiError::ProviderUnavailable
        }
        Failure::Refused(why) => ApiError::OidcRefused(why),
    }
}

#[utoipa::path(
    get,
    path = "/v1/admin/auth/oidc/start",
    tag = "staff",
    summary = "Go to the hospital's provider to sign in",
    description = "For a browser to follow. Before it does, the page makes up a secret of 43 to 128 characters, keeps it, and sends its SHA-256 along: only who has the secret gets a token in the end.",
    params(
        ("tenant" = Option<String>, Query, description = "The hospital, by its id or internet domain. Operators leave it out"),
        ("challenge" = String, Query, description = "SHA-256 of the page's secret, in base64url without padding"),
    ),
    responses(
        (status = 303, description = "To the provider"),
        RequestProblems,
        (status = 409, description = "`API_BASE_URL` is not set", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hospital, or it has no provider", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider is not to be reached", body = Problem, content_type = "application/problem+json"),
        PublicProblems,
    )
)]
pub async fn start_oidc(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let challenge = parameters.text("challenge").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let challenge: Option<SecretHash> = challenge.and_then(|bytes| bytes.try_into().ok());
    let challenge = challenge.ok_or_else(|| {
        wrong("challenge", "wants the SHA-256 of a secret, in base64url without padding: 43 characters")
    })?;
    state.rates.take_identity(address).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let tenant = match parameters.text("tenant") {
        Some(tenant) => {
            let found = state.store.installation().find_tenant(tenant).await?;
            Some(found.filter(|tenant| tenant.closed_at.is_none()).ok_or(ApiError::NoIdentityProvider)?.id)
        }
        None => None,
    };
    let scope = staff_scope(&state, tenant).await?;
    let provider = provider(&scope).await?;
    let redirect_uri = redirect_uri(&state)?;
    let secrets = oidc::new_secrets().map_err(no_secret)?;
    let target = state.oidc.authorization_url(&provider, &secrets, &redirect_uri).await.map_err(told)?;
    let new = NewProviderSignIn {
        state_hash: oidc::hash(&secrets.state),
        challenge,
        nonce: secrets.nonce,
        code_verifier: secrets.code_verifier,
    };
    scope.begin_provider_sign_in(new, state.clock.now()).await?;
    see_other(&target)
}

#[utoipa::path(
    get,
    path = "/v1/admin/auth/oidc/callback",
    tag = "staff",
    summary = "Come back from the provider",
    description = "For the provider to send a browser to. Sends it on to `/admin#code=…`: what stands behind the `#` is sent to no server, is good once and for a minute, and only in the browser that began.",
    params(
        ("state" = Option<String>, Query, description = "As it was sent to the provider"),
        ("code" = Option<String>, Query, description = "What the provider gives for tokens"),
        ("iss" = Option<String>, Query, description = "The provider's issuer, where it says so"),
        ("error" = Option<String>, Query, description = "Why the provider would not"),
    ),
    responses(
        (status = 303, description = "To the console"),
        RequestProblems,
        (status = 401, description = "The provider vouches for nobody who may sign in here", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`API_BASE_URL` is not set", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The provider was removed meanwhile", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider is not to be reached", body = Problem, content_type = "application/problem+json"),
        PublicProblems,
    )
)]
pub async fn finish_oidc(State(state): State<AppState>, parameters: Parameters) -> Result<Response, ApiError> {
    let base = base_url(&state)?;
    let unknown = ApiError::OidcRefused("this sign-in is not known, was finished before, or took too long");
    let Some(presented) = parameters.text("state") else { return Err(unknown) };
    let state_hash = oidc::hash(presented);
    let Some(scope) = scope_of(&state, &state_hash).await? else { return Err(unknown) };
    let now = state.clock.now();
    let Some(begun) = scope.take_provider_sign_in(&state_hash, now).await? else { return Err(unknown) };
    let provider = provider(&scope).await?;
    let vouched = match (parameters.text("iss"), parameters.text("error"), parameters.text("code")) {
        // RFC 9207: another provider's answer.
        (Some(issuer), _, _) if issuer != provider.issuer => Err(Failure::Refused("another provider answered")),
        (_, None, Some(code)) => {
            let redirect_uri = redirect_uri(&state)?;
            let (nonce, code_verifier) = (begun.nonce.as_str(), begun.code_verifier.as_str());
            let returned = Returned { code, nonce, code_verifier, redirect_uri: &redirect_uri };
            state.oidc.person(&provider, returned, now).await
        }
        _ => Err(Failure::Refused("the provider let nobody in")),
    };
    let person = match vouched {
        Ok(person) => person,
        Err(failure) => {
            let error = told(failure);
            if let ApiError::OidcRefused(why) = error {
                record_refusal(&scope, &provider, why, now).await?;
            }
            return Err(error);
        }
    };
    let vouched = Vouched { issuer: &provider.issuer, subject: &person.subject, email: person.verified_email.as_ref() };
    let code = oidc::new_secret().map_err(no_secret)?;
    if scope.vouch_for(&vouched, &oidc::hash(&code), &begun.challenge, now).await?.is_none() {
        let why = "nobody who may sign in here was invited under the address that the provider has made sure of";
        record_refusal(&scope, &provider, why, now).await?;
        return Err(ApiError::OidcRefused(why));
    }
    see_other(&format!("{base}{CONSOLE}{code}"))
}

/// Who it was is not on record: nobody of ours, as far as is known.
async fn record_refusal(
    scope: &StaffScope,
    provider: &IdentityProvider,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let event = NewAuditEvent::new(AuditAction::SignInRefused, "");
    scope.record(event.with(json!({"by": "identity provider", "issuer": provider.issuer, "because": why})), now).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/oidc/token",
    tag = "staff",
    summary = "Finish signing in with the hospital's provider",
    request_body = OidcTokenRequest,
    responses(
        (status = 200, body = SignedInStaffMember),
        RequestProblems,
        BodyProblems,
        (status = 401, description = "The code is not right, was used, has expired, or is another browser's", body = Problem, content_type = "application/problem+json"),
        PublicProblems,
    )
)]
pub async fn redeem_oidc(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    JsonBody(OidcTokenRequest { code, verifier }): JsonBody<OidcTokenRequest>,
) -> Result<Json<SignedInStaffMember>, ApiError> {
    state.rates.take_identity(address).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let refused = ApiError::OidcRefused("the code is not right, was used, has expired, or is another browser's");
    let code_hash = oidc::hash(&code);
    let Some(scope) = scope_of(&state, &code_hash).await? else { return Err(refused) };
    let now = state.clock.now();
    match scope.sign_in_by_provider(&code_hash, &oidc::hash(&verifier), limits(&state, now), now).await? {
        Some((login, member)) => signed_in(&state, &login, member).map(Json),
        None => Err(refused),
    }
}
