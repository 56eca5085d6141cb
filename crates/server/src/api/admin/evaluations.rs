//! Suites that are asked of config versions, and what came of it.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{Evaluation, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::config_versions::open;
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::Parameters,
        wire::Timestamp,
    },
    auth::Staff,
    error::{ApiError, FieldError},
    evaluation::{CaseResult, job},
    segment::Segment,
    state::AppState,
};

/// A suite that was asked of a config version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Evaluation)]
pub struct WireEvaluation {
    evaluation_id: String,
    version: i32,
    suite: String,
    suite_hash: String,
    #[schema(value_type = WireEvaluationState)]
    state: &'static str,
    case_count: i32,
    /// Cases whose every expectation was met; absent until it is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    passed: Option<i32>,
    /// How often each kind of expectation was met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    expectations: Vec<ExpectationCount>,
    started_by: String,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    finished_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ExpectationCount {
    /// By its name in the suite; `completes` is expected of every answer.
    expectation: String,
    met: u32,
    of: u32,
}

/// `broken_off`: its server stopped, or could not go on. Nothing came of it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = EvaluationState)]
pub enum WireEvaluationState {
    Running,
    Finished,
    BrokenOff,
}

impl From<Evaluation> for WireEvaluation {
    fn from(evaluation: Evaluation) -> Self {
        let expectations = evaluation.expectations.unwrap_or_default();
        Self {
            evaluation_id: evaluation.id.to_string(),
            version: evaluation.version,
            suite: evaluation.suite,
            suite_hash: evaluation.suite_hash,
            state: evaluation.state.as_str(),
            case_count: evaluation.cases,
            passed: evaluation.passed,
            expectations: serde_json::from_value(expectations).unwrap_or_default(),
            started_by: evaluation.started_by,
            started_at: Timestamp(evaluation.started_at),
            finished_at: evaluation.finished_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct EvaluationList {
    evaluations: Vec<WireEvaluation>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

/// An evaluation with what came of each case. What was answered is kept nowhere.
#[derive(Serialize, ToSchema)]
pub struct EvaluationInFull {
    #[serde(flatten)]
    evaluation: WireEvaluation,
    /// Empty until it is finished.
    cases: Vec<CaseResult>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationToMake {
    /// The name of one of the app's suites.
    suite: String,
    /// Which version of it; the newest without one.
    #[schema(nullable = false)]
    hash: Option<String>,
    /// The config version that is asked.
    version: i32,
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/evaluations",
    tag = "administration",
    summary = "Ask a suite of a config version",
    description = "The server asks in the background, with the articles as they are, and records how many cases passed; what was answered is kept nowhere. 409 `EVALUATION_RUNS` while another one of the app runs.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = EvaluationToMake,
    security(("apiKey" = [])),
    responses(
        (status = 202, body = WireEvaluation),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn start_evaluation(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(EvaluationToMake { suite, hash, version }): JsonBody<EvaluationToMake>,
) -> Result<(StatusCode, Json<WireEvaluation>), ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteConfigs).await?;
    let wrong = |field: &str, message: &str| Err(ApiError::InvalidBody(vec![FieldError::new(field, message)]));
    match scope.suite(app.id, &suite, hash.as_deref()).await {
        Err(StoreError::NotFound) => {
            let field = if hash.is_some() { "hash" } else { "suite" };
            return wrong(field, "is none of this app's suites: write it first with PUT …/suites/NAME");
        }
        found => found.map(drop)?,
    }
    match job::begin(&state, &scope, app.id, version, (&suite, hash.as_deref())).await {
        Err(StoreError::NotFound) => wrong("version", "is no version of this app"),
        begun => Ok((StatusCode::ACCEPTED, Json(begun?.into()))),
    }
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/evaluations",
    tag = "administration",
    summary = "What came of asking suites of an app's config versions, newest first",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("version" = Option<i32>, Query, description = "Only of this config version"),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Evaluations in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = EvaluationList), QueryProblems)
)]
pub async fn list_evaluations(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<EvaluationList>, ApiError> {
    let page = parameters.page()?;
    let version = parameters.parsed("version", "a version number")?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let evaluations = scope.evaluations(app.id, version, page.before, page.limit, state.clock.now()).await?;
    let before = page.next(&evaluations, |last| Some(last.id.to_string()));
    let evaluations = evaluations.into_iter().map(WireEvaluation::from).collect();
    Ok(Json(EvaluationList { evaluations, before }))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/evaluations/{evaluationId}",
    tag = "administration",
    summary = "What came of asking a suite, case by case",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("evaluationId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = EvaluationInFull), ReadProblems)
)]
pub async fn read_evaluation(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, evaluation)): Segment<(String, String, String)>,
) -> Result<Json<EvaluationInFull>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let id: Id<id::Evaluation> = evaluation.parse().map_err(|_| ApiError::NotFound)?;
    let (evaluation, report) = scope.evaluation(app.id, id, state.clock.now()).await?;
    let cases = serde_json::from_slice(&report.unwrap_or_else(|| b"[]".to_vec())).map_err(|error| {
        tracing::error!(%error, "the report of an evaluation cannot be read");
        ApiError::Internal
    })?;
    Ok(Json(EvaluationInFull { evaluation: evaluation.into(), cases }))
}
