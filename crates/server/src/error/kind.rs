//! The status and the code of every problem.

use axum::http::StatusCode;
use kuzushi_store::TimeOut;

use super::ApiError;
use crate::uploads::FileRefusal;

impl ApiError {
    /// The status that it is answered with, and its stable name, for programs.
    pub(super) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidBody(_) => (StatusCode::BAD_REQUEST, "INVALID_BODY"),
            Self::InvalidQuery(_) => (StatusCode::BAD_REQUEST, "INVALID_QUERY"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::TimedOut(TimeOut::Idle) => (StatusCode::UNAUTHORIZED, "SIGNED_OUT_IDLE"),
            Self::TimedOut(TimeOut::Expired) => (StatusCode::UNAUTHORIZED, "SIGNED_OUT_EXPIRED"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS"),
            Self::IdentityRefused(_) => (StatusCode::UNAUTHORIZED, "IDENTITY_REFUSED"),
            Self::InvalidKey => (StatusCode::UNAUTHORIZED, "INVALID_KEY"),
            Self::InvalidEnrolment => (StatusCode::UNAUTHORIZED, "INVALID_ENROLMENT"),
            Self::OidcRefused(_) => (StatusCode::UNAUTHORIZED, "OIDC_REFUSED"),
            Self::TotpRequired => (StatusCode::UNAUTHORIZED, "TOTP_REQUIRED"),
            Self::CodeRefused => (StatusCode::UNAUTHORIZED, "CODE_REFUSED"),
            Self::OriginNotAllowed { .. } => (StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED"),
            Self::Forbidden { .. } | Self::NoAccount => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::TenantClosed => (StatusCode::FORBIDDEN, "TENANT_CLOSED"),
            Self::SecondFactorRequired => (StatusCode::FORBIDDEN, "SECOND_FACTOR_REQUIRED"),
            Self::ReasonRequired => (StatusCode::FORBIDDEN, "REASON_REQUIRED"),
            Self::SecondPersonNeeded => (StatusCode::FORBIDDEN, "SECOND_PERSON_NEEDED"),
            Self::NotYours => (StatusCode::FORBIDDEN, "NOT_YOURS"),
            Self::UnknownProject { .. } => (StatusCode::NOT_FOUND, "UNKNOWN_PROJECT"),
            Self::NoIdentityProvider => (StatusCode::NOT_FOUND, "NO_IDENTITY_PROVIDER"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::SomebodyElses => (StatusCode::CONFLICT, "SOMEBODY_ELSES"),
            Self::NoBaseUrl => (StatusCode::CONFLICT, "NO_BASE_URL"),
            Self::SecondFactorExists | Self::AlreadyExists { .. } => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
            Self::OwnAccount => (StatusCode::CONFLICT, "OWN_ACCOUNT"),
            Self::LastInCharge { .. } => (StatusCode::CONFLICT, "LAST_IN_CHARGE"),
            Self::Changed { .. } | Self::Divided { .. } | Self::Outdated => (StatusCode::CONFLICT, "CHANGED"),
            Self::Unproven(_) => (StatusCode::CONFLICT, "EVALUATION_NEEDED"),
            Self::SuiteRequired => (StatusCode::CONFLICT, "SUITE_REQUIRED"),
            Self::EvaluationRuns => (StatusCode::CONFLICT, "EVALUATION_RUNS"),
            Self::RequestClosed { .. } => (StatusCode::CONFLICT, "REQUEST_CLOSED"),
            Self::NotClosed => (StatusCode::CONFLICT, "NOT_CLOSED"),
            Self::Held => (StatusCode::CONFLICT, "LEGAL_HOLD"),
            Self::AnswerLost => (StatusCode::CONFLICT, "ANSWER_LOST"),
            Self::SessionEnded => (StatusCode::GONE, "SESSION_ENDED"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
            Self::UnsupportedMediaType | Self::NoForm | Self::UnknownDocumentType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::FileRefused(why) => match why {
                FileRefusal::SwitchedOff => (StatusCode::FORBIDDEN, "FILES_NOT_TAKEN"),
                FileRefusal::UnknownKind => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "FILE_KIND"),
                FileRefusal::Empty | FileRefusal::Damaged | FileRefusal::TooExpensive => {
                    (StatusCode::UNPROCESSABLE_ENTITY, "FILE_UNREADABLE")
                }
                FileRefusal::HidesAnother | FileRefusal::Active | FileRefusal::Encrypted | FileRefusal::Infected => {
                    (StatusCode::UNPROCESSABLE_ENTITY, "FILE_UNSAFE")
                }
                FileRefusal::SessionFull | FileRefusal::AppFull => (StatusCode::CONFLICT, "FILES_FULL"),
            },
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED"),
            Self::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "UPGRADE_REQUIRED"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
            Self::ProviderUnavailable => (StatusCode::BAD_GATEWAY, "PROVIDER_UNAVAILABLE"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        }
    }
}
