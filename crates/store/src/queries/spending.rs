//! What language models may cost, and what they did.
//!
//! What a request may cost at most is reserved before it leaves and corrected when its cost is known. A server that dies in
//! between leaves the reservation as it is: then a limit is reached too early, and never passed.

use chrono::{DateTime, NaiveDate, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use serde_json::json;
use uuid::Uuid;

use super::audit::NewAuditEvent;
use crate::{
    StoreError, TenantScope,
    entities::{model_usage, spending, spending_limits},
};

/// An amount of both, of which one may be all that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    pub tokens: i64,
    /// Millionths of the currency of the operator's prices.
    pub micros: i64,
}

impl Spent {
    pub(super) fn with(self, other: Self) -> Self {
        let Self { tokens, micros } = other;
        Self { tokens: self.tokens.saturating_add(tokens), micros: self.micros.saturating_add(micros) }
    }

    pub(super) fn without(self, other: Self) -> Self {
        let Self { tokens, micros } = other;
        Self { tokens: self.tokens.saturating_sub(tokens), micros: self.micros.saturating_sub(micros) }
    }
}

/// What may be spent. What is None has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    pub tokens: Option<i64>,
    pub micros: Option<i64>,
}

/// Whose spending is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spender {
    Tenant,
    App(Id<id::App>),
    Session(Id<id::Session>),
}

impl Spender {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::App(_) => "app",
            Self::Session(_) => "session",
        }
    }

    pub(super) fn subject(self, tenant: Id<id::Tenant>) -> Uuid {
        match self {
            Self::Tenant => tenant.uuid(),
            Self::App(app) => app.uuid(),
            Self::Session(session) => session.uuid(),
        }
    }
}

/// Over which time. Days and months are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day,
    Month,
}

impl Period {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    pub(super) fn name(self, day: NaiveDate) -> String {
        match self {
            Self::Day => day.format("%Y-%m-%d").to_string(),
            Self::Month => day.format("%Y-%m").to_string(),
        }
    }
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendingLimit {
    pub spender: Spender,
    pub period: Period,
    pub allowance: Allowance,
}

/// What is set aside for a request, until its cost is known.
#[derive(Debug, Clone)]
pub struct Reservation {
    pub(super) day: NaiveDate,
    pub(super) amount: Spent,
    pub(super) limits: Vec<SpendingLimit>,
}

/// What came of asking for money.
#[derive(Debug, Clone)]
pub enum Reserved {
    /// Settle it.
    Made(Reservation),
    /// There is not enough left of this limit.
    Reached(SpendingLimit),
}

/// What a whole tenant may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TenantSpendingLimits {
    pub day: Allowance,
    pub month: Allowance,
}

/// What one request to a model took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRequest {
    pub app: Id<id::App>,
    pub config_version: i32,
    pub provider: String,
    pub model: String,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Whether the tokens are our own estimate.
    pub is_estimate: bool,
    /// None: the model has no price.
    pub micros: Option<i64>,
}

/// What requests to a model took in a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysUsage {
    pub day: NaiveDate,
    pub app: Id<id::App>,
    pub config_version: i32,
    pub provider: String,
    pub model: String,
    pub requests: i64,
    /// Of them, those whose tokens are our own estimate.
    pub estimated: i64,
    /// Of them, those to a model without a price.
    pub unpriced: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub micros: i64,
}

/// Which days' usage.
#[derive(Debug, Clone, Copy)]
pub struct UsageFilter {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    pub app: Option<Id<id::App>>,
}

impl TenantScope {
    /// Sets an amount aside under every one of the limits, or under none where one has too little left.
    pub async fn reserve_spending(
        &self,
        limits: Vec<SpendingLimit>,
        amount: Spent,
        now: DateTime<Utc>,
    ) -> Result<Reserved, StoreError> {
        let day = now.date_naive();
        if limits.is_empty() {
            return Ok(Reserved::Made(Reservation { day, amount, limits }));
        }
        let transaction = self.write().await?;
        // Always in this order, so that no two transactions wait for each other.
        for limit in &limits {
            let (subject, period) = (limit.spender.subject(self.id()), limit.period.name(day));
            let first = spending::Model {
                tenant_id: self.id().uuid(),
                subject_id: subject,
                period: period.clone(),
                tokens: 0,
                micros: 0,
            };
            let first: spending::ActiveModel = first.into();
            let once = OnConflict::columns([
                spending::Column::TenantId,
                spending::Column::SubjectId,
                spending::Column::Period,
            ])
            .do_nothing()
            .to_owned();
            spending::Entity::insert(first.reset_all())
                .on_conflict(once)
                .try_insert()
                .exec_without_returning(&transaction)
                .await?;
            let Allowance { tokens, micros } = limit.allowance;
            let added = self
                .add(subject, &period, amount)
                .apply_if(tokens, |rows, most| {
                    rows.filter(Expr::col(spending::Column::Tokens).add(amount.tokens).lte(most))
                })
                .apply_if(micros, |rows, most| {
                    rows.filter(Expr::col(spending::Column::Micros).add(amount.micros).lte(most))
                })
                .exec(&transaction)
                .await?;
            if added.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(Reserved::Reached(*limit));
            }
        }
        transaction.commit().await?;
        Ok(Reserved::Made(Reservation { day, amount, limits }))
    }

    /// What was spent in the period that this time is in, what is reserved included.
    pub async fn spent(&self, spender: Spender, period: Period, now: DateTime<Utc>) -> Result<Spent, StoreError> {
        self.spent_in(self.reader(), spender.subject(self.id()), period.name(now.date_naive())).await
    }

    /// Usage by day, newest first, then by app, version and model.
    pub async fn model_usage(&self, filter: UsageFilter, limit: u64) -> Result<Vec<DaysUsage>, StoreError> {
        use model_usage::Column;
        let rows = model_usage::Entity::find()
            .filter(Column::TenantId.eq(self.id().uuid()))
            .filter(Column::Day.gte(filter.from))
            .filter(Column::Day.lte(filter.until))
            .apply_if(filter.app, |rows, app| rows.filter(Column::AppId.eq(app.uuid())))
            .order_by_desc(Column::Day)
            .order_by_asc(Column::AppId)
            .order_by_desc(Column::ConfigVersion)
            .order_by_asc(Column::Provider)
            .order_by_asc(Column::Model)
            .limit(limit)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(DaysUsage::from).collect())
    }

    /// What the whole tenant may spend.
    pub async fn spending_limits(&self) -> Result<TenantSpendingLimits, StoreError> {
        let row = spending_limits::Entity::find_by_id(self.id().uuid()).one(self.reader()).await?;
        Ok(row
            .map(|row| TenantSpendingLimits {
                day: Allowance { tokens: row.tokens_per_day, micros: row.micros_per_day },
                month: Allowance { tokens: row.tokens_per_month, micros: row.micros_per_month },
            })
            .unwrap_or_default())
    }

    pub async fn set_spending_limits(
        &self,
        limits: TenantSpendingLimits,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use spending_limits::Column;
        let row = spending_limits::Model {
            tenant_id: self.id().uuid(),
            tokens_per_day: limits.day.tokens,
            tokens_per_month: limits.month.tokens,
            micros_per_day: limits.day.micros,
            micros_per_month: limits.month.micros,
            changed_by: self.actor().to_string(),
            changed_at: now,
        };
        let transaction = self.write().await?;
        let row: spending_limits::ActiveModel = row.into();
        let instead = OnConflict::column(Column::TenantId)
            .update_columns([
                Column::TokensPerDay,
                Column::TokensPerMonth,
                Column::MicrosPerDay,
                Column::MicrosPerMonth,
                Column::ChangedBy,
                Column::ChangedAt,
            ])
            .to_owned();
        spending_limits::Entity::insert(row.reset_all())
            .on_conflict(instead)
            .exec_without_returning(&transaction)
            .await?;
        let event = NewAuditEvent::new(AuditAction::SpendingLimitsChanged, self.id()).with(json!({
            "tokensPerDay": limits.day.tokens,
            "tokensPerMonth": limits.month.tokens,
            "microsPerDay": limits.day.micros,
            "microsPerMonth": limits.month.micros,
        }));
        self.audit(&transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets counters of months that are over. Usage stays.
    pub async fn forget_old_spending(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let month = Period::Month.name(now.date_naive());
        // Days of this month begin with its name, so they come after it.
        let deleted = spending::Entity::delete_many()
            .filter(spending::Column::TenantId.eq(self.id().uuid()))
            .filter(spending::Column::Period.lt(month))
            .exec(&self.writer())
            .await?;
        Ok(deleted.rows_affected)
    }

    fn add(&self, subject: Uuid, period: &str, amount: Spent) -> sea_orm::UpdateMany<spending::Entity> {
        use spending::Column;
        spending::Entity::update_many()
            .col_expr(Column::Tokens, Expr::col(Column::Tokens).add(amount.tokens))
            .col_expr(Column::Micros, Expr::col(Column::Micros).add(amount.micros))
            .filter(Column::TenantId.eq(self.id().uuid()))
            .filter(Column::SubjectId.eq(subject))
            .filter(Column::Period.eq(period))
    }

    async fn spent_in(
        &self,
        connection: &impl ConnectionTrait,
        subject: Uuid,
        period: String,
    ) -> Result<Spent, StoreError> {
        let row = spending::Entity::find_by_id((self.id().uuid(), subject, period)).one(connection).await?;
        Ok(row.map(|row| Spent { tokens: row.tokens, micros: row.micros }).unwrap_or_default())
    }
}

impl From<model_usage::Model> for DaysUsage {
    fn from(row: model_usage::Model) -> Self {
        Self {
            day: row.day,
            app: Id::from_uuid(row.app_id),
            config_version: row.config_version,
            provider: row.provider,
            model: row.model,
            requests: row.requests,
            estimated: row.estimated,
            unpriced: row.unpriced,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            micros: row.micros,
        }
    }
}
