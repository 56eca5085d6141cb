//! Requests for changes that a second person has to approve: how they come about, and how they are shown.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use kuzushi_store::{App, ApprovalRequest, Change, Replaces, StoreError, TenantScope};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    config_versions::{Comparison, compare},
    fields::Mistakes,
    splits::WireArm,
    suites::WireRequirement,
};
use crate::{api::wire::Timestamp, error::ApiError};

/// What came of asking for a change.
pub enum Asked<T> {
    Made(T),
    /// A second person has to approve it.
    Requested(Box<ApprovalRequest>),
}

impl<T> Asked<T> {
    /// Asks for the change that could not be made without a second person.
    pub async fn of(
        made: Result<T, StoreError>,
        (scope, app): (&TenantScope, &App),
        change: Change,
        replaces: Replaces,
        note: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        match made {
            Ok(made) => Ok(Self::Made(made)),
            Err(StoreError::ApprovalNeeded) => {
                let note = note.unwrap_or_default();
                let mut mistakes = Mistakes::default();
                mistakes.text("note", &note);
                mistakes.into_result()?;
                let request = scope.request_change(app.id, change, replaces, note, now).await?;
                Ok(Self::Requested(Box::new(request)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// 200 with what was made, or 202 with the request.
    pub fn into_answer<Body: Serialize>(
        self,
        body: impl FnOnce(T) -> Result<Body, ApiError>,
    ) -> Result<Response, ApiError> {
        match self {
            Self::Made(made) => Ok(Json(body(made)?).into_response()),
            Self::Requested(request) => {
                Ok((StatusCode::ACCEPTED, Json(WireApprovalRequest::from(&*request))).into_response())
            }
        }
    }
}

/// A change that a second person has to approve.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApprovalRequest)]
pub struct WireApprovalRequest {
    request_id: String,
    #[schema(value_type = WireChange)]
    change: &'static str,
    /// The version that all new conversations are to get.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    version: Option<i32>,
    /// How new conversations are to be divided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    arms: Vec<WireArm>,
    /// The suite that versions are to pass; absent beside `require_suite` where that is to be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    required_suite: Option<WireRequirement>,
    /// The version that was active when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    from_version: Option<i32>,
    /// The number of the split that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    from_split: Option<i32>,
    /// Why, says who asked.
    note: String,
    requested_by: String,
    requested_at: Timestamp,
    /// Until then it can be approved.
    expires_at: Timestamp,
    #[schema(value_type = WireRequestState)]
    state: &'static str,
    /// Who approved, refused or withdrew it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    decided_at: Option<Timestamp>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = ApprovalChange)]
pub enum WireChange {
    Activate,
    RollBack,
    Split,
    EndApproval,
    RequireSuite,
}

/// `void`: what new conversations get has changed since it was made.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase", as = ApprovalState)]
pub enum WireRequestState {
    Open,
    Approved,
    Refused,
    Withdrawn,
    Void,
    Expired,
}

impl From<&ApprovalRequest> for WireApprovalRequest {
    fn from(request: &ApprovalRequest) -> Self {
        let arms = match &request.change {
            Change::Split { arms } => arms.iter().copied().map(WireArm::from).collect(),
            _ => Vec::new(),
        };
        let required_suite = match &request.change {
            Change::RequireSuite { requirement } => requirement.as_ref().map(WireRequirement::from),
            _ => None,
        };
        Self {
            request_id: request.id.to_string(),
            change: request.change.as_str(),
            version: request.version,
            arms,
            required_suite,
            from_version: request.from_version,
            from_split: request.from_split,
            note: request.note.clone(),
            requested_by: request.requested_by.clone(),
            requested_at: Timestamp(request.requested_at),
            expires_at: Timestamp(request.expires_at),
            state: request.state.as_str(),
            decided_by: request.decided_by.clone(),
            decided_at: request.decided_at.map(Timestamp),
        }
    }
}

/// A request with what new conversations would get otherwise than from the version that was active.
#[derive(Serialize, ToSchema)]
pub struct ApprovalRequestInFull {
    #[serde(flatten)]
    request: WireApprovalRequest,
    /// One for each version that new conversations would get.
    comparisons: Vec<Comparison>,
}

/// What the versions of a request would change.
pub async fn in_full(
    scope: &TenantScope,
    app: &App,
    request: &ApprovalRequest,
) -> Result<ApprovalRequestInFull, ApiError> {
    let versions: Vec<i32> = match &request.change {
        Change::Split { arms } => arms.iter().map(|arm| arm.version).collect(),
        _ => request.version.into_iter().collect(),
    };
    let mut comparisons = Vec::new();
    if let Some(from) = request.from_version {
        for to in versions.into_iter().filter(|to| *to != from) {
            comparisons.push(compare(scope, app, from, to).await?);
        }
    }
    Ok(ApprovalRequestInFull { request: request.into(), comparisons })
}
