//! A conversation as a download.

use std::fmt::Write;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use kuzushi_domain::{AuditAction, Rating, Role};
use kuzushi_store::{Feedback, Message, NewAuditEvent, PageRequest, Session, StoreError, TenantScope};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    problems::{RequestProblems, SessionProblems, VisitorProblems},
    query::{LARGEST_PAGE, Parameters, wrong},
    wire::{Timestamp, WireMessage},
};
use crate::{auth::Caller, error::ApiError, segment::Segment, state::AppState};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    session_id: String,
    exported_at: Timestamp,
    messages: Vec<WireMessage>,
}

#[utoipa::path(
    get,
    path = "/v1/sessions/{sessionId}/export",
    tag = "conversation",
    summary = "The whole conversation as a download",
    params(
        ("sessionId" = String, Path, description = "A session that the token opens"),
        ("format" = Option<String>, Query, description = "`json`, which is the default, or `text`"),
    ),
    security(("sessionToken" = []), ("userToken" = [])),
    responses(
        (status = 200, description = "As JSON, or as text for reading and printing", content(
            (Export = "application/json"),
            (String = "text/plain"),
        )),
        RequestProblems,
        VisitorProblems,
        SessionProblems,
    )
)]
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Segment(session_id): Segment,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let session = caller.own_session(&session_id).await?;
    let now = state.clock.now();
    let exported_at = Timestamp(now);
    let format = parameters.text("format").unwrap_or("json");
    if !matches!(format, "json" | "text") {
        return Err(wrong("format", "wants json or text"));
    }
    let messages = all_messages(caller.scope(), &session).await?;
    let event = NewAuditEvent::new(AuditAction::ConversationExported, session.id);
    caller.scope().record(event.with(json!({"messages": messages.len()})), now).await?;
    let (mut response, extension) = if format == "json" {
        let export = Export {
            session_id: session.id.to_string(),
            exported_at,
            messages: messages.iter().map(WireMessage::from).collect(),
        };
        (Json(export).into_response(), "json")
    } else {
        (as_text(&messages, exported_at).into_response(), "txt")
    };
    let name = format!("attachment; filename=\"conversation-{}.{extension}\"", &exported_at.text()[..10]);
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

async fn all_messages(scope: &TenantScope, session: &Session) -> Result<Vec<Message>, StoreError> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |message: &Message| message.seq);
        let page = PageRequest { before: None, after: Some(after), limit: LARGEST_PAGE };
        let page = scope.messages(session, page).await?;
        all.extend(page.messages);
        if !page.has_newer {
            return Ok(all);
        }
    }
}

fn as_text(messages: &[Message], exported_at: Timestamp) -> String {
    let mut text = format!("Conversation, exported {}\n", exported_at.text());
    for message in messages {
        let who = match message.role {
            Role::User => "You",
            Role::Assistant => "Assistant",
            Role::Agent => "Staff",
            Role::System => "Notice",
        };
        let _ = write!(text, "\n[{}] {who}:\n{}\n", Timestamp(message.created_at).text(), message.content.expose());
        for attachment in &message.details.attachments {
            let _ = writeln!(text, "File: {} ({} bytes)", attachment.name.expose(), attachment.size);
        }
        for citation in &message.details.citations {
            let url = citation.url.as_ref().map(|url| format!(" ({url})")).unwrap_or_default();
            let _ = writeln!(text, "Source: {}{url}", citation.title);
        }
        if let Some(Feedback { rating, comment }) = &message.feedback {
            let helped = match rating {
                Rating::Up => "yes",
                Rating::Down => "no",
            };
            let comment = comment.as_ref().map(|comment| format!(". {}", comment.expose())).unwrap_or_default();
            let _ = writeln!(text, "Did this help you: {helped}{comment}");
        }
    }
    text
}
