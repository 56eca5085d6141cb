//! A visitor's conversations: listing and ending them.

use axum::{Json, extract::State};
use kuzushi_domain::{Id, id};
use kuzushi_store::{Erasure, Session};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    problems::{BodyProblems, RequestProblems, SessionProblems, VisitorProblems},
    query::{PageParameters, Parameters},
    wire::Timestamp,
};
use crate::{
    auth::{Caller, Patient},
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
pub struct SessionList {
    sessions: Vec<SessionSummary>,
    /// The cursor for older conversations, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionSummary {
    session_id: String,
    created_at: Timestamp,
    /// To the minute.
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
    description = "A session's token shows that one session, a user's token all of the user's.",
    params(PageParameters),
    security(("sessionToken" = []), ("userToken" = [])),
    responses((status = 200, body = SessionList), RequestProblems, VisitorProblems)
)]
pub async fn list_sessions(caller: Caller, parameters: Parameters) -> Result<Json<SessionList>, ApiError> {
    let page = parameters.page::<Id<id::Session>>()?;
    let (sessions, before) = match caller {
        Caller::Visitor(_) if page.before.is_some() => (Vec::new(), None),
        Caller::Visitor(visitor) => (vec![visitor.session], None),
        Caller::Patient(Patient { scope, login }) => {
            let sessions = scope.sessions_of(login.user, page.before, page.limit).await?;
            let before = page.next(&sessions, |last| Some(last.id.to_string()));
            (sessions, before)
        }
    };
    Ok(Json(SessionList { sessions: sessions.iter().map(SessionSummary::from).collect(), before }))
}

impl From<&Session> for SessionSummary {
    fn from(session: &Session) -> Self {
        Self {
            session_id: session.id.to_string(),
            created_at: Timestamp(session.created_at),
            last_active_at: Timestamp(session.last_active_at),
            ended_at: session.ended_at.map(Timestamp),
            message_count: if session.is_erased() { 0 } else { session.last_seq },
        }
    }
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
    /// Whether its content is destroyed.
    erased: bool,
    /// Whether the hospital has to keep it for now. It opens for neither the visitor nor those who talk to patients any more, and
    /// is erased as soon as it may be.
    erasure_deferred: bool,
}

#[utoipa::path(
    post,
    path = "/v1/sessions/{sessionId}/end",
    tag = "conversation",
    summary = "End a conversation, and erase it if asked to",
    description = "Every open socket of the conversation closes with 4008. Ending what has ended changes nothing, except that it can still be erased. What is under a legal hold is hidden instead, and erased when that is lifted: `erased` is false then, and `erasureDeferred` true.",
    params(("sessionId" = String, Path, description = "A session that the token opens")),
    request_body = EndSession,
    security(("sessionToken" = []), ("userToken" = [])),
    responses((status = 200, body = SessionEnded), BodyProblems, RequestProblems, VisitorProblems, SessionProblems)
)]
pub async fn end_session(
    State(state): State<AppState>,
    caller: Caller,
    Segment(session_id): Segment,
    JsonBody(request): JsonBody<EndSession>,
) -> Result<Json<SessionEnded>, ApiError> {
    let session = caller.own_session(&session_id).await?;
    let ended = caller.scope().end_session(session.id, request.erase, state.clock.now()).await?;
    state.conversations.enter(session.id).end();
    Ok(Json(SessionEnded {
        session_id: session.id.to_string(),
        ended_at: Timestamp(ended.at),
        erased: ended.erasure == Erasure::Done,
        erasure_deferred: ended.erasure == Erasure::Deferred,
    }))
}
