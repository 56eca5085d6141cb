//! How fast and how well an app's widget works in visitors' browsers.

use axum::{Json, extract::State};
use kuzushi_domain::{Permission, measurement::MeasuredKind};
use kuzushi_store::MeasuredRange;
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

#[derive(Serialize, ToSchema)]
pub struct Measurements {
    measurements: Vec<Measurement>,
}

/// What was measured of one kind.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// `load`, `open` and `connect` in milliseconds, `reconnects`, `call` in seconds, or `error`.
    kind: &'static str,
    times: i64,
    /// Half of the values are at most this: the upper end of a range. Left out of errors, and where it is more than any range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    median_at_most: Option<u32>,
    /// The same of 95 in a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    p95_at_most: Option<u32>,
    ranges: Vec<WireRange>,
}

#[derive(Serialize, ToSchema)]
pub struct WireRange {
    /// The upper end of the range, `more`, or an error's code.
    range: String,
    times: i64,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/measurements",
    tag = "administration",
    summary = "What an app's widget has measured of itself in visitors' browsers",
    description = "Values are counted in ranges. What is counted leads to no conversation. Days are those of UTC; they are kept for 400 days.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("from" = Option<String>, Query, description = "The first day, such as 2026-11-01: a month before the last one unless given"),
        ("until" = Option<String>, Query, description = "The last day: today unless given"),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = Measurements), QueryProblems)
)]
pub async fn read_measurements(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Measurements>, ApiError> {
    let (from, until) = days(&parameters, state.clock.now().date_naive())?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let counted = scope.measurements(app.id, from, until).await?;
    let measurements = MeasuredKind::ALL.into_iter().filter_map(|kind| Measurement::of(kind, &counted)).collect();
    Ok(Json(Measurements { measurements }))
}

impl Measurement {
    fn of(kind: MeasuredKind, counted: &[MeasuredRange]) -> Option<Self> {
        let end = |range: &str| range.parse::<u32>().unwrap_or(u32::MAX);
        let mut ranges: Vec<_> = counted.iter().filter(|measured| measured.kind == kind).collect();
        ranges.sort_by_key(|measured| (end(&measured.range), measured.range.clone()));
        let times: i64 = ranges.iter().map(|measured| measured.times).sum();
        let at_most = |percent: i64| {
            let mut so_far = 0;
            let range = ranges.iter().find(|measured| {
                so_far += measured.times;
                so_far * 100 >= times * percent
            });
            range.and_then(|measured| measured.range.parse().ok())
        };
        (times > 0).then(|| Self {
            kind: kind.as_str(),
            times,
            median_at_most: at_most(50),
            p95_at_most: at_most(95),
            ranges: ranges
                .iter()
                .map(|measured| WireRange { range: measured.range.clone(), times: measured.times })
                .collect(),
        })
    }
}
