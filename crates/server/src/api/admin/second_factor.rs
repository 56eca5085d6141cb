//! Staff set up a second factor, and take it away.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_store::Factor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{present_password, wrong_password};
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems},
    },
    auth::{ClientAddress, Shown, SignedInStaff, api_keys::NoRandomness, second_factor, take_code_attempt, totp},
    error::{ApiError, FieldError},
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
pub struct TotpRequest {
    /// The present password: whoever finds a browser open must not make it theirs.
    password: String,
}

/// A secret for a phone, shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotpSecret {
    /// To be typed.
    secret: String,
    /// To be shown as a QR code.
    #[schema(example = "otpauth://totp/Kuzushi:ann%40example%2Eorg?secret=GEZDGNBVGY3TQOJQ&issuer=Kuzushi")]
    otpauth_url: String,
}

#[derive(Deserialize, ToSchema)]
pub struct TotpConfirmation {
    /// The code that the phone shows.
    #[schema(example = "492039")]
    totp: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    /// To be kept on paper: each lets in once without the phone. They are shown this once.
    recovery_codes: Vec<String>,
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/totp",
    tag = "staff",
    summary = "Begin to set up a second factor",
    description = "Answers with a secret for an authenticator on a phone. It counts once a code has confirmed it.",
    request_body = TotpRequest,
    security(("staffToken" = [])),
    responses((status = 200, body = TotpSecret), RequestProblems, BodyProblems, StaffProblems, ConflictProblems)
)]
pub async fn begin_totp(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    SignedInStaff { scope, member, .. }: SignedInStaff,
    JsonBody(TotpRequest { password }): JsonBody<TotpRequest>,
) -> Result<Json<TotpSecret>, ApiError> {
    let known = present_password(&state, address, &scope, &member, password).await?;
    if member.has_second_factor {
        return Err(ApiError::SecondFactorExists);
    }
    let secret = totp::generate_secret().map_err(no_secret)?;
    if !scope.begin_totp(&known, &secret).await? {
        return Err(wrong_password());
    }
    Ok(Json(TotpSecret { secret: totp::text(&secret), otpauth_url: totp::url(&secret, member.email.expose()) }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/totp/confirm",
    tag = "staff",
    summary = "Finish setting up a second factor",
    description = "Takes a code from the phone. From now on codes are asked for at every sign-in; everywhere but here the account is signed out.",
    request_body = TotpConfirmation,
    security(("staffToken" = [])),
    responses((status = 200, body = RecoveryCodes), RequestProblems, BodyProblems, StaffProblems, ConflictProblems)
)]
pub async fn confirm_totp(
    State(state): State<AppState>,
    SignedInStaff { scope, login, member }: SignedInStaff,
    JsonBody(TotpConfirmation { totp: code }): JsonBody<TotpConfirmation>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let now = state.clock.now();
    let known = scope.staff_credentials_of(member.id).await?;
    let Some(totp) = known.totp.as_ref() else {
        let first = "there is nothing to confirm; begin with POST /v1/admin/auth/totp";
        return Err(ApiError::InvalidBody(vec![FieldError::new("totp", first)]));
    };
    if totp.is_confirmed {
        return Err(ApiError::SecondFactorExists);
    }
    take_code_attempt(&scope, &known, now).await?;
    let step = totp::matching_step(&totp.secret, &code, None, now).ok_or_else(|| {
        let wrong = "is not the code of now; check the phone's clock";
        ApiError::InvalidBody(vec![FieldError::new("totp", wrong)])
    })?;
    let recovery_codes = totp::generate_recovery_codes().map_err(no_secret)?;
    let hashes: Vec<_> = recovery_codes.iter().map(|code| totp::recovery_hash(code)).collect();
    if !scope.confirm_totp(member.id, totp, step, &hashes, login.id, now).await? {
        return Err(ApiError::Outdated);
    }
    Ok(Json(RecoveryCodes { recovery_codes }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/auth/totp/remove",
    tag = "staff",
    summary = "Take one's second factor away",
    description = "Takes a code from the phone, or a recovery code. To change phones, set up another one then.",
    request_body = Shown,
    security(("staffToken" = [])),
    responses((status = 204, description = "There is none any more"), RequestProblems, BodyProblems, StaffProblems)
)]
pub async fn remove_totp(
    State(state): State<AppState>,
    SignedInStaff { scope, member, .. }: SignedInStaff,
    JsonBody(shown): JsonBody<Shown>,
) -> Result<StatusCode, ApiError> {
    let now = state.clock.now();
    let known = scope.staff_credentials_of(member.id).await?;
    let factor = second_factor(&scope, &known, &shown, now).await?;
    if matches!(factor, Factor::None) || scope.remove_totp(member.id, &factor, now).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::CodeRefused)
    }
}

fn no_secret(error: NoRandomness) -> ApiError {
    tracing::error!(%error, "no second factor can be made");
    ApiError::Internal
}
