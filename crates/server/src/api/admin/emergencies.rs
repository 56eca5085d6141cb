//! How often an app's visitors were shown whom to call: counted without a word of theirs, and without a way to who it was.

use axum::{Json, extract::State};
use chrono::NaiveDate;
use kuzushi_domain::Permission;
use kuzushi_store::EmergencyCount;
use serde::Serialize;
use utoipa::ToSchema;

use super::{config_versions::open, spending::days};
use crate::{
    api::{problems::QueryProblems, query::Parameters},
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Notices of one kind in a day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmergencyCount)]
pub struct WireEmergencyCount {
    /// In UTC.
    #[schema(value_type = String, format = Date)]
    day: String,
    /// What kind of danger the words spoke of, such as `breathing` or `self-harm`.
    kind: &'static str,
    #[schema(value_type = WireCertainty)]
    certainty: &'static str,
    notices: i64,
}

#[derive(ToSchema)]
#[schema(as = EmergencyCertainty, rename_all = "lowercase")]
pub enum WireCertainty {
    /// It was said in so many words.
    Explicit,
    /// It was put together from several messages, or a model spoke of it.
    Likely,
}

impl From<EmergencyCount> for WireEmergencyCount {
    fn from(count: EmergencyCount) -> Self {
        Self {
            day: count.day.to_string(),
            kind: count.kind.as_str(),
            certainty: if count.is_certain { "explicit" } else { "likely" },
            notices: count.count,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct EmergencyCounts {
    emergencies: Vec<WireEmergencyCount>,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/emergencies",
    tag = "administration",
    summary = "How often visitors were shown an emergency's notice: by day and kind, the newest day first",
    description = "What is counted leads to no conversation and holds no words. Days are those of UTC. Notices that a busy database could not store were shown, and are not counted.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("from" = Option<String>, Query, description = "The first day, such as 2026-11-01: a month before the last one unless given"),
        ("until" = Option<String>, Query, description = "The last day: today unless given"),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = EmergencyCounts), QueryProblems)
)]
pub async fn list_emergencies(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<EmergencyCounts>, ApiError> {
    let (from, until): (NaiveDate, NaiveDate) = days(&parameters, state.clock.now().date_naive())?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ListConversations).await?;
    let counts = scope.emergencies_by_day(app.id, from, until).await?;
    Ok(Json(EmergencyCounts { emergencies: counts.into_iter().map(WireEmergencyCount::from).collect() }))
}
