//! Staff sign in and out, and choose their passwords.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{EmailAddress, Phi};
use kuzushi_store::{Factor, LoginLimits, StaffCredentials, StaffLogin, StaffMember, StaffScope, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{fields::Mistakes, people::WireStaffMember};
use crate::{
    api::{
        body::JsonBody,
        login::refusal,
        problems::{BodyProblems, PublicProblems, RequestProblems, StaffProblems},
        wire::Timestamp,
    },
    auth::{
        ClientAddress, Shown, SignedInStaff, api_keys::PresentedKey, passwords::Verdict, scope_to_sign_in_to,
        second_factor, staff_scope, tokens::StaffClaims,
    },
    error::{ApiError, FieldError, Problem},
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaffLoginRequest {
    #[schema(example = "ann@stmarys.example.org")]
    email: String,
    password: String,
    /// The hospital, by its id or internet domain. Operators, who belong to none, leave it out.
    #[schema(nullable = false, example = "stmarys.example.org")]
    tenant: Option<String>,
    /// The code that the phone shows, where there is a second factor.
    #[schema(nullable = false, example = "492039")]
    totp: Option<String>,
    /// Instead of it, one of the recovery codes. Each is good once.
    #[schema(nullable = false)]
    recovery_code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentRequest {
    /// The code that an owner or operator, or `kuzushi admin`, gave out: `stf_…`.
    code: String,
    /// The password to sign in with from now on: at least 12 characters.
    password: String,
    /// The code that the phone shows, where there is a second factor already.
    #[schema(nullable = false, example = "492039")]
    totp: Option<String>,
    /// Instead of it, one of the recovery codes. Each is good once.
    #[schema(nullable = false)]
    recovery_code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChangeRequest {
    /// The present one.
    password: String,
    /// At least 12 characters.
    new_password: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedInStaffMember {
    /// A JWT that opens the administration as the person's role may, until they sign out or do nothing for a while.
    token: String,
    /// When they are signed out however much they do.
    expires_at: Timestamp,
    staff: WireStaffMember,
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/login",
    tag = "staff",
    summary = "Sign in to the administration",
    description = "An unknown address or tenant, a closed tenant, an account without a password, a disabled one and a wrong password have the same answer, after the same time. With a right password, an account that has a second factor and sends no code gets `TOTP_REQUIRED`; a code that is wrong or was used gets `CODE_REFUSED`.",
    request_body = StaffLoginRequest,
    responses(
        (status = 200, body = SignedInStaffMember),
        RequestProblems,
        BodyProblems,
        (status = 401, description = "The address, the password or the code is not right, or a code is wanted", body = Problem, content_type = "application/problem+json"),
        PublicProblems,
    )
)]
pub async fn login(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    JsonBody(StaffLoginRequest { email, password, tenant, totp, recovery_code }): JsonBody<StaffLoginRequest>,
) -> Result<Json<SignedInStaffMember>, ApiError> {
    let email: EmailAddress =
        email.parse().map_err(|error| ApiError::InvalidBody(vec![FieldError::new("email", format!("{error}"))]))?;
    let installation = state.store.installation();
    let found = match &tenant {
        Some(tenant) => installation.find_tenant(tenant).await?.filter(|tenant| tenant.closed_at.is_none()),
        None => None,
    };
    let is_known = tenant.is_none() || found.is_some();
    // Of an unknown or closed tenant nobody is let in, after the same work.
    let scope = staff_scope(&state, found.map(|tenant| tenant.id)).await?;
    let mark = scope.email_mark(&email);
    state.rates.take_login(address, &mark).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let password = Phi::new(password);
    let known = scope.staff_credentials(&email).await?.filter(|_| is_known);
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let verdict = state.passwords.check(password.clone(), hash).await?;
    let now = state.clock.now();
    let is_let_in = |known: &StaffCredentials| verdict != Verdict::Wrong && known.member.disabled_at.is_none();
    let Some(known) = known.filter(is_let_in) else {
        scope.record(refusal(&mark), now).await?;
        return Err(ApiError::InvalidCredentials);
    };
    let factor = match second_factor(&scope, &known, &Shown { totp, recovery_code }, now).await {
        Ok(factor) => factor,
        Err(error) => {
            if matches!(error, ApiError::CodeRefused) {
                scope.record(refusal(&mark), now).await?;
            }
            return Err(error);
        }
    };
    let Some((login, member)) = scope.sign_in_staff(&known, &factor, limits(&state, now), now).await? else {
        scope.record(refusal(&mark), now).await?;
        return Err(if matches!(factor, Factor::None) { ApiError::InvalidCredentials } else { ApiError::CodeRefused });
    };
    if verdict == Verdict::RightButWeaklyKept {
        scope.rehash_staff_password(&known, &state.passwords.hash(password).await?).await?;
    }
    signed_in(&state, &login, member).map(Json)
}

/// How long somebody who signs in now stays so.
pub(super) fn limits(state: &AppState, now: DateTime<Utc>) -> LoginLimits {
    let after = |interval: std::time::Duration| TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX);
    let settings = &state.config.staff;
    let end = now.checked_add_signed(after(settings.staff_absolute_timeout.0));
    LoginLimits { expires_at: end.unwrap_or(DateTime::<Utc>::MAX_UTC), idle: after(settings.staff_idle_timeout.0) }
}

pub(super) fn signed_in(
    state: &AppState,
    login: &StaffLogin,
    member: StaffMember,
) -> Result<SignedInStaffMember, ApiError> {
    let claims = StaffClaims { tenant: member.tenant, member: member.id, login: login.id };
    let token = state.tokens.issue_to_staff(claims, login.created_at, login.expires_at);
    Ok(SignedInStaffMember {
        token: token.map_err(|_| ApiError::Internal)?,
        expires_at: Timestamp(login.expires_at),
        staff: member.into(),
    })
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/enrolment",
    tag = "staff",
    summary = "Choose a password with an enrolment code, and sign in",
    description = "The code is good once, and for seven days. Whoever was signed in to the account is signed out. An account that has a second factor wants its code as well.",
    request_body = EnrolmentRequest,
    responses(
        (status = 200, body = SignedInStaffMember),
        RequestProblems,
        BodyProblems,
        (status = 401, description = "The code is not right, was used, or has expired", body = Problem, content_type = "application/problem+json"),
        PublicProblems,
    )
)]
pub async fn enrol(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    JsonBody(EnrolmentRequest { code, password, totp, recovery_code }): JsonBody<EnrolmentRequest>,
) -> Result<Json<SignedInStaffMember>, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.password("password", &password);
    mistakes.into_result()?;
    let refused = || {
        let limited = state.rates.take_failed_key(address);
        Err(limited.map_or_else(|retry_after| ApiError::RateLimited { retry_after }, |()| ApiError::InvalidEnrolment))
    };
    let Some(presented) = PresentedKey::parse(code.trim()) else { return refused() };
    let scope = async {
        let tenant = state.store.installation().tenant_of_staff(presented.id).await?;
        scope_to_sign_in_to(&state, tenant).await
    };
    let scope = match scope.await {
        Ok(scope) => scope,
        Err(StoreError::NotFound) => return refused(),
        Err(error) => return Err(error.into()),
    };
    let secret_hash = presented.secret_hash();
    if !scope.may_enrol(presented.id, &secret_hash, state.clock.now()).await? {
        return refused();
    }
    let known = scope.staff_credentials_of(presented.id).await?;
    let factor = second_factor(&scope, &known, &Shown { totp, recovery_code }, state.clock.now()).await?;
    let hash = state.passwords.hash(Phi::new(password)).await?;
    let now = state.clock.now();
    match scope.enrol(presented.id, &secret_hash, &hash, &factor, limits(&state, now), now).await? {
        Some((login, member)) => signed_in(&state, &login, member).map(Json),
        None if !matches!(factor, Factor::None) => Err(ApiError::CodeRefused),
        None => refused(),
    }
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/logout",
    tag = "staff",
    summary = "Sign out of the administration",
    description = "From now on the token opens nothing, on any node.",
    security(("staffToken" = [])),
    responses((status = 204, description = "Signed out"), StaffProblems)
)]
pub async fn logout(State(state): State<AppState>, staff: SignedInStaff) -> Result<StatusCode, ApiError> {
    staff.scope.revoke_staff_login(staff.login.id, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    get,
    path = "/v1/admin/auth/me",
    tag = "staff",
    summary = "Who is signed in to the administration",
    security(("staffToken" = [])),
    responses((status = 200, body = WireStaffMember), StaffProblems)
)]
pub async fn me(staff: SignedInStaff) -> Json<WireStaffMember> {
    Json(staff.member.into())
}

#[utoipa::path(
    put,
    path = "/v1/admin/auth/password",
    tag = "staff",
    summary = "Change one's own password",
    description = "Signs out everywhere but here.",
    request_body = PasswordChangeRequest,
    security(("staffToken" = [])),
    responses((status = 204, description = "It is changed"), RequestProblems, BodyProblems, StaffProblems)
)]
pub async fn change_password(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    SignedInStaff { scope, login, member }: SignedInStaff,
    JsonBody(PasswordChangeRequest { password, new_password }): JsonBody<PasswordChangeRequest>,
) -> Result<StatusCode, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.password("newPassword", &new_password);
    mistakes.into_result()?;
    let known = present_password(&state, address, &scope, &member, password).await?;
    let hash = state.passwords.hash(Phi::new(new_password)).await?;
    if scope.change_own_password(&known, &hash, login.id, state.clock.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(wrong_password())
    }
}

/// Somebody who is signed in shows once more that it is them.
pub(super) async fn present_password(
    state: &AppState,
    address: Option<ClientAddress>,
    scope: &StaffScope,
    member: &StaffMember,
    password: String,
) -> Result<StaffCredentials, ApiError> {
    let email: EmailAddress = member.email.expose().parse().map_err(|_| ApiError::Internal)?;
    let limited = state.rates.take_login(address, &scope.email_mark(&email));
    limited.map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let known = scope.staff_credentials_of(member.id).await?;
    let verdict = state.passwords.check(Phi::new(password), known.password_hash.clone()).await?;
    if verdict == Verdict::Wrong { Err(wrong_password()) } else { Ok(known) }
}

pub(super) fn wrong_password() -> ApiError {
    ApiError::InvalidBody(vec![FieldError::new("password", "is not the present password")])
}
