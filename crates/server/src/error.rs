//! Every way a request can fail, and what is said about it: RFC 9457 problem documents with a stable `code`.

mod detail;
mod kind;

use std::{fmt, time::Duration};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kuzushi_domain::StaffRole;
use kuzushi_store::{RequestState, StoreError, TimeOut, Unproven};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::{identities::Disbelief, passwords::Busy},
    uploads::FileRefusal,
};

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
    /// A config version has not passed the suite that its app requires.
    Unproven(Box<Unproven>),
    /// Versions have to pass the suite that would be removed.
    SuiteRequired,
    /// A suite is being asked of one of the app's versions already.
    EvaluationRuns,
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
    /// Of a request that should hold a form with a file.
    NoForm,
    /// Of a file that a visitor sent.
    FileRefused(FileRefusal),
    /// Of a document that is none of those that are read.
    UnknownDocumentType,
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

impl From<Busy> for ApiError {
    fn from(error: Busy) -> Self {
        tracing::warn!(%error, "a password has to wait");
        Self::Unavailable
    }
}

impl From<FileRefusal> for ApiError {
    fn from(refusal: FileRefusal) -> Self {
        Self::FileRefused(refusal)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Changed { newest } => Self::Changed { newest },
            StoreError::LastInCharge { role } => Self::LastInCharge { role },
            StoreError::Divided { number } => Self::Divided { number },
            StoreError::Unproven(unproven) => Self::Unproven(unproven),
            StoreError::SuiteRequired => Self::SuiteRequired,
            StoreError::EvaluationRuns => Self::EvaluationRuns,
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
        let (status, code) = self.kind();
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.detail().into_owned(),
            code,
            errors: match &self {
                Self::InvalidBody(errors) | Self::InvalidQuery(errors) => errors.clone(),
                _ => Vec::new(),
            },
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let extra: Option<(HeaderName, HeaderValue)> = match &self {
            _ if status == StatusCode::UNAUTHORIZED => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
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
