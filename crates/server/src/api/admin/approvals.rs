//! Changes that a second person has to approve.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{App, ApprovalRequest, Change, Decision, Replaces, RequestState, StoreError, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    apps::WireApp,
    config_versions::{Comparison, compare, open},
    fields::Mistakes,
    splits::WireArm,
};
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems, TenantProblems},
        query::{Parameters, wrong},
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// What came of asking for a change.
pub enum Asked<T> {
    Made(T),
    /// A second person has to approve it.
    Requested(ApprovalRequest),
}

impl<T> Asked<T> {
    /// Asks for the change that could not be made without a second person.
    pub async fn of(
        made: Result<T, StoreError>,
        (scope, app): (&TenantScope, &App),
        change: Change,
        replaces: Replaces,
        note: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        match made {
            Ok(made) => Ok(Self::Made(made)),
            Err(StoreError::ApprovalNeeded) => {
                let note = note.unwrap_or_default();
                let mut mistakes = Mistakes::default();
                mistakes.text("note", &note);
                mistakes.into_result()?;
                Ok(Self::Requested(scope.request_change(app.id, change, replaces, note, now).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// 200 with what was made, or 202 with the request.
    pub fn into_answer<Body: Serialize>(
        self,
        body: impl FnOnce(T) -> Result<Body, ApiError>,
    ) -> Result<Response, ApiError> {
        match self {
            Self::Made(made) => Ok(Json(body(made)?).into_response()),
            Self::Requested(request) => {
                Ok((StatusCode::ACCEPTED, Json(WireApprovalRequest::from(&request))).into_response())
            }
        }
    }
}

/// A change that a second person has to approve.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApprovalRequest)]
pub struct WireApprovalRequest {
    request_id: String,
    #[schema(value_type = WireChange)]
    change: &'static str,
    /// The version that all new conversations are to get.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    version: Option<i32>,
    /// How new conversations are to be divided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    arms: Vec<WireArm>,
    /// The version that was active when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    from_version: Option<i32>,
    /// The number of the split that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    from_split: Option<i32>,
    /// Why, says who asked.
    note: String,
    requested_by: String,
    requested_at: Timestamp,
    /// Until then it can be approved.
    expires_at: Timestamp,
    #[schema(value_type = WireRequestState)]
    state: &'static str,
    /// Who approved, refused or withdrew it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    decided_at: Option<Timestamp>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = ApprovalChange)]
pub enum WireChange {
    Activate,
    RollBack,
    Split,
    EndApproval,
}

/// `void`: what new conversations get has changed since it was made.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase", as = ApprovalState)]
pub enum WireRequestState {
    Open,
    Approved,
    Refused,
    Withdrawn,
    Void,
    Expired,
}

impl From<&ApprovalRequest> for WireApprovalRequest {
    fn from(request: &ApprovalRequest) -> Self {
        let arms = match &request.change {
            Change::Split { arms } => arms.iter().copied().map(WireArm::from).collect(),
            _ => Vec::new(),
        };
        Self {
            request_id: request.id.to_string(),
            change: request.change.as_str(),
            version: request.version,
            arms,
            from_version: request.from_version,
            from_split: request.from_split,
            note: request.note.clone(),
            requested_by: request.requested_by.clone(),
            requested_at: Timestamp(request.requested_at),
            expires_at: Timestamp(request.expires_at),
            state: request.state.as_str(),
            decided_by: request.decided_by.clone(),
            decided_at: request.decided_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequestList {
    approval_requests: Vec<WireApprovalRequest>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

/// A request with what new conversations would get otherwise than from the version that was active.
#[derive(Serialize, ToSchema)]
pub struct ApprovalRequestInFull {
    #[serde(flatten)]
    request: WireApprovalRequest,
    /// One for each version that new conversations would get.
    comparisons: Vec<Comparison>,
}

/// What the versions of a request would change.
pub async fn in_full(
    scope: &TenantScope,
    app: &App,
    request: &ApprovalRequest,
) -> Result<ApprovalRequestInFull, ApiError> {
    let versions: Vec<i32> = match &request.change {
        Change::Split { arms } => arms.iter().map(|arm| arm.version).collect(),
        _ => request.version.into_iter().collect(),
    };
    let mut comparisons = Vec::new();
    if let Some(from) = request.from_version {
        for to in versions.into_iter().filter(|to| *to != from) {
            comparisons.push(compare(scope, app, from, to).await?);
        }
    }
    Ok(ApprovalRequestInFull { request: request.into(), comparisons })
}

#[derive(Deserialize, ToSchema)]
pub struct ApprovalToSet {
    required: bool,
    /// Why, for whoever has to approve it.
    #[schema(nullable = false)]
    note: Option<String>,
}

/// Has changes approved by a second person, or asks for an end to that.
pub async fn set(
    (scope, app): (&TenantScope, &App),
    required: bool,
    note: Option<String>,
    now: DateTime<Utc>,
) -> Result<Asked<App>, ApiError> {
    if required {
        scope.require_approval(app.id, now).await?;
    } else if app.approval_required {
        let needed = Err(StoreError::ApprovalNeeded);
        return Asked::of(needed, (scope, app), Change::EndApproval, Replaces::default(), note, now).await;
    }
    Ok(Asked::Made(scope.app(app.id).await?))
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval",
    tag = "administration",
    summary = "Have what changes what new conversations get approved by a second person",
    description = "Activating a version, rolling back and splitting then make a request. Nobody approves their own, and an API key counts as the person who made it. Ending this needs the second person as well.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = ApprovalToSet,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireApp),
        (status = 202, body = WireApprovalRequest, description = "It waits for a second person"),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        TenantProblems,
    )
)]
pub async fn set_approval(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(ApprovalToSet { required, note }): JsonBody<ApprovalToSet>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let asked = set((&scope, &app), required, note, state.clock.now()).await?;
    asked.into_answer(|app| Ok(WireApp::from(app)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests",
    tag = "administration",
    summary = "Changes that wait for a second person, or did; newest first",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("state" = Option<String>, Query, description = "Only those that are open, approved, refused, withdrawn, void or expired"),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Requests in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = ApprovalRequestList), RequestProblems, StaffProblems, TenantProblems)
)]
pub async fn list_requests(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<ApprovalRequestList>, ApiError> {
    let page = parameters.page()?;
    let only = parameters.text("state").map(|text| {
        RequestState::parse(text)
            .ok_or_else(|| wrong("state", "wants open, approved, refused, withdrawn, void or expired"))
    });
    let only = only.transpose()?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let requests = scope.approval_requests(app.id, only, page.before, page.limit, state.clock.now()).await?;
    let before = page.next(&requests, |last| Some(last.id.to_string()));
    let approval_requests = requests.iter().map(WireApprovalRequest::from).collect();
    Ok(Json(ApprovalRequestList { approval_requests, before }))
}

fn request_id(text: &str) -> Result<Id<id::ApprovalRequest>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}",
    tag = "administration",
    summary = "A change that waits for a second person, with what would differ",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("requestId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = ApprovalRequestInFull), StaffProblems, TenantProblems)
)]
pub async fn read_request(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, request)): Segment<(String, String, String)>,
) -> Result<Json<ApprovalRequestInFull>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let request = scope.approval_request(app.id, request_id(&request)?, state.clock.now()).await?;
    Ok(Json(in_full(&scope, &app, &request).await?))
}

/// Says something to the request at an address.
async fn decide(
    state: &AppState,
    staff: &Staff,
    (tenant, app, request): (String, String, String),
    decision: Decision,
) -> Result<Json<WireApprovalRequest>, ApiError> {
    let (scope, app) = open(state, staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let decided = scope.decide_request(app.id, request_id(&request)?, decision, state.clock.now()).await?;
    Ok(Json(WireApprovalRequest::from(&decided)))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/approve",
    tag = "administration",
    summary = "Approve a change that somebody else asked for; it is made at once",
    description = "403 `SECOND_PERSON_NEEDED` for whoever asked. 409 `REQUEST_CLOSED` where somebody else was faster, it is over, or what new conversations get has changed since. The same once more answers the same.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("requestId" = String, Path)),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireApprovalRequest),
        RequestProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems
    )
)]
pub async fn approve_request(
    State(state): State<AppState>,
    staff: Staff,
    Segment(place): Segment<(String, String, String)>,
) -> Result<Json<WireApprovalRequest>, ApiError> {
    decide(&state, &staff, place, Decision::Approve).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/refuse",
    tag = "administration",
    summary = "Refuse a change that somebody else asked for",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("requestId" = String, Path)),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireApprovalRequest),
        RequestProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems
    )
)]
pub async fn refuse_request(
    State(state): State<AppState>,
    staff: Staff,
    Segment(place): Segment<(String, String, String)>,
) -> Result<Json<WireApprovalRequest>, ApiError> {
    decide(&state, &staff, place, Decision::Refuse).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/withdraw",
    tag = "administration",
    summary = "Take back what one has asked for",
    description = "403 `NOT_YOURS` for everybody else.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("requestId" = String, Path)),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireApprovalRequest),
        RequestProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems
    )
)]
pub async fn withdraw_request(
    State(state): State<AppState>,
    staff: Staff,
    Segment(place): Segment<(String, String, String)>,
) -> Result<Json<WireApprovalRequest>, ApiError> {
    decide(&state, &staff, place, Decision::Withdraw).await
}
