//! What language models may cost a tenant, and what they did.

use axum::{Json, extract::State};
use chrono::{Months, NaiveDate};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{Allowance, DaysUsage, Period, Spender, Spent, TenantScope, TenantSpendingLimits, UsageFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, RequestProblems, StaffProblems, TenantProblems},
        query::{Parameters, wrong},
    },
    auth::Staff,
    conversation::allowances,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Rows of an answer at most: what is older is asked for by its days.
pub const MOST_ROWS: u64 = 5_000;
/// Millionths in one of the currency.
const MICROS: f64 = 1e6;
const LARGEST: f64 = 1e9;
const MOST_TOKENS: u64 = 1_000_000_000_000;
const A_DAY: &str = "a day such as 2026-11-29";

/// What models may take of a whole tenant. What is absent has no limit.
#[derive(Serialize, Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantLimits {
    /// Tokens read and written in a day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tokens_per_day: Option<u64>,
    /// Tokens read and written in a month (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tokens_per_month: Option<u64>,
    /// In a day, in the currency of the operator's prices. Models without a price cost nothing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub money_per_day: Option<f64>,
    /// In a month, the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub money_per_month: Option<f64>,
}

impl From<TenantSpendingLimits> for TenantLimits {
    fn from(limits: TenantSpendingLimits) -> Self {
        let tokens = |allowance: Allowance| allowance.tokens.and_then(|tokens| u64::try_from(tokens).ok());
        let money = |allowance: Allowance| allowance.micros.map(money);
        Self {
            tokens_per_day: tokens(limits.day),
            tokens_per_month: tokens(limits.month),
            money_per_day: money(limits.day),
            money_per_month: money(limits.month),
        }
    }
}

impl TenantLimits {
    /// What was asked for, if it can be.
    pub fn acceptable(&self) -> Result<TenantSpendingLimits, ApiError> {
        let mut mistakes = Mistakes::default();
        let mut tokens = |field: &str, tokens: Option<u64>| {
            if tokens.is_some_and(|tokens| tokens > MOST_TOKENS) {
                mistakes.note(field, format!("must be at most {MOST_TOKENS}"));
            }
            tokens.and_then(|tokens| i64::try_from(tokens).ok())
        };
        let (day, month) =
            (tokens("tokensPerDay", self.tokens_per_day), tokens("tokensPerMonth", self.tokens_per_month));
        let mut micros = |field: &str, money: Option<f64>| {
            if money.is_some_and(|money| !(0.0..=LARGEST).contains(&money)) {
                mistakes.note(field, format!("must be between 0 and {LARGEST}"));
            }
            money.map(|money| (money * MICROS).round() as i64)
        };
        let limits = TenantSpendingLimits {
            day: Allowance { tokens: day, micros: micros("moneyPerDay", self.money_per_day) },
            month: Allowance { tokens: month, micros: micros("moneyPerMonth", self.money_per_month) },
        };
        mistakes.into_result()?;
        Ok(limits)
    }
}

/// What one model took in a day, for one version of an app.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ModelUsage)]
pub struct WireUsage {
    /// In UTC.
    #[schema(value_type = String, format = Date)]
    day: String,
    app_id: String,
    config_version: i32,
    provider: String,
    model: String,
    /// Requests that left, also those that came to nothing.
    requests: i64,
    /// Of them, those whose tokens the provider did not count: a token for every four bytes then.
    estimated: i64,
    /// Of them, those to a model that has no price.
    unpriced: i64,
    input_tokens: i64,
    output_tokens: i64,
    /// In the currency of the operator's prices.
    money: f64,
}

impl From<DaysUsage> for WireUsage {
    fn from(usage: DaysUsage) -> Self {
        Self {
            day: usage.day.format("%Y-%m-%d").to_string(),
            app_id: usage.app.to_string(),
            config_version: usage.config_version,
            provider: usage.provider,
            model: usage.model,
            requests: usage.requests,
            estimated: usage.estimated,
            unpriced: usage.unpriced,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            money: money(usage.micros),
        }
    }
}

/// How much of a limit is used up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedLimit {
    /// `tenant` or `app`.
    of: &'static str,
    /// `day` or `month`: the current one, in UTC.
    period: &'static str,
    /// What is set aside for running answers included.
    tokens: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    tokens_limit: Option<i64>,
    money: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    money_limit: Option<f64>,
    #[schema(value_type = LimitState)]
    state: &'static str,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum LimitState {
    Free,
    /// So much of it is used that staff are to know.
    Warning,
    /// The built-in assistant answers instead of models.
    Reached,
}

#[derive(Serialize, ToSchema)]
pub struct Usage {
    usage: Vec<WireUsage>,
    /// How much of the limits is used up: the tenant's, and, where one app is asked for, that of its active version.
    limits: Vec<UsedLimit>,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/usage",
    tag = "administration",
    summary = "What language models took: by day, config version and model, the newest day first",
    description = "Days are those of UTC. At most 5000 rows: ask for fewer days, or for one app, where there are more.",
    params(
        ("tenantId" = String, Path),
        ("from" = Option<String>, Query, description = "The first day, such as 2026-11-01: a month before the last one unless given"),
        ("until" = Option<String>, Query, description = "The last day: today unless given"),
        ("appId" = Option<String>, Query, description = "Only this app"),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = Usage), RequestProblems, StaffProblems, TenantProblems)
)]
pub async fn read_usage(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<Usage>, ApiError> {
    let (from, until) = days(&parameters, state.clock.now().date_naive())?;
    let app = parameters.parsed::<Id<id::App>>("appId", "an app's id (app_…)")?;
    let scope = staff.scope(&state, &tenant, Permission::ReadSpending).await?;
    let usage = scope.model_usage(UsageFilter { from, until, app }, MOST_ROWS).await?;
    let mut limits = Vec::new();
    let own = scope.spending_limits().await?;
    used(&scope, Spender::Tenant, (own.day, own.month), WARN_AT_PERCENT, &state, &mut limits).await?;
    if let Some(app) = app {
        scope.app(app).await?;
        if let Some(active) = scope.active_config(app).await? {
            let of_app = &active.config.limits;
            used(&scope, Spender::App(app), allowances(&of_app.app), of_app.warn_at_percent, &state, &mut limits)
                .await?;
        }
    }
    Ok(Json(Usage { usage: usage.into_iter().map(WireUsage::from).collect(), limits }))
}

/// Of a tenant's own limits; apps say it in their config.
const WARN_AT_PERCENT: u8 = 80;

/// The days that `from` and `until` name: those of the last month where they name none.
pub fn days(parameters: &Parameters, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), ApiError> {
    let until = parameters.parsed::<NaiveDate>("until", A_DAY)?.unwrap_or(today);
    let from = parameters.parsed::<NaiveDate>("from", A_DAY)?.unwrap_or_else(|| a_month_before(until));
    if from > until {
        return Err(wrong("from", "must not be after `until`"));
    }
    Ok((from, until))
}

pub fn a_month_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(Months::new(1)).unwrap_or(day)
}

async fn used(
    scope: &TenantScope,
    spender: Spender,
    (day, month): (Allowance, Allowance),
    warn_at_percent: u8,
    state: &AppState,
    limits: &mut Vec<UsedLimit>,
) -> Result<(), ApiError> {
    for (period, allowance) in [(Period::Day, day), (Period::Month, month)] {
        if allowance == Allowance::default() {
            continue;
        }
        let Spent { tokens, micros } = scope.spent(spender, period, state.clock.now()).await?;
        let percent = |most: Option<i64>, spent: i64| match most {
            None => 0,
            Some(most) if most <= spent => 100,
            Some(most) => (i128::from(spent) * 100 / i128::from(most)) as i64,
        };
        let percent = percent(allowance.tokens, tokens).max(percent(allowance.micros, micros));
        limits.push(UsedLimit {
            of: spender.as_str(),
            period: period.as_str(),
            tokens,
            tokens_limit: allowance.tokens,
            money: money(micros),
            money_limit: allowance.micros.map(money),
            state: match percent {
                100.. => "reached",
                percent if percent >= i64::from(warn_at_percent) => "warning",
                _ => "free",
            },
        });
    }
    Ok(())
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/spending-limits",
    tag = "administration",
    summary = "What language models may take of a whole tenant",
    params(("tenantId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = TenantLimits), StaffProblems, TenantProblems)
)]
pub async fn read_spending_limits(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Json<TenantLimits>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadSpending).await?;
    Ok(Json(scope.spending_limits().await?.into()))
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/spending-limits",
    tag = "administration",
    summary = "Say what language models may take of a whole tenant",
    description = "In place of what was said before: what is left out has no limit any more. It holds on every node within a second. What a request may take at most is reserved before it leaves, so no number of requests at once passes a limit; where there is not enough left the built-in assistant answers. Apps and conversations have limits of their own, in the app's config.",
    params(("tenantId" = String, Path)),
    request_body = TenantLimits,
    security(("apiKey" = [])),
    responses((status = 200, body = TenantLimits), RequestProblems, BodyProblems, StaffProblems, TenantProblems)
)]
pub async fn put_spending_limits(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(limits): JsonBody<TenantLimits>,
) -> Result<Json<TenantLimits>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageSpending).await?;
    let limits = limits.acceptable()?;
    scope.set_spending_limits(limits, state.clock.now()).await?;
    Ok(Json(limits.into()))
}

fn money(micros: i64) -> f64 {
    micros as f64 / MICROS
}
