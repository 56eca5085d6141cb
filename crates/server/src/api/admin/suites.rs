//! An app's suites: questions with what is expected of the answers, and which of them config versions have to pass.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Permission, Share};
use kuzushi_store::{App, Change, NewSuite, Replaces, StoreError, Suite as StoredSuite, SuiteRequirement, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    approval_requests::{Asked, WireApprovalRequest},
    apps::WireApp,
    config_versions::open,
    fields::Mistakes,
};
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::Parameters,
        wire::Timestamp,
    },
    auth::Staff,
    error::{ApiError, FieldError},
    evaluation::{self, Case, Suite},
    segment::Segment,
    state::AppState,
};

/// A version of a suite, without its questions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Suite)]
pub struct WireSuite {
    suite: String,
    /// SHA-256 of what it asks and expects, in hexadecimal. Another hash is another version.
    hash: String,
    case_count: i32,
    written_by: String,
    written_at: Timestamp,
}

impl From<StoredSuite> for WireSuite {
    fn from(suite: StoredSuite) -> Self {
        Self {
            suite: suite.name,
            hash: suite.hash,
            case_count: suite.cases,
            written_by: suite.written_by,
            written_at: Timestamp(suite.written_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SuiteList {
    suites: Vec<WireSuite>,
}

#[derive(Serialize, ToSchema)]
pub struct SuiteInFull {
    #[serde(flatten)]
    suite: WireSuite,
    cases: Vec<Case>,
}

#[derive(Deserialize, ToSchema)]
pub struct SuiteToWrite {
    /// What would be the lines of a file.
    cases: Vec<Case>,
}

/// What a config version has to pass before new conversations get it.
#[derive(Serialize, ToSchema)]
#[schema(as = SuiteRequirement)]
pub struct WireRequirement {
    suite: String,
    /// Of the version of the suite.
    hash: String,
    /// The share of its cases that has to pass.
    #[schema(minimum = 0, maximum = 1)]
    minimum: f64,
}

impl From<&SuiteRequirement> for WireRequirement {
    fn from(requirement: &SuiteRequirement) -> Self {
        let SuiteRequirement { suite, hash, minimum } = requirement.clone();
        Self { suite, hash, minimum: minimum.fraction() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequirementToSet {
    /// Whether versions have to pass a suite at all.
    pub required: bool,
    /// Its name; wanted where one is required.
    #[schema(nullable = false)]
    pub suite: Option<String>,
    /// Which version of it; the newest without one.
    #[schema(nullable = false)]
    pub hash: Option<String>,
    /// The share of its cases that has to pass; all without one.
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub minimum: Option<f64>,
    /// Why, for whoever has to approve it.
    #[schema(nullable = false)]
    pub note: Option<String>,
}

/// Writes a suite's next version, unless the newest is the same. True: it is new.
pub async fn write(
    (scope, app): (&TenantScope, &App),
    name: String,
    suite: &Suite,
    now: DateTime<Utc>,
) -> Result<(StoredSuite, bool), ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.suite("suite", &name);
    mistakes.into_result()?;
    let cases = evaluation::number_of(suite.cases().len());
    let new = NewSuite { name, hash: suite.hash().to_owned(), cases, content: suite.lines() };
    Ok(scope.write_suite(app.id, new, now).await?)
}

/// Says what versions have to pass, or asks for it where a second person has to approve that.
pub async fn require(
    (scope, app): (&TenantScope, &App),
    wanted: RequirementToSet,
    now: DateTime<Utc>,
) -> Result<Asked<App>, ApiError> {
    let RequirementToSet { required, suite, hash, minimum, note } = wanted;
    let requirement = match (required, suite) {
        (false, _) => None,
        (true, None) => return Err(wrong("suite", "is missing: name the suite that is required")),
        (true, Some(name)) => {
            let minimum = minimum.map_or(Ok(Share::ALL), Share::from_fraction);
            let minimum = minimum.map_err(|error| wrong("minimum", &error.to_string()))?;
            let (suite, _) = match scope.suite(app.id, &name, hash.as_deref()).await {
                Err(StoreError::NotFound) => {
                    let field = if hash.is_some() { "hash" } else { "suite" };
                    return Err(wrong(field, "is none of this app's suites: write it first with PUT …/suites/NAME"));
                }
                found => found?,
            };
            Some(SuiteRequirement { suite: suite.name, hash: suite.hash, minimum })
        }
    };
    let made = scope.require_suite(app.id, requirement.clone(), now).await;
    Asked::of(made, (scope, app), Change::RequireSuite { requirement }, Replaces::default(), note, now).await
}

fn wrong(field: &str, message: &str) -> ApiError {
    ApiError::InvalidBody(vec![FieldError::new(field, message)])
}

/// A stored suite's cases.
pub fn cases(lines: &str) -> Result<Vec<Case>, ApiError> {
    Suite::read(lines).map(Suite::into_cases).map_err(|error| {
        tracing::error!(%error, "a stored suite cannot be read");
        ApiError::Internal
    })
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/suites",
    tag = "administration",
    summary = "An app's suites in their newest versions, by name",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = SuiteList), ReadProblems)
)]
pub async fn list_suites(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
) -> Result<Json<SuiteList>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let suites = scope.suites(app.id).await?;
    Ok(Json(SuiteList { suites: suites.into_iter().map(WireSuite::from).collect() }))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}",
    tag = "administration",
    summary = "A suite with its questions and what is expected of the answers",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("suite" = String, Path),
        ("hash" = Option<String>, Query, description = "The version of this hash; the newest without it"),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = SuiteInFull), QueryProblems)
)]
pub async fn read_suite(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, suite)): Segment<(String, String, String)>,
    parameters: Parameters,
) -> Result<Json<SuiteInFull>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let (suite, lines) = scope.suite(app.id, &suite, parameters.text("hash")).await?;
    Ok(Json(SuiteInFull { suite: suite.into(), cases: cases(&lines)? }))
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}",
    tag = "administration",
    summary = "Write a suite, or its next version",
    description = "Every version is kept. Where a suite is required, the version that is required stays so until another is: see `PUT …/required-suite`. The same once more changes nothing.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("suite" = String, Path, description = "Its name: of a-z, 0-9 and -"),
    ),
    request_body = SuiteToWrite,
    security(("apiKey" = [])),
    responses(
        (status = 201, body = WireSuite),
        (status = 200, body = WireSuite, description = "It is so already"),
        WriteProblems,
    )
)]
pub async fn write_suite(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, name)): Segment<(String, String, String)>,
    JsonBody(SuiteToWrite { cases }): JsonBody<SuiteToWrite>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteConfigs).await?;
    let suite = Suite::of_cases(cases).map_err(ApiError::InvalidBody)?;
    let (suite, is_new) = write((&scope, &app), name, &suite, state.clock.now()).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(WireSuite::from(suite))).into_response())
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}",
    tag = "administration",
    summary = "Remove a suite in all its versions",
    description = "What came of asking it stays on record. 409 `SUITE_REQUIRED` while versions have to pass it.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("suite" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is gone"), ReadProblems, ConflictProblems)
)]
pub async fn remove_suite(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, suite)): Segment<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteConfigs).await?;
    scope.remove_suite(app.id, &suite, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/required-suite",
    tag = "administration",
    summary = "Say which suite a config version has to pass before new conversations get it",
    description = "A version is then activated, or made an arm of a split, if the newest evaluation of it with this version of the suite and with the articles as they are has passed. Rolling back needs none. Where one is required already and the app's changes need a second person, another requirement, or none, is asked for: 202.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = RequirementToSet,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireApp),
        (status = 202, body = WireApprovalRequest, description = "It waits for a second person"),
        WriteProblems,
    )
)]
pub async fn set_required_suite(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(wanted): JsonBody<RequirementToSet>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let asked = require((&scope, &app), wanted, state.clock.now()).await?;
    asked.into_answer(|app| Ok(WireApp::from(app)))
}
