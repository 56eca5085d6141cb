//! Patients' accounts are deleted, and what they wrote is erased if asked to.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{Erasure, StoreError, TenantScope};
use serde::Serialize;
use utoipa::ToSchema;

use super::users::user_id;
use crate::{
    api::{
        entity_tags::{IfMatch, if_match},
        problems::{ConflictProblems, QueryProblems},
        query::Parameters,
    },
    auth::Staff,
    conversation::close_for_the_signed_out,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Conversations that are erased at a time.
const ERASED_AT_ONCE: u64 = 200;

/// What a legal hold is on, of what was to be deleted.
#[derive(Serialize, Default, ToSchema)]
pub struct DeletionDeferred {
    /// Whether the account is among it.
    account: bool,
    /// How many of the conversations are.
    conversations: u64,
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/users/{userId}",
    tag = "administration",
    summary = "Delete a patient's account, and what they wrote if asked to",
    description = "Signs them out everywhere. Their conversations are opened by nobody any more. What is under a legal hold is hidden instead, and deleted when that is lifted: then the answer is 202.",
    params(
        ("tenantId" = String, Path),
        ("userId" = String, Path),
        ("eraseConversations" = Option<bool>, Query, description = "Destroys the content of all their conversations, for good"),
        IfMatch,
    ),
    security(("apiKey" = [])),
    responses(
        (status = 202, body = DeletionDeferred, description = "They are hidden, and what a legal hold is on is deleted when that is lifted"),
        (status = 204, description = "They are gone"),
        QueryProblems,
        ConflictProblems,
    )
)]
pub async fn delete_user(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let erase = parameters.parsed("eraseConversations", "true or false")?.unwrap_or(false);
    let version = if_match(&headers)?;
    let scope = staff.scope(&state, &tenant, Permission::ManageUsers).await?;
    let id = user_id(&id)?;
    let (erased, deleted) = delete(&scope, id, version, erase, state.clock.now()).await;
    close_for_the_signed_out(&state).await;
    let erasure_of = |erasure: Erasure| u64::from(erasure == Erasure::Deferred);
    let mut deferred = DeletionDeferred {
        account: false,
        conversations: erased.iter().map(|(_, erasure)| erasure_of(*erasure)).sum(),
    };
    for (session, _) in erased {
        state.conversations.enter(session).end();
    }
    deferred.account = deleted? == Erasure::Deferred;
    if deferred.account || deferred.conversations > 0 {
        return Ok((StatusCode::ACCEPTED, Json(deferred)).into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Deletes a user, and erases their conversations if asked to. Returns those that were erased, or hidden, also where not all were.
pub async fn delete(
    scope: &TenantScope,
    id: Id<id::User>,
    version: Option<i32>,
    erase: bool,
    now: DateTime<Utc>,
) -> (Vec<(Id<id::Session>, Erasure)>, Result<Erasure, StoreError>) {
    let mut erased = Vec::new();
    // The account goes first, so that nothing is added to what is erased. Deleting again goes on with the erasing.
    let deleted = scope.delete_user(id, version, now).await;
    if erase
        && matches!(deleted, Ok(_) | Err(StoreError::NotFound))
        && let Err(error) = erase_conversations(scope, id, now, &mut erased).await
    {
        return (erased, Err(error));
    }
    (erased, deleted)
}

async fn erase_conversations(
    scope: &TenantScope,
    user: Id<id::User>,
    now: DateTime<Utc>,
    erased: &mut Vec<(Id<id::Session>, Erasure)>,
) -> Result<(), StoreError> {
    let mut before = None;
    loop {
        let page = scope.sessions_of(user, before, ERASED_AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.id);
        for session in page.iter().filter(|session| !session.is_erased()) {
            let ended = scope.end_session(session.id, true, now).await?;
            erased.push((session.id, ended.erasure));
        }
    }
}
