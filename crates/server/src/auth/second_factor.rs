//! What staff show besides a password.

use chrono::{DateTime, Utc};
use kuzushi_store::{Factor, StaffCredentials, StaffScope};
use serde::Deserialize;
use utoipa::ToSchema;

use super::totp;
use crate::error::ApiError;

/// A code, in the body of a request. Missing where there is no second factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShownFactor)]
pub struct Shown {
    /// The code that the phone shows.
    #[schema(nullable = false, example = "492039")]
    pub totp: Option<String>,
    /// Instead of it, one of the recovery codes. Each is good once.
    #[schema(nullable = false)]
    pub recovery_code: Option<String>,
}

/// Looks at what was shown. That it is good once is for the store to see to, which uses it up.
pub async fn second_factor(
    scope: &StaffScope,
    known: &StaffCredentials,
    shown: &Shown,
    now: DateTime<Utc>,
) -> Result<Factor, ApiError> {
    let Some(of) = known.totp.as_ref().filter(|totp| totp.is_confirmed) else { return Ok(Factor::None) };
    match shown {
        Shown { totp: None, recovery_code: None } => Err(ApiError::TotpRequired),
        Shown { recovery_code: Some(code), .. } => Ok(Factor::RecoveryCode(totp::recovery_hash(code))),
        Shown { totp: Some(code), .. } => {
            take_attempt(scope, known, now).await?;
            let step = totp::matching_step(&of.secret, code, of.last_step, now).ok_or(ApiError::CodeRefused)?;
            Ok(Factor::Totp { of: of.clone(), step })
        }
    }
}

/// Lets an attempt at a code go on, or says how long to wait.
pub async fn take_attempt(scope: &StaffScope, known: &StaffCredentials, now: DateTime<Utc>) -> Result<(), ApiError> {
    match scope.take_code_attempt(known.member.id, now).await? {
        None => Ok(()),
        Some(wait) => Err(ApiError::RateLimited { retry_after: wait.to_std().unwrap_or_default() }),
    }
}
