//! Changes that a second person has to approve.

use axum::{Json, extract::State, response::Response};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{App, Change, Decision, Replaces, RequestState, StoreError, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    approval_requests::{ApprovalRequestInFull, Asked, WireApprovalRequest, in_full},
    apps::WireApp,
    config_versions::open,
};
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters, wrong},
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
pub struct ApprovalToSet {
    required: bool,
    /// Why, for whoever has to approve it.
    #[schema(nullable = false)]
    note: Option<String>,
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
        WriteProblems,
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
        PageParameters,
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = ApprovalRequestList), QueryProblems)
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
    responses((status = 200, body = ApprovalRequestInFull), ReadProblems)
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

/// The routes on which somebody says something to a request: each is described in its own words, and all are one.
macro_rules! decisions {
    ($($handler:ident: $decision:ident at $path:literal, $summary:literal, $description:literal;)*) => {$(
        #[utoipa::path(
            post,
            path = $path,
            tag = "administration",
            summary = $summary,
            description = $description,
            params(("tenantId" = String, Path), ("appId" = String, Path), ("requestId" = String, Path)),
            security(("apiKey" = [])),
            responses((status = 200, body = WireApprovalRequest), QueryProblems, ConflictProblems)
        )]
        pub async fn $handler(
            State(state): State<AppState>,
            staff: Staff,
            Segment(place): Segment<(String, String, String)>,
        ) -> Result<Json<WireApprovalRequest>, ApiError> {
            decide(&state, &staff, place, Decision::$decision).await
        }
    )*};
}

decisions! {
    approve_request: Approve at "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/approve",
        "Approve a change that somebody else asked for; it is made at once",
        "403 `SECOND_PERSON_NEEDED` for whoever asked. 409 `REQUEST_CLOSED` where somebody else was faster, it is over, or what new conversations get has changed since. The same once more answers the same.";
    refuse_request: Refuse at "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/refuse",
        "Refuse a change that somebody else asked for",
        "403 `SECOND_PERSON_NEEDED` for whoever asked: they withdraw it.";
    withdraw_request: Withdraw at "/v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/withdraw",
        "Take back what one has asked for",
        "403 `NOT_YOURS` for everybody else.";
}
