//! The problems that routes have in common, as the API's description shows them.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

use crate::error::Problem;

/// A problem that many routes have, whatever else they say of themselves.
pub fn problem(what: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    RefOr::T(ResponseBuilder::new().description(what).content("application/problem+json", content).build())
}

/// What every route that opens a session can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum VisitorProblems {
    /// The token is missing, expired or not valid
    #[response(status = 401, content_type = "application/problem+json")]
    InvalidToken(Problem),
    /// The page's origin may not embed the session's app
    #[response(status = 403, content_type = "application/problem+json")]
    OriginNotAllowed(Problem),
    /// The service is not available at the moment; Retry-After says when to try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What a route about one session can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum SessionProblems {
    /// It is not the caller's session
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// What a route that anybody may call can answer, where it needs the database.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum PublicProblems {
    /// The service is not available at the moment; Retry-After says when to try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What a route with parameters or a body can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum RequestProblems {
    /// A field or parameter is missing or wrong; `errors` names it
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
}

/// What a route with a body can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum BodyProblems {
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Problem),
}

/// What every route of the administration can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum StaffProblems {
    /// The API key is missing, expired, revoked or not valid
    #[response(status = 401, content_type = "application/problem+json")]
    InvalidKey(Problem),
    /// The key's role may not do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The service is not available at the moment; Retry-After says when to try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What a route about something of a tenant can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum TenantProblems {
    /// It does not exist, or belongs to a tenant that the key does not open
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// What a route that goes on with a conversation can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum EndedProblems {
    /// The session has ended
    #[response(status = 410, content_type = "application/problem+json")]
    Ended(Problem),
}

/// What a route that others may have been faster at can answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; `ApiError` gives them")]
pub enum ConflictProblems {
    /// Something else has this name, or somebody changed it in the meantime
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
}

macro_rules! together {
    ($($(#[$comment:meta])* $name:ident = $first:ident $(+ $more:ident)+;)*) => {$(
        $(#[$comment])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let mut all = $first::responses();
                $(all.extend($more::responses());)+
                all
            }
        }
    )*};
}

together! {
    /// What a route that signs patients in can answer.
    SignInProblems = VisitorProblems + SessionProblems + EndedProblems + RequestProblems + BodyProblems + ConflictProblems;
    /// What a route that reads one thing of a tenant can answer.
    ReadProblems = StaffProblems + TenantProblems;
    /// What a route that has parameters besides can answer.
    QueryProblems = ReadProblems + RequestProblems;
    /// What a route that takes a body about something of a tenant can answer.
    WriteProblems = QueryProblems + BodyProblems;
}
