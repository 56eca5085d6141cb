//! A visitor's conversations: listing and ending them.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    problems::{BodyProblems, RequestProblems, SessionProblems, VisitorProblems},
    wire::Timestamp,
};
use crate::{auth::Visitor, error::ApiError, state::AppState};

#[derive(Serialize, ToSchema)]
pub struct SessionList {
    sessions: Vec<SessionSummary>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionSummary {
    session_id: String,
    created_at: Timestamp,
    last_active_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    ended_at: Option<Timestamp>,
    message_count: i64,
}

#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "conversation",
    summary = "The caller's own conversations, newest first",
    description = "A session's token shows that one session.",
    security(("sessionToken" = [])),
    responses(
        (status = 200, body = SessionList),
        VisitorProblems,
    )
)]
pub async fn list_sessions(Visitor { session, .. }: Visitor) -> Json<SessionList> {
    let summary = SessionSummary {
        session_id: session.id.to_string(),
        created_at: Timestamp(session.created_at),
        last_active_at: Timestamp(session.last_active_at),
        ended_at: session.ended_at.map(Timestamp),
        message_count: session.last_seq,
    };
    Json(SessionList { sessions: vec![summary] })
}

#[derive(Deserialize, Default, ToSchema)]
pub struct EndSession {
    /// Destroys the content as well, for good.
    #[serde(default)]
    erase: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    session_id: String,
    ended_at: Timestamp,
    erased: bool,
}

#[utoipa::path(
    post,
    path = "/v1/sessions/{sessionId}/end",
    tag = "conversation",
    summary = "End a conversation, and erase it if asked to",
    description = "Every open socket of the conversation closes with 4008. Ending what has ended changes nothing, except that it can still be erased.",
    params(("sessionId" = String, Path, description = "The session of the token")),
    request_body = EndSession,
    security(("sessionToken" = [])),
    responses(
        (status = 200, body = SessionEnded),
        BodyProblems,
        RequestProblems,
        VisitorProblems,
        SessionProblems,
    )
)]
pub async fn end_session(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(session_id): Path<String>,
    JsonBody(request): JsonBody<EndSession>,
) -> Result<Json<SessionEnded>, ApiError> {
    let session = visitor.own_session(&session_id)?;
    let ended_at = visitor.scope.end_session(session.id, request.erase, state.clock.now()).await?;
    state.conversations.enter(session.id).end();
    Ok(Json(SessionEnded { session_id: session.id.to_string(), ended_at: Timestamp(ended_at), erased: request.erase }))
}
