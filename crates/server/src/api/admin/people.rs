//! People who use the administration, whether a tenant's staff or the operators, who belong to none: what is said of them
//! and done with them. Their routes are in `staff.rs` and `operators.rs`.

use axum::{
    Extension, Json,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::TimeDelta;
use kuzushi_domain::{EmailAddress, Id, Phi, StaffRole, id};
use kuzushi_store::{Enrolment, NewStaffMember, StaffChange, StaffMember, StaffScope, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        entity_tags::{if_match, tagged},
        idempotency::ShownOnce,
        query::Parameters,
        wire::Timestamp,
    },
    auth::{
        Staff,
        api_keys::{self, GeneratedKey},
    },
    error::ApiError,
    state::AppState,
};

/// The code is in the first answer only, also where the same is asked for again.
const CODE: ShownOnce = ShownOnce("enrolmentCode");
pub(super) type Renewed = (Extension<ShownOnce>, Json<InvitedStaffMember>);

/// How long an enrolment code is good.
pub const ENROLMENT_LIFE: TimeDelta = TimeDelta::days(7);

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StaffMember)]
pub struct WireStaffMember {
    staff_id: String,
    /// Missing for an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    tenant_id: Option<String>,
    email: String,
    name: String,
    #[schema(example = "editor")]
    role: &'static str,
    /// Whether there is a password to sign in with.
    has_password: bool,
    /// Whether the identity provider has vouched for them, and they sign in with it.
    has_provider: bool,
    /// Whether codes are asked for besides it.
    has_second_factor: bool,
    /// Until when an enrolment code waits for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    enrolment_expires_at: Option<Timestamp>,
    /// 1, 2, 3…: rises with every change that staff make. Also the answer's `ETag`.
    version: i32,
    created_at: Timestamp,
    changed_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    disabled_at: Option<Timestamp>,
}

impl From<StaffMember> for WireStaffMember {
    fn from(member: StaffMember) -> Self {
        Self {
            staff_id: member.id.to_string(),
            tenant_id: member.tenant.map(|tenant| tenant.to_string()),
            email: member.email.into_inner(),
            name: member.name.into_inner(),
            role: member.role.as_str(),
            has_password: member.has_password,
            has_provider: member.has_provider,
            has_second_factor: member.has_second_factor,
            enrolment_expires_at: member.enrolment_expires_at.map(Timestamp),
            version: member.version,
            created_at: Timestamp(member.created_at),
            changed_at: Timestamp(member.changed_at),
            disabled_at: member.disabled_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct StaffList {
    staff: Vec<WireStaffMember>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

/// A person with the code that lets them choose a password, which is shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitedStaffMember {
    #[serde(flatten)]
    description: WireStaffMember,
    /// What they send to `/v1/admin/auth/enrolment`, once and within seven days. Missing for somebody who was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    enrolment_code: Option<String>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaffChangeRequest {
    #[schema(nullable = false)]
    pub(super) name: Option<String>,
    /// owner, editor, agent or auditor. It holds from the next request on.
    #[schema(nullable = false)]
    pub(super) role: Option<String>,
    /// True signs them out everywhere and lets them in no more; false lets them in again.
    #[schema(nullable = false)]
    pub(super) disabled: Option<bool>,
    /// True forgets what the identity provider calls them, and signs them out everywhere: whoever it says has their address is linked anew.
    #[schema(nullable = false)]
    pub(super) unlink_provider: Option<bool>,
    /// True takes their second factor away and signs them out everywhere: for somebody who has lost their phone.
    #[schema(nullable = false)]
    pub(super) reset_second_factor: Option<bool>,
    /// The version that the caller has seen: where it is no longer the newest, nothing is changed. `If-Match` says the same.
    #[schema(nullable = false)]
    pub(super) if_version: Option<i32>,
}

pub(super) fn member_id(text: &str) -> Result<Id<id::StaffMember>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}

/// Whether it is the account of whoever asks.
fn is_own(staff: &Staff, scope: &StaffScope, id: Id<id::StaffMember>) -> bool {
    staff.own_tenant == scope.tenant() && staff.is(id)
}

/// A role that a tenant's staff may have. Nobody who may call this has less than these.
pub(super) fn role_in_tenant(role: &str, mistakes: &mut Mistakes) -> Option<StaffRole> {
    let role = role.parse().ok().filter(|role| *role != StaffRole::Operator);
    if role.is_none() {
        mistakes.note("role", "wants one of owner, editor, agent, auditor");
    }
    role
}

/// A new enrolment code for a person.
pub fn new_enrolment(
    id: Id<id::StaffMember>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(GeneratedKey<id::StaffMember>, Enrolment), api_keys::NoRandomness> {
    let code = api_keys::generate_for(id)?;
    let enrolment = Enrolment { secret_hash: code.secret_hash, expires_at: now + ENROLMENT_LIFE };
    Ok((code, enrolment))
}

fn no_code(error: api_keys::NoRandomness) -> ApiError {
    tracing::error!(%error, "no enrolment code can be made");
    ApiError::Internal
}

/// A person with their version as the entity tag.
pub(super) fn answer(member: StaffMember) -> Response {
    tagged(StatusCode::OK, member.version, WireStaffMember::from(member))
}

pub(super) async fn list(scope: StaffScope, parameters: &Parameters) -> Result<Json<StaffList>, ApiError> {
    let page = parameters.page()?;
    let members = scope.members(page.before, page.limit).await?;
    let before = page.next(&members, |last| Some(last.id.to_string()));
    Ok(Json(StaffList { staff: members.into_iter().map(WireStaffMember::from).collect(), before }))
}

pub(super) async fn invite(
    state: &AppState,
    scope: StaffScope,
    email: &str,
    name: String,
    role: Option<StaffRole>,
    mut mistakes: Mistakes,
) -> Result<Response, ApiError> {
    let email: Option<EmailAddress> = email.parse().map_err(|error| mistakes.note("email", format!("{error}"))).ok();
    mistakes.name("name", &name);
    mistakes.into_result()?;
    let (Some(email), Some(role)) = (email, role) else { return Err(ApiError::Internal) };
    let now = state.clock.now();
    let id = Id::generate();
    let (code, enrolment) = new_enrolment(id, now).map_err(no_code)?;
    let new = NewStaffMember { id, role, email: email.clone(), name: Phi::new(name.clone()), enrolment };
    let (status, member, enrolment_code) = match scope.create_member(new, now).await {
        Ok(member) => (StatusCode::CREATED, member, Some(code.text)),
        Err(StoreError::Conflict(_)) => {
            let known = scope.staff_credentials(&email).await?.map(|known| known.member);
            let same = known.filter(|known| known.role == role && *known.name.expose() == name);
            (StatusCode::OK, same.ok_or(ApiError::AlreadyExists { field: "email" })?, None)
        }
        Err(error) => return Err(error.into()),
    };
    let mut response =
        tagged(status, member.version, InvitedStaffMember { description: member.into(), enrolment_code });
    response.extensions_mut().insert(CODE);
    Ok(response)
}

pub(super) async fn renew(state: &AppState, scope: StaffScope, id: &str) -> Result<Renewed, ApiError> {
    let id = member_id(id)?;
    let now = state.clock.now();
    let (code, enrolment) = new_enrolment(id, now).map_err(no_code)?;
    let member = scope.renew_enrolment(id, enrolment, now).await?;
    Ok((Extension(CODE), Json(InvitedStaffMember { description: member.into(), enrolment_code: Some(code.text) })))
}

pub(super) async fn change(
    state: &AppState,
    staff: &Staff,
    scope: StaffScope,
    id: &str,
    body: StaffChangeRequest,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let StaffChangeRequest { name, role, disabled, unlink_provider, reset_second_factor, if_version } = body;
    let version = if_version.or(if_match(headers)?);
    let mut mistakes = Mistakes::default();
    if let Some(name) = &name {
        mistakes.name("name", name);
    }
    let role = role.and_then(|role| role_in_tenant(&role, &mut mistakes));
    mistakes.into_result()?;
    let change = StaffChange {
        name: name.map(Phi::new),
        role,
        disabled,
        unlink_provider: unlink_provider.unwrap_or(false),
        reset_second_factor: reset_second_factor.unwrap_or(false),
    };
    let id = member_id(id)?;
    let is_about_access =
        change.role.is_some() || change.disabled == Some(true) || change.reset_second_factor || change.unlink_provider;
    if is_about_access && is_own(staff, &scope, id) {
        return Err(ApiError::OwnAccount);
    }
    Ok(answer(scope.change_member(id, change, version, state.clock.now()).await?))
}

pub(super) async fn delete(
    state: &AppState,
    staff: &Staff,
    scope: StaffScope,
    id: &str,
    headers: &HeaderMap,
) -> Result<StatusCode, ApiError> {
    let id = member_id(id)?;
    if is_own(staff, &scope, id) {
        return Err(ApiError::OwnAccount);
    }
    scope.delete_member(id, if_match(headers)?, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
