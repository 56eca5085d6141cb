//! New conversations divided among config versions, by weight.

use std::collections::HashSet;

use axum::{Json, extract::State, response::Response};
use kuzushi_domain::Permission;
use kuzushi_store::{App, Arm, ArmResult, Change, Replaces, Split, StoreError, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    approval_requests::{Asked, WireApprovalRequest},
    config_versions::open,
    fields::Mistakes,
};
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, ReadProblems, WriteProblems},
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// The sum of the weights.
const WHOLE: u32 = 100;
const MOST_ARMS: usize = 10;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct WireArm {
    version: i32,
    /// How many of a hundred new conversations get it.
    #[schema(minimum = 1, maximum = 100, example = 50)]
    weight: u32,
}

impl From<Arm> for WireArm {
    fn from(Arm { version, weight }: Arm) -> Self {
        Self { version, weight }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireSplit {
    /// 1, 2, 3… within the app.
    number: i32,
    arms: Vec<WireArm>,
    started_by: String,
    started_at: Timestamp,
    /// Absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    ended_at: Option<Timestamp>,
}

impl From<&Split> for WireSplit {
    fn from(split: &Split) -> Self {
        Self {
            number: split.number,
            arms: split.arms.iter().copied().map(WireArm::from).collect(),
            started_by: split.started_by.clone(),
            started_at: Timestamp(split.started_at),
            ended_at: split.ended_at.map(Timestamp),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SplitToMake {
    /// At least two; their weights make 100.
    arms: Vec<WireArm>,
    /// The active version as far as the caller knows. Where another is, nothing changes.
    #[schema(nullable = false)]
    replaces: Option<i32>,
    /// The number of the split that runs as far as the caller knows. Left out beside `replaces`: none does. Where it is
    /// otherwise, nothing changes.
    #[schema(nullable = false)]
    replaces_split: Option<i32>,
    /// Why, for whoever has to approve it.
    #[schema(nullable = false)]
    note: Option<String>,
}

/// What became of an arm's conversations: those that began while the split ran.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireArmResult {
    version: i32,
    conversations: u64,
    /// Conversations in which the visitor wrote.
    used: u64,
    questions: u64,
    /// Questions that were answered.
    answered: u64,
    /// Questions whose answer named people to ask instead, or whom to call in an emergency.
    handed_over: u64,
    /// Those of them that told of an emergency.
    emergencies: u64,
    /// Questions whose answer failed.
    failed: u64,
    /// Answers that helped, say the visitors.
    rated_up: u64,
    rated_down: u64,
}

impl From<ArmResult> for WireArmResult {
    fn from(result: ArmResult) -> Self {
        let ArmResult {
            version,
            conversations,
            used,
            questions,
            answered,
            handed_over,
            emergencies,
            failed,
            rated_up,
            rated_down,
        } = result;
        Self {
            version,
            conversations,
            used,
            questions,
            answered,
            handed_over,
            emergencies,
            failed,
            rated_up,
            rated_down,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SplitResults {
    split: WireSplit,
    arms: Vec<WireArmResult>,
}

impl SplitResults {
    pub fn of(split: &Split, results: Vec<ArmResult>) -> Self {
        Self { split: split.into(), arms: results.into_iter().map(WireArmResult::from).collect() }
    }
}

/// The arms of a split that may be made, by version.
pub async fn checked(scope: &TenantScope, app: &App, mut arms: Vec<Arm>) -> Result<Vec<Arm>, ApiError> {
    let mut mistakes = Mistakes::default();
    if !(2..=MOST_ARMS).contains(&arms.len()) {
        mistakes.note("arms", format!("must be 2 to {MOST_ARMS}; to let all have one version, activate it"));
    } else if arms.iter().map(|arm| u64::from(arm.weight)).sum::<u64>() != u64::from(WHOLE) {
        mistakes.note("arms", format!("must have weights that make {WHOLE}"));
    } else {
        let mut seen = HashSet::new();
        for (position, arm) in arms.iter().enumerate() {
            if arm.weight == 0 {
                mistakes.note(format!("arms.{position}.weight"), "must be at least 1; leave out what nobody gets");
            }
            if !seen.insert(arm.version) {
                mistakes.note(format!("arms.{position}.version"), "is there twice");
                continue;
            }
            match scope.config_version(app.id, arm.version).await {
                Ok(_) => {}
                Err(StoreError::NotFound) => {
                    mistakes.note(format!("arms.{position}.version"), "is no version of this app");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    mistakes.into_result()?;
    arms.sort_unstable_by_key(|arm| arm.version);
    Ok(arms)
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/split",
    tag = "administration",
    summary = "Divide new conversations among config versions",
    description = "Every node goes by it within a second. A browser that comes back gets the same version as far as the weights allow; conversations that have begun keep theirs. It ends when a version is activated, and by rolling back. Where a second person has to approve it, it is asked for: 202.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = SplitToMake,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireSplit),
        (status = 202, body = WireApprovalRequest, description = "It waits for a second person"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn change_split(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(SplitToMake { arms, replaces, replaces_split, note }): JsonBody<SplitToMake>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let arms = arms.into_iter().map(|WireArm { version, weight }| Arm { version, weight }).collect();
    let arms = checked(&scope, &app, arms).await?;
    let replaces = Replaces { version: replaces, split: replaces_split };
    let now = state.clock.now();
    let made = scope.split_configs(app.id, arms.clone(), replaces, now).await;
    let asked = Asked::of(made, (&scope, &app), Change::Split { arms }, replaces, note, now).await?;
    asked.into_answer(|split| Ok(WireSplit::from(&split)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/split",
    tag = "administration",
    summary = "How new conversations are divided among config versions",
    description = "404 where all get the active version.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireSplit), ReadProblems)
)]
pub async fn read_split(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
) -> Result<Json<WireSplit>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let split = scope.running_split(app.id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(WireSplit::from(&split)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/split/results",
    tag = "administration",
    summary = "What became of the conversations of each arm",
    description = "Of the split that runs, or of the last one. It is counted; nothing that patients wrote is opened.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = SplitResults), ReadProblems)
)]
pub async fn read_results(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
) -> Result<Json<SplitResults>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let split = scope.newest_split(app.id).await?.ok_or(ApiError::NotFound)?;
    let results = scope.split_results(app.id, &split).await?;
    Ok(Json(SplitResults::of(&split, results)))
}
