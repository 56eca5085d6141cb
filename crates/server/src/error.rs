//! Every way a request can fail, and what is said about it: RFC 9457 problem documents with a stable `code`.

use std::{fmt, time::Duration};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kuzushi_domain::StaffRole;
use kuzushi_store::{RequestState, StoreError, TimeOut};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{identities::Disbelief, passwords::Busy};

/// A field of a request that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name; nested ones are joined by dots. Empty when the whole is wrong.
    pub field: String,
    /// What is wrong with it, or what is wanted.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

#[derive(Debug)]
pub enum ApiError {
    UnknownProject {
        project_id: String,
    },
    OriginNotAllowed {
        origin: String,
    },
    InvalidBody(Vec<FieldError>),
    InvalidQuery(Vec<FieldError>),
    InvalidToken,
    /// Of a patient who did nothing for too long, or was signed in for as long as anybody may be.
    TimedOut(TimeOut),
    /// Of somebody who wants to sign in.
    InvalidCredentials,
    /// A hospital's word for who somebody is, that is not taken.
    IdentityRefused(Disbelief),
    /// The conversation is another patient's.
    SomebodyElses,
    /// Of the administration API.
    InvalidKey,
    Forbidden {
        role: StaffRole,
    },
    /// Of staff whose hospital is closed.
    TenantClosed,
    /// Of an API key that asks for what people have: an account.
    NoAccount,
    /// The password is right, and a code is wanted besides.
    TotpRequired,
    /// A code of a second factor that is not good.
    CodeRefused,
    /// Of staff whose password alone does not let them in, and who have nothing else yet.
    SecondFactorRequired,
    /// There is a second factor already.
    SecondFactorExists,
    /// A provider vouches for nobody who may sign in.
    OidcRefused(&'static str),
    /// A provider is not to be reached, or makes no sense.
    ProviderUnavailable,
    /// Nobody vouches for the staff of this tenant.
    NoIdentityProvider,
    /// What a provider would have to send browsers back to is not set.
    NoBaseUrl,
    /// A code with which a password could be chosen, and that is not good.
    InvalidEnrolment,
    /// Staff would change their own role, or shut themselves out.
    OwnAccount,
    /// Nobody would be left who answers for everything.
    LastInCharge {
        role: StaffRole,
    },
    /// Of staff whose work it is not to read what patients wrote, and who have not said why they have to.
    ReasonRequired,
    /// What is to be created exists already, and is another.
    AlreadyExists {
        field: &'static str,
    },
    /// Somebody else changed it since the caller looked.
    Changed {
        newest: Option<i32>,
    },
    /// Somebody else changed or removed it since the caller looked; it has no versions that could be named.
    Outdated,
    /// New conversations are divided by a split of which the caller does not know.
    Divided {
        number: i32,
    },
    /// Who asked for a change, or made the key that asks now, cannot approve or refuse it.
    SecondPersonNeeded,
    /// Somebody else asked for the change.
    NotYours,
    /// Only what is closed is destroyed.
    NotClosed,
    /// A legal hold is on something of the tenant that was to be erased.
    Held,
    /// Something else was asked for under this `Idempotency-Key`.
    IdempotencyKeyReused,
    /// It was done, and what was answered is not known.
    AnswerLost,
    /// The request for a change was decided, or is over.
    RequestClosed {
        state: RequestState,
    },
    SessionEnded,
    NotFound,
    MethodNotAllowed,
    TooLarge {
        limit: usize,
    },
    UnsupportedMediaType,
    UpgradeRequired,
    RateLimited {
        retry_after: Duration,
    },
    Unavailable,
    Internal,
}

/// An RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// What happened and what to do about it, for people.
    detail: String,
    /// A stable name, for programs.
    #[schema(example = "UNKNOWN_PROJECT")]
    code: &'static str,
    /// The fields at fault, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownProject { .. } | Self::NotFound | Self::NoIdentityProvider => StatusCode::NOT_FOUND,
            Self::OriginNotAllowed { .. }
            | Self::Forbidden { .. }
            | Self::NoAccount
            | Self::TenantClosed
            | Self::SecondFactorRequired
            | Self::ReasonRequired => StatusCode::FORBIDDEN,
            Self::SecondPersonNeeded | Self::NotYours => StatusCode::FORBIDDEN,
            Self::AlreadyExists { .. }
            | Self::Changed { .. }
            | Self::Divided { .. }
            | Self::Outdated
            | Self::RequestClosed { .. }
            | Self::NotClosed
            | Self::Held
            | Self::AnswerLost
            | Self::OwnAccount
            | Self::NoBaseUrl
            | Self::SecondFactorExists
            | Self::LastInCharge { .. }
            | Self::SomebodyElses => StatusCode::CONFLICT,
            Self::InvalidBody(_) | Self::InvalidQuery(_) => StatusCode::BAD_REQUEST,
            Self::InvalidToken
            | Self::TimedOut(_)
            | Self::InvalidKey
            | Self::InvalidCredentials
            | Self::InvalidEnrolment
            | Self::TotpRequired
            | Self::OidcRefused(_)
            | Self::CodeRefused
            | Self::IdentityRefused(_) => StatusCode::UNAUTHORIZED,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SessionEnded => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::ProviderUnavailable => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownProject { .. } => "UNKNOWN_PROJECT",
            Self::OriginNotAllowed { .. } => "ORIGIN_NOT_ALLOWED",
            Self::InvalidBody(_) => "INVALID_BODY",
            Self::InvalidQuery(_) => "INVALID_QUERY",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::TimedOut(TimeOut::Idle) => "SIGNED_OUT_IDLE",
            Self::TimedOut(TimeOut::Expired) => "SIGNED_OUT_EXPIRED",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::IdentityRefused(_) => "IDENTITY_REFUSED",
            Self::SomebodyElses => "SOMEBODY_ELSES",
            Self::InvalidKey => "INVALID_KEY",
            Self::Forbidden { .. } | Self::NoAccount => "FORBIDDEN",
            Self::TenantClosed => "TENANT_CLOSED",
            Self::InvalidEnrolment => "INVALID_ENROLMENT",
            Self::OidcRefused(_) => "OIDC_REFUSED",
            Self::ProviderUnavailable => "PROVIDER_UNAVAILABLE",
            Self::NoIdentityProvider => "NO_IDENTITY_PROVIDER",
            Self::NoBaseUrl => "NO_BASE_URL",
            Self::TotpRequired => "TOTP_REQUIRED",
            Self::CodeRefused => "CODE_REFUSED",
            Self::SecondFactorRequired => "SECOND_FACTOR_REQUIRED",
            Self::SecondFactorExists => "ALREADY_EXISTS",
            Self::OwnAccount => "OWN_ACCOUNT",
            Self::LastInCharge { .. } => "LAST_IN_CHARGE",
            Self::ReasonRequired => "REASON_REQUIRED",
            Self::AlreadyExists { .. } => "ALREADY_EXISTS",
            Self::Changed { .. } | Self::Divided { .. } | Self::Outdated => "CHANGED",
            Self::SecondPersonNeeded => "SECOND_PERSON_NEEDED",
            Self::NotYours => "NOT_YOURS",
            Self::RequestClosed { .. } => "REQUEST_CLOSED",
            Self::NotClosed => "NOT_CLOSED",
            Self::Held => "LEGAL_HOLD",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::AnswerLost => "ANSWER_LOST",
            Self::SessionEnded => "SESSION_ENDED",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::UpgradeRequired => "UPGRADE_REQUIRED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::UnknownProject { project_id } => {
                format!("There is no project `{project_id}`. Check projectId against the one in the administration.")
            }
            Self::OriginNotAllowed { origin } => {
                format!("The origin `{origin}` may not embed this project. Add it to the app's allowed origins.")
            }
            Self::InvalidBody(errors) | Self::InvalidQuery(errors) => errors
                .iter()
                .map(|error| {
                    if error.field.is_empty() {
                        error.message.clone()
                    } else {
                        format!("{}: {}", error.field, error.message)
                    }
                })
                .collect::<Vec<_>>()
                .join("; "),
            Self::InvalidToken => String::from(
                "The token is missing, expired or not valid. Send `Authorization: Bearer <token>` from session/init or auth/login.",
            ),
            Self::TimedOut(TimeOut::Idle) => {
                String::from("Nothing was done for too long, so the patient was signed out. Sign in again.")
            }
            Self::TimedOut(TimeOut::Expired) => {
                String::from("The patient was signed in for as long as anybody may be. Sign in again.")
            }
            Self::InvalidCredentials => String::from("The e-mail address or the password is not right."),
            Self::IdentityRefused(why) => format!("The token that says who the visitor is cannot be taken: {why}."),
            Self::SomebodyElses => String::from(
                "This conversation belongs to somebody else who signed in. Begin a new one, and sign in there.",
            ),
            Self::InvalidKey => String::from(
                "The API key is missing, expired, revoked or not valid. Send `Authorization: Bearer key_…`, or the token from /v1/admin/auth/login.",
            ),
            Self::NoAccount => String::from("This is for people who have signed in. An API key has no account."),
            Self::TenantClosed => {
                String::from("This hospital is closed, and its staff with it. An operator can open it again.")
            }
            Self::InvalidEnrolment => String::from(
                "The enrolment code is not right, was used before, or has expired. Ask whoever gave it to you for another.",
            ),
            Self::OidcRefused(why) => format!("Signing in with the provider did not work: {why}. Begin again."),
            Self::ProviderUnavailable => String::from(
                "The identity provider is not to be reached, or its answer makes no sense. Try again later; the server's log says more.",
            ),
            Self::NoIdentityProvider => String::from(
                "There is no such hospital, or it has no identity provider. Sign in with a password, or have an operator set a provider.",
            ),
            Self::NoBaseUrl => String::from(
                "The server does not know its own address. Set API_BASE_URL, for the provider to send browsers back to.",
            ),
            Self::TotpRequired => String::from(
                "The password is right, and this account has a second factor. Send the same again, with `totp` from the phone or with a `recoveryCode`.",
            ),
            Self::CodeRefused => String::from(
                "The code is not right, or was used before. Wait for the phone to show the next one, and check the phone's clock.",
            ),
            Self::SecondFactorRequired => String::from(
                "Signing in with a password alone is not enough here. Set up a second factor with POST /v1/admin/auth/totp, or sign in again with it.",
            ),
            Self::SecondFactorExists => {
                String::from("There is a second factor already. Remove it with POST /v1/admin/auth/totp/remove first.")
            }
            Self::OwnAccount => {
                String::from("Nobody changes their own role, or disables or deletes themselves. Ask a colleague.")
            }
            Self::LastInCharge { role } => format!(
                "No other {role} can sign in, and nobody would be left who answers for everything. Make somebody else {role} first, and wait until they have chosen a password."
            ),
            Self::Forbidden { role } => format!("The role {role} may not do this. Ask an owner or an operator."),
            Self::ReasonRequired => String::from(
                "Reading what patients wrote is not this role's work. State why it has to be with POST …/break-glass, which is recorded, and read while that lasts.",
            ),
            Self::AlreadyExists { field } => {
                format!("{field}: something else has this already. Choose another, or change what exists.")
            }
            Self::Changed { newest: Some(newest) } => {
                format!("Somebody else changed it: version {newest} is the current one. Look at it, and try again.")
            }
            Self::Changed { newest: None } => {
                String::from("There is no version yet that this could be based on or replace.")
            }
            Self::Outdated => String::from(
                "Somebody else changed or removed it. Read it again, and try again with what is there now.",
            ),
            Self::Divided { number } => format!(
                "New conversations are divided by split {number}. Look at it, and say replacesSplit: {number} to end it."
            ),
            Self::SecondPersonNeeded => String::from(
                "Another person has to decide this: not who asked for it, and no key that they made or were given by the same person. Withdraw it if it is not wanted any more.",
            ),
            Self::NotYours => {
                String::from("Somebody else asked for this, and only they can withdraw it. Refuse it instead.")
            }
            Self::IdempotencyKeyReused => String::from(
                "Something else was asked for under this Idempotency-Key in the last 24 hours. Use another for another request.",
            ),
            Self::AnswerLost => String::from(
                "This was done already, and what was answered is not to be had any more. Look for what it made before asking again under another Idempotency-Key.",
            ),
            Self::Held => String::from(
                "A legal hold is on something of this tenant's. Nothing may be erased until it is lifted: see GET …/holds.",
            ),
            Self::NotClosed => String::from(
                "The tenant is open. Close it first, make sure that nobody misses it, and destroy its key then.",
            ),
            Self::RequestClosed { state: RequestState::Void } => String::from(
                "What new conversations get has changed since this was asked for. Look at it, and ask again.",
            ),
            Self::RequestClosed { state } => {
                format!("This request is {} already. Ask again if the change is still wanted.", state.as_str())
            }
            Self::SessionEnded => {
                String::from("The session has ended. Begin a new one with session/init, without a token.")
            }
            Self::NotFound => String::from("There is nothing at this address."),
            Self::MethodNotAllowed => String::from("This address does not take this method."),
            Self::TooLarge { limit } => format!("The body is larger than {limit} bytes."),
            Self::UnsupportedMediaType => {
                String::from("Send JSON, not compressed, with the Content-Type application/json or text/plain.")
            }
            Self::UpgradeRequired => String::from("This address takes WebSocket connections."),
            Self::RateLimited { retry_after } => {
                format!("Too many requests. Try again in {} s.", whole_seconds(*retry_after))
            }
            Self::Unavailable => String::from("The service is not available at the moment. Try again soon."),
            Self::Internal => String::from("Something went wrong on our side."),
        }
    }
}

impl From<Busy> for ApiError {
    fn from(error: Busy) -> Self {
        tracing::warn!(%error, "a password has to wait");
        Self::Unavailable
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Changed { newest } => Self::Changed { newest },
            StoreError::LastInCharge { role } => Self::LastInCharge { role },
            StoreError::Divided { number } => Self::Divided { number },
            StoreError::SecondPersonNeeded => Self::SecondPersonNeeded,
            StoreError::NotTheirs => Self::NotYours,
            StoreError::NotClosed => Self::NotClosed,
            StoreError::Held => Self::Held,
            StoreError::RequestClosed { state } => Self::RequestClosed { state },
            StoreError::Lifted => Self::Outdated,
            StoreError::Unavailable(cause) => {
                tracing::warn!(error = cause, "the database is not available");
                Self::Unavailable
            }
            StoreError::KeyProgram(complaint) => {
                tracing::error!(error = complaint, "a key cannot be wrapped or unwrapped");
                Self::Unavailable
            }
            // Whoever may ask for an approval does so instead of passing this on.
            StoreError::ApprovalNeeded
            | StoreError::Conflict(_)
            | StoreError::Sealed(_)
            | StoreError::OtherKeys(_)
            | StoreError::Other(_) => {
                tracing::error!(error = %error, "the store failed");
                Self::Internal
            }
        }
    }
}

/// For the command line, which does what handlers do.
impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail())
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.detail(),
            code: self.code(),
            errors: match &self {
                Self::InvalidBody(errors) | Self::InvalidQuery(errors) => errors.clone(),
                _ => Vec::new(),
            },
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let extra: Option<(HeaderName, HeaderValue)> = match &self {
            Self::InvalidToken
            | Self::TimedOut(_)
            | Self::InvalidKey
            | Self::InvalidCredentials
            | Self::InvalidEnrolment
            | Self::TotpRequired
            | Self::OidcRefused(_)
            | Self::CodeRefused
            | Self::IdentityRefused(_) => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::RateLimited { retry_after } => Some((header::RETRY_AFTER, whole_seconds(*retry_after).into())),
            Self::Unavailable => Some((header::RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        };
        headers.extend(extra);
        response
    }
}

/// A duration for `Retry-After`: whole seconds, at least one.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs_f64().ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn what_a_program_for_keys_says_is_not_for_who_asked() {
        let complaint =
            String::from("CONTENT_KEY_COMMAND: `wrap-keys unwrap` failed with exit status: 7: AccessDenied");
        let response = ApiError::from(StoreError::KeyProgram(complaint)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(!body.contains("wrap-keys") && !body.contains("AccessDenied"), "{body}");
    }
}
