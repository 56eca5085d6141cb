//! A tenant's staff.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use kuzushi_domain::Permission;
use kuzushi_store::StaffScope;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    fields::Mistakes,
    people::{
        InvitedStaffMember, Renewed, StaffChangeRequest, StaffList, WireStaffMember, answer, change, delete, invite,
        list, member_id, renew, role_in_tenant,
    },
};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::IfMatch,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters},
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
pub struct StaffToInvite {
    /// Unique in the tenant; capitals do not count.
    #[schema(example = "ann@stmarys.example.org")]
    email: String,
    name: String,
    /// owner, editor, agent or auditor.
    #[schema(example = "editor")]
    role: String,
}

/// A tenant's staff, for those who may do this.
async fn of_tenant(
    state: &AppState,
    staff: &Staff,
    tenant: &str,
    permission: Permission,
) -> Result<StaffScope, ApiError> {
    Ok(staff.scope(state, tenant, permission).await?.staff())
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/staff",
    tag = "staff",
    summary = "A tenant's staff, newest first",
    params(("tenantId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = StaffList), QueryProblems)
)]
pub async fn list_staff(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<StaffList>, ApiError> {
    list(of_tenant(&state, &staff, &tenant, Permission::ReadStaff).await?, &parameters).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/staff",
    tag = "staff",
    summary = "Invite a person to a tenant's staff",
    description = "Answers with a code, once, with which they choose a password. Nothing is sent to the address: hand the code over in a way that you trust.",
    params(("tenantId" = String, Path)),
    request_body = StaffToInvite,
    security(("apiKey" = [])),
    responses(
        (status = 200, description = "They are there already, with this name and role", body = InvitedStaffMember),
        (status = 201, body = InvitedStaffMember),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn create_staff(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(StaffToInvite { email, name, role }): JsonBody<StaffToInvite>,
) -> Result<Response, ApiError> {
    let scope = of_tenant(&state, &staff, &tenant, Permission::ManageStaff).await?;
    let mut mistakes = Mistakes::default();
    let role = role_in_tenant(&role, &mut mistakes);
    invite(&state, scope, &email, name, role, mistakes).await
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/staff/{staffId}",
    tag = "staff",
    summary = "A member of a tenant's staff",
    params(("tenantId" = String, Path), ("staffId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireStaffMember), ReadProblems)
)]
pub async fn read_staff(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(answer(of_tenant(&state, &staff, &tenant, Permission::ReadStaff).await?.member(member_id(&id)?).await?))
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}/staff/{staffId}",
    tag = "staff",
    summary = "Change a staff member's name or role, or disable them",
    description = "It holds from their next request on. Nobody changes their own role or disables themselves, and the last owner who can sign in stays: 409.",
    params(("tenantId" = String, Path), ("staffId" = String, Path), IfMatch),
    request_body = StaffChangeRequest,
    security(("apiKey" = [])),
    responses((status = 200, body = WireStaffMember), WriteProblems, ConflictProblems)
)]
pub async fn change_staff(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<StaffChangeRequest>,
) -> Result<Response, ApiError> {
    let scope = of_tenant(&state, &staff, &tenant, Permission::ManageStaff).await?;
    change(&state, &staff, scope, &id, body, &headers).await
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/staff/{staffId}",
    tag = "staff",
    summary = "Delete a member of a tenant's staff",
    description = "Signs them out everywhere. What they did stays on record under their name.",
    params(("tenantId" = String, Path), ("staffId" = String, Path), IfMatch),
    security(("apiKey" = [])),
    responses((status = 204, description = "They are gone"), QueryProblems, ConflictProblems)
)]
pub async fn delete_staff(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let scope = of_tenant(&state, &staff, &tenant, Permission::ManageStaff).await?;
    delete(&state, &staff, scope, &id, &headers).await
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/staff/{staffId}/enrolment",
    tag = "staff",
    summary = "Give a member of a tenant's staff a new enrolment code",
    description = "For somebody who has lost their password, or their first code. The present password goes on being good until the code is used.",
    params(("tenantId" = String, Path), ("staffId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = InvitedStaffMember), QueryProblems)
)]
pub async fn renew_staff_enrolment(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Renewed, ApiError> {
    let scope = of_tenant(&state, &staff, &tenant, Permission::ManageStaff).await?;
    renew(&state, scope, &id).await
}
