//! Which config version new conversations get: activated, rolled back.

use axum::{Json, extract::State, response::Response};
use kuzushi_domain::Permission;
use kuzushi_store::{Activation, Change, Replaces};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    approval_requests::{Asked, WireApprovalRequest},
    config_versions::{WireConfigVersion, number, open},
};
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, WriteProblems},
        query::{PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::Staff,
    conversation::warnings,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// How new conversations are divided as far as the caller knows. Where it is otherwise, nothing changes.
#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhatItReplaces {
    /// The active version.
    #[schema(nullable = false)]
    replaces: Option<i32>,
    /// The number of the split that runs. Left out beside `replaces`: none does.
    #[schema(nullable = false)]
    replaces_split: Option<i32>,
    /// Why, for whoever has to approve it.
    #[schema(nullable = false)]
    note: Option<String>,
}

impl WhatItReplaces {
    fn replaces(&self) -> Replaces {
        Replaces { version: self.replaces, split: self.replaces_split }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireActivation {
    /// 1, 2, 3… within the app.
    number: i32,
    version: i32,
    activated_by: String,
    activated_at: Timestamp,
}

impl From<Activation> for WireActivation {
    fn from(activation: Activation) -> Self {
        Self {
            number: activation.number,
            version: activation.version,
            activated_by: activation.activated_by,
            activated_at: Timestamp(activation.activated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ActivationList {
    activations: Vec<WireActivation>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}/activate",
    tag = "administration",
    summary = "Let new conversations have this config version",
    description = "Every node goes by it within a second; conversations that have begun keep theirs. A split ends. Activating the active one without a split changes nothing. Where a second person has to approve it, it is asked for: 202.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("version" = i32, Path)),
    request_body = WhatItReplaces,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireConfigVersion),
        (status = 202, body = WireApprovalRequest, description = "It waits for a second person"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn activate_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, version)): Segment<(String, String, String)>,
    JsonBody(seen): JsonBody<WhatItReplaces>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let (version, replaces, now) = (number(&version)?, seen.replaces(), state.clock.now());
    let made = scope.activate_config(app.id, version, replaces, now).await;
    let asked = Asked::of(made, (&scope, &app), Change::Activate { version }, replaces, seen.note, now).await?;
    let warnings = match &asked {
        Asked::Made(active) => warnings(&state, &scope, &active.config).await?,
        Asked::Requested(_) => Vec::new(),
    };
    asked.into_answer(|active| Ok(WireConfigVersion::try_from(&active)?.with(warnings)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/activations",
    tag = "administration",
    summary = "Which config version was active from when, and by whom; newest first",
    params(("tenantId" = String, Path), ("appId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = ActivationList), QueryProblems)
)]
pub async fn list_activations(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<ActivationList>, ApiError> {
    let page = parameters.page()?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let activations = scope.activations(app.id, page.before, page.limit).await?;
    let before = page.next(&activations, |last| (last.number > 1).then(|| last.number.to_string()));
    Ok(Json(ActivationList { activations: activations.into_iter().map(WireActivation::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/roll-back",
    tag = "administration",
    summary = "Return to the config version that was active before the one that is",
    description = "While a split runs, that ends, and the active version is the one for all again. Twice in a row leads back to where one was, unless `replaces` says from where. Without an earlier version there is nothing to return to: 404. Where a second person has to approve it, it is asked for: 202.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = WhatItReplaces,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireConfigVersion),
        (status = 202, body = WireApprovalRequest, description = "It waits for a second person"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn roll_back(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(seen): JsonBody<WhatItReplaces>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let (replaces, now) = (seen.replaces(), state.clock.now());
    let made = scope.roll_back_config(app.id, replaces, now).await;
    let asked = Asked::of(made, (&scope, &app), Change::RollBack, replaces, seen.note, now).await?;
    let warnings = match &asked {
        Asked::Made(active) => warnings(&state, &scope, &active.config).await?,
        Asked::Requested(_) => Vec::new(),
    };
    asked.into_answer(|active| Ok(WireConfigVersion::try_from(&active)?.with(warnings)))
}
