//! A tenant's legal holds: what must not be erased while a matter is open.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{AuditAction, Id, Permission, Phi, id};
use kuzushi_store::{HoldFilter, HoldSubject, LegalHold, NewAuditEvent, NewLegalHold, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LegalHold)]
pub struct WireLegalHold {
    hold_id: String,
    /// The app whose conversations it is on. Where none of `appId`, `userId` and `sessionId` is there, it is on all of the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    app_id: Option<String>,
    /// The patient whose account and conversations it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    user_id: Option<String>,
    /// The conversation it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    session_id: Option<String>,
    matter: String,
    reason: String,
    placed_by: String,
    placed_at: Timestamp,
    /// Absent while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    lifted: Option<Lifted>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LiftedHold)]
pub struct Lifted {
    by: String,
    at: Timestamp,
    reason: String,
}

impl From<LegalHold> for WireLegalHold {
    fn from(hold: LegalHold) -> Self {
        let (mut app_id, mut user_id, mut session_id) = (None, None, None);
        match hold.subject {
            HoldSubject::Tenant => {}
            HoldSubject::App(app) => app_id = Some(app.to_string()),
            HoldSubject::User(user) => user_id = Some(user.to_string()),
            HoldSubject::Session(session) => session_id = Some(session.to_string()),
        }
        Self {
            hold_id: hold.id.to_string(),
            app_id,
            user_id,
            session_id,
            matter: hold.matter.expose().clone(),
            reason: hold.reason.expose().clone(),
            placed_by: hold.placed_by,
            placed_at: Timestamp(hold.placed_at),
            lifted: hold.lifted.map(|lifted| Lifted {
                by: lifted.by,
                at: Timestamp(lifted.at),
                reason: lifted.reason.expose().clone(),
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct LegalHoldList {
    holds: Vec<WireLegalHold>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegalHoldToPlace {
    /// What the matter is called. Encrypted, as is the reason; say nothing of what a patient wrote.
    #[schema(example = "Case 2026-118")]
    matter: String,
    /// Why nothing may be erased.
    #[schema(example = "Letter of the court of 27 November 2026")]
    reason: String,
    /// On this app's conversations.
    #[schema(nullable = false)]
    app_id: Option<String>,
    /// On this patient's account and conversations.
    #[schema(nullable = false)]
    user_id: Option<String>,
    /// On this conversation. At most one of the three; without any, the hold is on all of the tenant's conversations and accounts.
    #[schema(nullable = false)]
    session_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct LegalHoldToLift {
    /// Why what it was on may be erased again.
    #[schema(example = "Settled on 3 March 2027")]
    reason: String,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/holds",
    tag = "administration",
    summary = "A tenant's legal holds, newest first",
    params(
        ("tenantId" = String, Path),
        ("inForce" = Option<bool>, Query, description = "Only those in force, or only those that were lifted"),
        PageParameters,
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = LegalHoldList), QueryProblems)
)]
pub async fn list_holds(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<LegalHoldList>, ApiError> {
    let page = parameters.page()?;
    let filter = HoldFilter { before: page.before, in_force: parameters.parsed("inForce", "true or false")? };
    let scope = staff.scope(&state, &tenant, Permission::ReadHolds).await?;
    let holds = scope.holds(filter, page.limit).await?;
    let event = NewAuditEvent::new(AuditAction::HoldsRead, "").with(json!({"holds": holds.len()}));
    scope.record(event, state.clock.now()).await?;
    let before = page.next(&holds, |last| Some(last.id.to_string()));
    Ok(Json(LegalHoldList { holds: holds.into_iter().map(WireLegalHold::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/holds",
    tag = "administration",
    summary = "Place a legal hold",
    description = "From then on nothing that it is on is erased: not by age, not by patients, not by staff. What somebody wants erased meanwhile is hidden at once, and erased when no hold is on it any more.",
    params(("tenantId" = String, Path)),
    request_body = LegalHoldToPlace,
    security(("apiKey" = [])),
    responses((status = 201, body = WireLegalHold), WriteProblems)
)]
pub async fn place_hold(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(LegalHoldToPlace { matter, reason, app_id, user_id, session_id }): JsonBody<LegalHoldToPlace>,
) -> Result<(StatusCode, Json<WireLegalHold>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageHolds).await?;
    let mut mistakes = Mistakes::default();
    mistakes.name("matter", &matter);
    mistakes.reason("reason", &reason);
    let (field, subject) = match (app_id, user_id, session_id) {
        (None, None, None) => ("", Some(HoldSubject::Tenant)),
        (Some(app), None, None) => ("appId", app.parse().ok().map(HoldSubject::App)),
        (None, Some(user), None) => ("userId", user.parse().ok().map(HoldSubject::User)),
        (None, None, Some(session)) => ("sessionId", session.parse().ok().map(HoldSubject::Session)),
        _ => {
            mistakes.note("", "wants at most one of appId, userId and sessionId; place a hold for each");
            ("", None)
        }
    };
    const UNKNOWN: &str = "is nothing of this tenant's that could still be kept";
    if subject.is_none() && !field.is_empty() {
        mistakes.note(field, UNKNOWN);
    }
    mistakes.into_result()?;
    let Some(subject) = subject else { return Err(ApiError::Internal) };
    let new = NewLegalHold { subject, matter: Phi::new(matter), reason: Phi::new(reason) };
    match scope.place_hold(new, state.clock.now()).await {
        Ok(hold) => Ok((StatusCode::CREATED, Json(hold.into()))),
        Err(StoreError::NotFound) => {
            let mut mistakes = Mistakes::default();
            mistakes.note(field, UNKNOWN);
            Err(mistakes.into_result().err().unwrap_or(ApiError::NotFound))
        }
        Err(error) => Err(error.into()),
    }
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/holds/{holdId}",
    tag = "administration",
    summary = "A legal hold",
    params(("tenantId" = String, Path), ("holdId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireLegalHold), ReadProblems)
)]
pub async fn read_hold(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, hold)): Segment<(String, String)>,
) -> Result<Json<WireLegalHold>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadHolds).await?;
    let hold = scope.hold(hold_id(&hold)?).await?;
    scope.record(NewAuditEvent::new(AuditAction::HoldsRead, hold.id), state.clock.now()).await?;
    Ok(Json(hold.into()))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/holds/{holdId}/lift",
    tag = "administration",
    summary = "Lift a legal hold",
    description = "What waited for it is erased within the hour, where no other hold is on it, and retention goes on. Of two who lift it the second is told (409 `CHANGED`).",
    params(("tenantId" = String, Path), ("holdId" = String, Path)),
    request_body = LegalHoldToLift,
    security(("apiKey" = [])),
    responses((status = 200, body = WireLegalHold), WriteProblems, ConflictProblems)
)]
pub async fn lift_hold(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, hold)): Segment<(String, String)>,
    JsonBody(LegalHoldToLift { reason }): JsonBody<LegalHoldToLift>,
) -> Result<Json<WireLegalHold>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageHolds).await?;
    let mut mistakes = Mistakes::default();
    mistakes.reason("reason", &reason);
    mistakes.into_result()?;
    Ok(Json(scope.lift_hold(hold_id(&hold)?, &Phi::new(reason), state.clock.now()).await?.into()))
}

fn hold_id(text: &str) -> Result<Id<id::LegalHold>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}
