//! The audit trail, for those who have to know who did what.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Permission};
use kuzushi_store::{AuditEvent, AuditFilter, AuditTrail, NewAuditEvent};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    api::{
        problems::{QueryProblems, RequestProblems, StaffProblems},
        query::{A_TIME, Page, PageParameters, Parameters, wrong},
        wire::Timestamp,
    },
    audit_file::Format,
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Something that was done.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct WireAuditEvent {
    /// 1, 2, 3… without holes.
    seq: i64,
    at: Timestamp,
    actor: WireActor,
    #[schema(example = "conversation.read")]
    action: String,
    /// The identifier of what it was done to.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    target: String,
    /// Why, where a reason had to be stated.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    reason: String,
    /// Identifiers and numbers that say more.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(required = false, value_type = Object)]
    details: Value,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
pub struct WireActor {
    /// Of an API key, a patient or a conversation; or `system`, or `command line`.
    id: String,
    /// The key's name, as it was then. Never a patient's.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    name: String,
    /// The key's role, as it was then.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    role: String,
}

impl From<AuditEvent> for WireAuditEvent {
    fn from(event: AuditEvent) -> Self {
        Self {
            seq: event.seq,
            at: Timestamp(event.at),
            actor: WireActor { id: event.actor, name: event.actor_name, role: event.actor_role },
            action: event.action,
            target: event.target,
            reason: event.reason,
            details: event.details,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AuditEventList {
    events: Vec<WireAuditEvent>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

/// The page of a chain that a request asks for; reading it is on record.
async fn read_page(
    trail: &AuditTrail,
    filter: AuditFilter,
    page: &Page<i64>,
    now: DateTime<Utc>,
) -> Result<Json<AuditEventList>, ApiError> {
    let events = trail.events(filter, page.limit).await?;
    let event = NewAuditEvent::new(AuditAction::AuditRead, "").with(json!({"events": events.len()}));
    trail.record(event, now).await?;
    let before = page.next(&events, |last| (last.seq > 1).then(|| last.seq.to_string()));
    Ok(Json(AuditEventList { events: events.into_iter().map(WireAuditEvent::from).collect(), before }))
}

/// How the parameters that [`filter`] reads are described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters; `filter` reads them")]
struct AuditParameters {
    /// Only this action, such as `conversation.read`
    action: Option<String>,
    /// Only what this one did: the id of a key, a patient or a conversation
    actor: Option<String>,
    /// Only what was done to this: its id
    target: Option<String>,
    /// Only what was done at this time or later (RFC 3339)
    from: Option<String>,
    /// Only what was done before this time (RFC 3339)
    to: Option<String>,
}

/// What a request asks for of the trail.
fn filter(parameters: &Parameters, before: Option<i64>) -> Result<AuditFilter, ApiError> {
    Ok(AuditFilter {
        before,
        action: parameters.parsed::<AuditAction>("action", "the name of an action, such as conversation.read")?,
        actor: parameters.text("actor").map(str::to_owned),
        target: parameters.text("target").map(str::to_owned),
        from: parameters.parsed("from", A_TIME)?,
        to: parameters.parsed("to", A_TIME)?,
    })
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/audit",
    tag = "administration",
    summary = "Who did what in a tenant, newest first",
    description = "Reading it is on record as well.",
    params(("tenantId" = String, Path), AuditParameters, PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = AuditEventList), QueryProblems)
)]
pub async fn list_events(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<AuditEventList>, ApiError> {
    let page = parameters.page()?;
    let filter = filter(&parameters, page.before)?;
    let scope = staff.scope(&state, &tenant, Permission::ReadAudit).await?;
    read_page(&scope.audit_trail(), filter, &page, state.clock.now()).await
}

#[utoipa::path(
    get,
    path = "/v1/admin/audit",
    tag = "administration",
    summary = "Who did what to the installation, beyond any tenant, newest first",
    description = "For operators: tenants that were added, operators' keys.",
    params(AuditParameters, PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = AuditEventList), RequestProblems, StaffProblems)
)]
pub async fn list_installation_events(
    State(state): State<AppState>,
    staff: Staff,
    parameters: Parameters,
) -> Result<Json<AuditEventList>, ApiError> {
    // Operators alone see beyond a tenant.
    staff.need(Permission::ManageTenants)?;
    let page = parameters.page()?;
    let filter = filter(&parameters, page.before)?;
    read_page(&staff.installation(&state).audit_trail(), filter, &page, state.clock.now()).await
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/audit/export",
    tag = "administration",
    summary = "A tenant's audit trail as a file, newest first",
    params(
        ("tenantId" = String, Path),
        ("format" = Option<String>, Query, description = "`jsonl`, one event a line, which is the default; or `csv`"),
        AuditParameters,
    ),
    security(("apiKey" = [])),
    responses(
        (status = 200, description = "The file", content((String = "application/jsonl"), (String = "text/csv"))),
        QueryProblems,
    )
)]
pub async fn export_events(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let filter = filter(&parameters, None)?;
    let format: Format =
        parameters.text("format").unwrap_or("jsonl").parse().map_err(|message: &str| wrong("format", message))?;
    let scope = staff.scope(&state, &tenant, Permission::ReadAudit).await?;
    let file = format.export(scope.audit_trail(), filter, state.clock.now()).await?;
    let name = format!("attachment; filename=\"audit.{}\"", format.extension());
    let headers = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(file)).into_response())
}
