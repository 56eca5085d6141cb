//! Those who run the installation. They belong to no tenant.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use kuzushi_domain::{Permission, StaffRole};
use kuzushi_store::StaffScope;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    fields::Mistakes,
    people::{
        InvitedStaffMember, Renewed, StaffChangeRequest, StaffList, WireStaffMember, answer, change, delete, invite,
        list, member_id, renew,
    },
};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::IfMatch,
        problems::{
            BodyProblems, ConflictProblems, QueryProblems, ReadProblems, RequestProblems, StaffProblems, WriteProblems,
        },
        query::{PageParameters, Parameters},
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
pub struct OperatorToInvite {
    /// Unique among operators; capitals do not count.
    #[schema(example = "ann@example.org")]
    email: String,
    name: String,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorChangeRequest {
    #[schema(nullable = false)]
    name: Option<String>,
    /// True signs them out everywhere and lets them in no more; false lets them in again.
    #[schema(nullable = false)]
    disabled: Option<bool>,
    /// True forgets what the identity provider calls them, and signs them out everywhere: whoever it says has their address is linked anew.
    #[schema(nullable = false)]
    unlink_provider: Option<bool>,
    /// True takes their second factor away and signs them out everywhere: for somebody who has lost their phone.
    #[schema(nullable = false)]
    reset_second_factor: Option<bool>,
    /// The version that the caller has seen: where it is no longer the newest, nothing is changed. `If-Match` says the same.
    #[schema(nullable = false)]
    if_version: Option<i32>,
}

/// The operators, for those who may do this.
async fn operators(state: &AppState, staff: &Staff) -> Result<StaffScope, ApiError> {
    staff.need(Permission::ManageOperators)?;
    Ok(staff.installation(state).staff().await?)
}

#[utoipa::path(
    get,
    path = "/v1/admin/staff",
    tag = "staff",
    summary = "The operators, newest first",
    params(PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = StaffList), RequestProblems, StaffProblems)
)]
pub async fn list_operators(
    State(state): State<AppState>,
    staff: Staff,
    parameters: Parameters,
) -> Result<Json<StaffList>, ApiError> {
    list(operators(&state, &staff).await?, &parameters).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/staff",
    tag = "staff",
    summary = "Invite an operator",
    description = "Answers with a code, once, with which they choose a password. Nothing is sent to the address: hand the code over in a way that you trust.",
    request_body = OperatorToInvite,
    security(("apiKey" = [])),
    responses(
        (status = 200, description = "They are there already, with this name and role", body = InvitedStaffMember),
        (status = 201, body = InvitedStaffMember),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        ConflictProblems,
    )
)]
pub async fn create_operator(
    State(state): State<AppState>,
    staff: Staff,
    JsonBody(OperatorToInvite { email, name }): JsonBody<OperatorToInvite>,
) -> Result<Response, ApiError> {
    let scope = operators(&state, &staff).await?;
    invite(&state, scope, &email, name, Some(StaffRole::Operator), Mistakes::default()).await
}

#[utoipa::path(
    get,
    path = "/v1/admin/staff/{staffId}",
    tag = "staff",
    summary = "An operator",
    params(("staffId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireStaffMember), ReadProblems)
)]
pub async fn read_operator(
    State(state): State<AppState>,
    staff: Staff,
    Segment(id): Segment,
) -> Result<Response, ApiError> {
    Ok(answer(operators(&state, &staff).await?.member(member_id(&id)?).await?))
}

#[utoipa::path(
    patch,
    path = "/v1/admin/staff/{staffId}",
    tag = "staff",
    summary = "Rename or disable an operator",
    description = "It holds from their next request on. Nobody disables themselves, and the last operator who can sign in stays: 409.",
    params(("staffId" = String, Path), IfMatch),
    request_body = OperatorChangeRequest,
    security(("apiKey" = [])),
    responses((status = 200, body = WireStaffMember), WriteProblems, ConflictProblems)
)]
pub async fn change_operator(
    State(state): State<AppState>,
    staff: Staff,
    Segment(id): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<OperatorChangeRequest>,
) -> Result<Response, ApiError> {
    let OperatorChangeRequest { name, disabled, unlink_provider, reset_second_factor, if_version } = body;
    let wanted = StaffChangeRequest { name, role: None, disabled, unlink_provider, reset_second_factor, if_version };
    let scope = operators(&state, &staff).await?;
    change(&state, &staff, scope, &id, wanted, &headers).await
}

#[utoipa::path(
    delete,
    path = "/v1/admin/staff/{staffId}",
    tag = "staff",
    summary = "Delete an operator",
    description = "Signs them out everywhere. What they did stays on record under their name.",
    params(("staffId" = String, Path), IfMatch),
    security(("apiKey" = [])),
    responses((status = 204, description = "They are gone"), QueryProblems, ConflictProblems)
)]
pub async fn delete_operator(
    State(state): State<AppState>,
    staff: Staff,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let scope = operators(&state, &staff).await?;
    delete(&state, &staff, scope, &id, &headers).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/staff/{staffId}/enrolment",
    tag = "staff",
    summary = "Give an operator a new enrolment code",
    description = "For somebody who has lost their password, or their first code. The present password goes on being good until the code is used.",
    params(("staffId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = InvitedStaffMember), QueryProblems)
)]
pub async fn renew_operator_enrolment(
    State(state): State<AppState>,
    staff: Staff,
    Segment(id): Segment,
) -> Result<Renewed, ApiError> {
    let scope = operators(&state, &staff).await?;
    renew(&state, scope, &id).await
}
