//! Patients sign in and out.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, EmailAddress, Phi};
use kuzushi_store::{Login, LoginLimits, NewAuditEvent, Proof, SignIn, StoreError, TenantScope, User};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    problems::{SignInProblems, VisitorProblems},
    wire::Timestamp,
};
use crate::{
    auth::{
        ClientAddress, Patient, UnnoticedPatient, Visitor,
        identities::{self, Disbelief},
        passwords::Verdict,
        tokens::UserClaims,
    },
    conversation::close_for_the_signed_out,
    error::{ApiError, FieldError},
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginRequest {
    #[schema(example = "jane@example.org")]
    email: String,
    password: String,
    /// The session of the token: the conversation that becomes the patient's.
    session_id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// A JWT that opens all conversations of the user, until they sign out or do nothing for a while.
    token: String,
    /// When they are signed out however much they do.
    expires_at: Timestamp,
    user: WirePatient,
}

/// A patient, as they see themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Patient)]
pub struct WirePatient {
    user_id: String,
    /// Missing where only the hospital's own site knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    email: Option<String>,
    name: String,
}

impl From<User> for WirePatient {
    fn from(user: User) -> Self {
        Self { user_id: user.id.to_string(), email: user.email.map(Phi::into_inner), name: user.name.into_inner() }
    }
}

#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "signing in",
    summary = "Sign in, and make the conversation the patient's",
    description = "Takes the token of the session that it names, so that nobody makes another's conversation theirs. From then on that token is worth as much as the login: signing out ends both. An unknown address, one of another tenant, a disabled account and a wrong password have the same answer, after the same time.",
    request_body = LoginRequest,
    security(("sessionToken" = [])),
    responses((status = 200, body = SignedIn), SignInProblems)
)]
pub async fn login(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    visitor: Visitor,
    JsonBody(LoginRequest { email, password, session_id }): JsonBody<LoginRequest>,
) -> Result<Json<SignedIn>, ApiError> {
    let session = visitor.own_session(&session_id)?;
    if session.ended_at.is_some() {
        return Err(ApiError::SessionEnded);
    }
    let email: EmailAddress =
        email.parse().map_err(|error| ApiError::InvalidBody(vec![FieldError::new("email", format!("{error}"))]))?;
    let scope = &visitor.scope;
    let too_many = |retry_after| ApiError::RateLimited { retry_after };
    state.rates.take_login(address, &scope.email_mark(&email)).map_err(too_many)?;
    let password = Phi::new(password);
    let known = scope.credentials(&email).await?;
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let verdict = state.passwords.check(password.clone(), hash).await?;
    let Some(known) = known.filter(|_| verdict != Verdict::Wrong) else {
        record_refusal(scope, &email, state.clock.now()).await?;
        return Err(ApiError::InvalidCredentials);
    };
    let signed_in = sign_in(&state, &visitor, Proof::Password(&known)).await?;
    if verdict == Verdict::RightButWeaklyKept {
        scope.rehash_password(&known, &state.passwords.hash(password).await?).await?;
    }
    Ok(Json(signed_in))
}

/// Records an attempt that failed, the same whether or not there is such an account. The address is on record as a mark
/// only: equal for attempts at the same one, and no way back to it.
async fn record_refusal(scope: &TenantScope, email: &EmailAddress, now: DateTime<Utc>) -> Result<(), StoreError> {
    scope.record(refusal(&scope.email_mark(email)), now).await
}

/// What is on record of an attempt that failed, by the mark of the address.
pub fn refusal(mark: &[u8]) -> NewAuditEvent {
    let mark = hex::encode(mark.get(..8).unwrap_or(mark));
    NewAuditEvent::new(AuditAction::SignInRefused, "").with(json!({"account": mark}))
}

async fn sign_in(state: &AppState, visitor: &Visitor, proof: Proof<'_>) -> Result<SignedIn, ApiError> {
    let now = state.clock.now();
    let Visitor { scope, session } = visitor;
    let lasting = state.configs.version(scope, session.app, session.config_version).await?.sign_in.clone();
    let limits = LoginLimits {
        expires_at: state.tokens.expiry(now).min(now + TimeDelta::minutes(lasting.absolute_timeout_minutes.into())),
        idle: TimeDelta::minutes(lasting.idle_timeout_minutes.into()),
    };
    let (login, user) = match scope.sign_in(proof, session.id, limits, now).await? {
        SignIn::Done(login, user) => (login, user),
        SignIn::Outdated => return Err(ApiError::InvalidCredentials),
        SignIn::SomebodyElses => return Err(ApiError::SomebodyElses),
        SignIn::Replayed => return Err(ApiError::IdentityRefused(Disbelief::Used)),
    };
    let claims = UserClaims { tenant: scope.id(), user: login.user, login: login.id };
    let token = state.tokens.issue_to_user(claims, user.email.as_ref(), now, limits.expires_at);
    let token = token.map_err(|_| ApiError::Internal)?;
    Ok(SignedIn { token, expires_at: Timestamp(limits.expires_at), user: (*user).into() })
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityRequest {
    /// A JWT of the hospital's own site: `kid`, `sub`, `aud` (the projectId), `exp` (at most ten minutes ahead), `jti`, perhaps `name` and `fhirPatient`.
    token: String,
    /// The session of the token in `Authorization`: the conversation that becomes the patient's.
    session_id: String,
}

#[utoipa::path(
    post,
    path = "/v1/auth/identify",
    tag = "signing in",
    summary = "Take the hospital's own site's word for who the visitor is",
    description = "As signing in, with a short JWT that the hospital's own site signs with a key of the app's. Each is good once.",
    request_body = IdentityRequest,
    security(("sessionToken" = [])),
    responses((status = 200, body = SignedIn), SignInProblems)
)]
pub async fn identify(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    visitor: Visitor,
    JsonBody(IdentityRequest { token, session_id }): JsonBody<IdentityRequest>,
) -> Result<Json<SignedIn>, ApiError> {
    let session = visitor.own_session(&session_id)?;
    if session.ended_at.is_some() {
        return Err(ApiError::SessionEnded);
    }
    state.rates.take_identity(address).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let app = state.directory.app(&visitor.scope, session.app).await?;
    let server = state.fhir_servers.get(&app.project_id).map(String::as_str);
    let assertion = identities::verify(&visitor.scope, &app, &token, server, state.clock.now()).await?;
    let assertion = assertion.map_err(ApiError::IdentityRefused)?;
    sign_in(&state, &visitor, Proof::Assertion(&assertion)).await.map(Json)
}

#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "signing in",
    summary = "Sign out",
    description = "The token, and those of the conversations that became the patient's with it, open nothing from now on. Their sockets close with 4008, on every node within a second.",
    security(("userToken" = [])),
    responses((status = 204, description = "Signed out"), VisitorProblems)
)]
pub async fn logout(State(state): State<AppState>, patient: Patient) -> Result<StatusCode, ApiError> {
    patient.scope.revoke_login(patient.login.id, state.clock.now()).await?;
    close_for_the_signed_out(&state).await;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    get,
    path = "/v1/auth/me",
    tag = "signing in",
    summary = "Who is signed in",
    security(("userToken" = [])),
    responses((status = 200, body = WirePatient), VisitorProblems)
)]
pub async fn me(patient: Patient) -> Result<Json<WirePatient>, ApiError> {
    Ok(Json(patient.scope.user(patient.login.user).await?.into()))
}

/// How long a patient stays signed in. Seconds, because the clocks of devices are wrong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginEnd {
    /// Until they are signed out, unless they do something before.
    seconds_left: i64,
    /// Until they are signed out however much they do.
    seconds_left_at_most: i64,
    /// How long they may do nothing.
    idle_timeout_seconds: i64,
}

impl LoginEnd {
    fn of(login: &Login, now: DateTime<Utc>) -> Self {
        Self {
            seconds_left: (login.ends_at - now).num_seconds(),
            seconds_left_at_most: (login.expires_at - now).num_seconds(),
            idle_timeout_seconds: login.idle.num_seconds(),
        }
    }
}

#[utoipa::path(
    get,
    path = "/v1/auth/login",
    tag = "signing in",
    summary = "How long the patient stays signed in",
    description = "Asking does not count as doing something. Afterwards, the code of the 401 says why: SIGNED_OUT_IDLE or SIGNED_OUT_EXPIRED, and INVALID_TOKEN for everything else.",
    security(("userToken" = [])),
    responses((status = 200, body = LoginEnd), VisitorProblems)
)]
pub async fn login_end(State(state): State<AppState>, UnnoticedPatient(patient): UnnoticedPatient) -> Json<LoginEnd> {
    Json(LoginEnd::of(&patient.login, state.clock.now()))
}

#[utoipa::path(
    post,
    path = "/v1/auth/stay",
    tag = "signing in",
    summary = "Stay signed in",
    description = "For a patient who is there without asking for anything else: reading, for example, or writing something long.",
    security(("userToken" = [])),
    responses((status = 200, body = LoginEnd), VisitorProblems)
)]
pub async fn stay(
    State(state): State<AppState>,
    UnnoticedPatient(Patient { scope, login }): UnnoticedPatient,
) -> Result<Json<LoginEnd>, ApiError> {
    let now = state.clock.now();
    scope.touch_login(&login, now).await?;
    Ok(Json(LoginEnd::of(&login.used(now), now)))
}
