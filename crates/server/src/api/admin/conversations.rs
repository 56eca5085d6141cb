//! A tenant's conversations, for its staff: which there were, and what was said in them.
//!
//! Those who talk to patients read as part of their work. Others state a reason first, and read for a while. Every reading
//! is on record before it is answered.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, Permission, id};
use kuzushi_store::{
    AccessGrant, Conversation, ConversationFilter, Message, MessagePage, NewAuditEvent, PageRequest, Session,
    StoreError, TenantScope,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        files::download,
        messages::{MessageList, MessagePageParameters, page_request},
        problems::{QueryProblems, ReadProblems, WriteProblems},
        query::{A_TIME, PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Minutes that a stated reason lasts unless the request says otherwise, and at most.
const USUAL_MINUTES: i64 = 15;
const MOST_MINUTES: i64 = 60;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conversation)]
pub struct WireConversation {
    session_id: String,
    app_id: String,
    /// The patient who signed in, or whom the hospital's own site named; missing where nobody was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    user_id: Option<String>,
    /// Whether it is known whose conversation it is.
    verified: bool,
    config_version: i32,
    /// 0 once they were erased.
    message_count: i64,
    created_at: Timestamp,
    /// To the minute.
    last_active_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    ended_at: Option<Timestamp>,
    erased: bool,
    /// Whether it is to be erased once no legal hold is on it any more. Until then only those read it who state why.
    erasure_deferred: bool,
}

impl From<Conversation> for WireConversation {
    fn from(conversation: Conversation) -> Self {
        Self {
            session_id: conversation.id.to_string(),
            app_id: conversation.app.to_string(),
            verified: conversation.user.is_some(),
            user_id: conversation.user.map(|user| user.to_string()),
            config_version: conversation.config_version,
            message_count: conversation.messages,
            created_at: Timestamp(conversation.created_at),
            last_active_at: Timestamp(conversation.last_active_at),
            ended_at: conversation.ended_at.map(Timestamp),
            erased: conversation.is_erased,
            erasure_deferred: conversation.is_erasure_due,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ConversationList {
    conversations: Vec<WireConversation>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/conversations",
    tag = "administration",
    summary = "A tenant's conversations, newest first, without what was said",
    params(
        ("tenantId" = String, Path),
        ("app" = Option<String>, Query, description = "Only those of this app"),
        ("user" = Option<String>, Query, description = "Only those of this patient"),
        ("from" = Option<String>, Query, description = "Only those that began at this time or later (RFC 3339)"),
        ("to" = Option<String>, Query, description = "Only those that began before this time (RFC 3339)"),
        PageParameters,
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = ConversationList), QueryProblems)
)]
pub async fn list_conversations(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<ConversationList>, ApiError> {
    let page = parameters.page::<Id<id::Session>>()?;
    let filter = ConversationFilter {
        before: page.before,
        app: parameters.parsed("app", "the id of an app")?,
        user: parameters.parsed("user", "the id of a user")?,
        from: parameters.parsed("from", A_TIME)?,
        to: parameters.parsed("to", A_TIME)?,
    };
    let scope = staff.scope(&state, &tenant, Permission::ListConversations).await?;
    let conversations = listed(&scope, filter, page.limit, state.clock.now()).await?;
    let before = page.next(&conversations, |last| Some(last.id.to_string()));
    Ok(Json(ConversationList {
        conversations: conversations.into_iter().map(WireConversation::from).collect(),
        before,
    }))
}

/// Conversations, that they were listed on record.
pub async fn listed(
    scope: &TenantScope,
    filter: ConversationFilter,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Conversation>, StoreError> {
    let conversations = scope.conversations(filter, limit).await?;
    let target = filter.user.map(|user| user.to_string()).unwrap_or_default();
    let event = NewAuditEvent::new(AuditAction::ConversationsListed, target);
    scope.record(event.with(json!({"conversations": conversations.len()})), now).await?;
    Ok(conversations)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/conversations/{sessionId}",
    tag = "administration",
    summary = "A conversation, without what was said",
    params(("tenantId" = String, Path), ("sessionId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireConversation), ReadProblems)
)]
pub async fn read_conversation(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, session)): Segment<(String, String)>,
) -> Result<Json<WireConversation>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ListConversations).await?;
    let conversation = scope.conversation(session_id(&session)?).await?;
    let event = NewAuditEvent::new(AuditAction::ConversationsListed, conversation.id);
    scope.record(event, state.clock.now()).await?;
    Ok(Json(conversation.into()))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/conversations/{sessionId}/messages",
    tag = "administration",
    summary = "What was said in a conversation, oldest first in the page",
    description = "For agents, as part of their work; for owners and operators while a reason that they stated lasts (`REASON_REQUIRED` otherwise). Without a cursor: the newest page. Every page that is read is on record. A conversation that is to be erased once no legal hold is on it any more opens with a stated reason only.",
    params(("tenantId" = String, Path), ("sessionId" = String, Path), MessagePageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = MessageList), QueryProblems)
)]
pub async fn read_messages(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, session)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<MessageList>, ApiError> {
    let now = state.clock.now();
    let page = page_request(&parameters)?;
    let (scope, reason) = reader(&state, &staff, &tenant, now).await?;
    let id = session_id(&session)?;
    // What somebody wanted erased is nobody's daily work.
    let session = if reason.is_empty() { scope.session(id).await? } else { scope.session_under_hold(id).await? };
    Ok(Json(MessageList::from(&read(&scope, &session, page, reason, now).await?)))
}

/// What was said, that it was read on record.
pub async fn read(
    scope: &TenantScope,
    session: &Session,
    page: PageRequest,
    reason: String,
    now: DateTime<Utc>,
) -> Result<MessagePage, StoreError> {
    let page = scope.messages(session, page).await?;
    let seq = |message: Option<&Message>| message.map(|message| message.seq);
    let read = json!({"from": seq(page.messages.first()), "to": seq(page.messages.last())});
    let event = NewAuditEvent::new(AuditAction::ConversationRead, session.id).because(reason).with(read);
    scope.record(event, now).await?;
    Ok(page)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/conversations/{sessionId}/files/{fileId}",
    tag = "administration",
    summary = "A file that a visitor sent, as a download",
    description = "For those who may read the conversation's messages, and on record like those.",
    params(("tenantId" = String, Path), ("sessionId" = String, Path), ("fileId" = String, Path)),
    security(("apiKey" = [])),
    responses(
        (status = 200, description = "The file, as `application/pdf` or an image", content_type = "application/octet-stream", body = Vec<u8>),
        ReadProblems,
    )
)]
pub async fn read_file(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, session, file)): Segment<(String, String, String)>,
) -> Result<Response, ApiError> {
    let now = state.clock.now();
    let (scope, reason) = reader(&state, &staff, &tenant, now).await?;
    let id = session_id(&session)?;
    let session = if reason.is_empty() { scope.session(id).await? } else { scope.session_under_hold(id).await? };
    let file = file.parse::<Id<id::File>>().map_err(|_| ApiError::NotFound)?;
    let found = scope.file(&session, file).await?;
    let event = NewAuditEvent::new(AuditAction::ConversationRead, session.id).because(reason);
    scope.record(event.with(json!({"file": file.to_string()})), now).await?;
    Ok(download(found))
}

/// The tenant, for those who may read now, with the reason where they needed one.
pub async fn reader(
    state: &AppState,
    staff: &Staff,
    tenant: &str,
    now: DateTime<Utc>,
) -> Result<(TenantScope, String), ApiError> {
    if staff.role.may(Permission::ReadConversations) {
        return Ok((staff.scope(state, tenant, Permission::ReadConversations).await?, String::new()));
    }
    let scope = staff.scope(state, tenant, Permission::BreakGlass).await?;
    let grant = scope.access_grant(now).await?.ok_or(ApiError::ReasonRequired)?;
    Ok((scope, grant.reason))
}

#[derive(Deserialize, ToSchema)]
pub struct BreakGlass {
    /// Why what patients wrote has to be read; goes on record with everything that is read because of it.
    #[schema(example = "Complaint 2026-118: what the assistant said about visiting hours")]
    reason: String,
    /// 1 to 60.
    #[schema(default = 15, nullable = false)]
    minutes: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlassBroken {
    grant_id: String,
    reason: String,
    expires_at: Timestamp,
}

impl From<AccessGrant> for GlassBroken {
    fn from(grant: AccessGrant) -> Self {
        Self { grant_id: grant.id.to_string(), reason: grant.reason, expires_at: Timestamp(grant.expires_at) }
    }
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/break-glass",
    tag = "administration",
    summary = "State why patients' words have to be read, and read them for a while",
    description = "For the key that asks, in this tenant, until it expires. The audit trail shows it at once.",
    params(("tenantId" = String, Path)),
    request_body = BreakGlass,
    security(("apiKey" = [])),
    responses((status = 201, body = GlassBroken), WriteProblems)
)]
pub async fn break_glass(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(BreakGlass { reason, minutes }): JsonBody<BreakGlass>,
) -> Result<(StatusCode, Json<GlassBroken>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::BreakGlass).await?;
    let minutes = minutes.unwrap_or(USUAL_MINUTES);
    let mut mistakes = Mistakes::default();
    mistakes.name("reason", &reason);
    if !(1..=MOST_MINUTES).contains(&minutes) {
        mistakes.note("minutes", format!("must be from 1 to {MOST_MINUTES}"));
    }
    mistakes.into_result()?;
    let now = state.clock.now();
    let grant = scope.grant_access(reason, now + TimeDelta::minutes(minutes), now).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

fn session_id(text: &str) -> Result<Id<id::Session>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}
