//! What was said in a conversation, page by page.

use axum::Json;
use kuzushi_store::{Message, MessagePage, PageRequest};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    problems::{RequestProblems, SessionProblems, VisitorProblems},
    query::Parameters,
    wire::WireMessage,
};
use crate::{auth::Caller, error::ApiError, segment::Segment};

#[derive(Serialize, ToSchema)]
pub struct MessageList {
    /// Oldest first.
    messages: Vec<WireMessage>,
    /// The cursor for older messages, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
    /// The cursor for newer messages, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    after: Option<String>,
}

#[utoipa::path(
    get,
    path = "/v1/sessions/{sessionId}/messages",
    tag = "conversation",
    summary = "The messages of a conversation, oldest first in the page",
    description = "Without a cursor: the newest page.",
    params(("sessionId" = String, Path, description = "A session that the token opens"), MessagePageParameters),
    security(("sessionToken" = []), ("userToken" = [])),
    responses((status = 200, body = MessageList), RequestProblems, VisitorProblems, SessionProblems)
)]
pub async fn list_messages(
    caller: Caller,
    Segment(session_id): Segment,
    parameters: Parameters,
) -> Result<Json<MessageList>, ApiError> {
    let session = caller.own_session(&session_id).await?;
    let page = caller.scope().messages(&session, page_request(&parameters)?).await?;
    Ok(Json(MessageList::from(&page)))
}

/// How the parameters that [`page_request`] reads are described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters; `page_request` reads them")]
pub struct MessagePageParameters {
    /// A cursor from an earlier page: older messages
    before: Option<String>,
    /// A cursor from an earlier page: newer messages
    after: Option<String>,
    /// Messages in the page: 50 unless given, 200 for more than that
    #[param(minimum = 1)]
    limit: Option<u64>,
}

/// Which messages of a conversation are asked for.
pub fn page_request(parameters: &Parameters) -> Result<PageRequest, ApiError> {
    Ok(PageRequest {
        before: parameters.cursor("before")?,
        after: parameters.cursor("after")?,
        limit: parameters.limit()?,
    })
}

impl From<&MessagePage> for MessageList {
    fn from(page: &MessagePage) -> Self {
        let seq_of = |message: Option<&Message>| message.map(|message| message.seq.to_string());
        Self {
            before: seq_of(page.messages.first()).filter(|_| page.has_older),
            after: seq_of(page.messages.last()).filter(|_| page.has_newer),
            messages: page.messages.iter().map(WireMessage::from).collect(),
        }
    }
}
