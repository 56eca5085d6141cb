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

    fn name(self, day: NaiveDate) -> String {
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
    day: NaiveDate,
    amount: Spent,
    limits: Vec<SpendingLimit>,
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
            let (subject, period) = (self.subject(limit.spender), limit.period.name(day));
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

    /// Puts what a request really took in the place of what was reserved for it, and on record; None: it never left. Returns,
    /// for each of its limits, what was spent before and what is spent now.
    pub async fn settle_spending(
        &self,
        reservation: Reservation,
        request: Option<ModelRequest>,
    ) -> Result<Vec<(SpendingLimit, Spent, Spent)>, StoreError> {
        let Reservation { day, amount, limits } = reservation;
        let took = request.as_ref().map_or(Spent::default(), |request| Spent {
            tokens: request.input_tokens.saturating_add(request.output_tokens),
            micros: request.micros.unwrap_or_default(),
        });
        let difference = Spent { tokens: took.tokens - amount.tokens, micros: took.micros - amount.micros };
        let transaction = self.write().await?;
        let mut spent = Vec::with_capacity(limits.len());
        for limit in limits {
            let (subject, period) = (self.subject(limit.spender), limit.period.name(day));
            self.add(subject, &period, difference).exec(&transaction).await?;
            let now = self.spent_in(&transaction, subject, period).await?;
            let before = Spent { tokens: now.tokens - took.tokens, micros: now.micros - took.micros };
            spent.push((limit, before, now));
        }
        if let Some(request) = request {
            self.add_usage(&transaction, day, request).await?;
        }
        transaction.commit().await?;
        Ok(spent)
    }

    /// What was spent in the period that this time is in, what is reserved included.
    pub async fn spent(&self, spender: Spender, period: Period, now: DateTime<Utc>) -> Result<Spent, StoreError> {
        self.spent_in(self.reader(), self.subject(spender), period.name(now.date_naive())).await
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

    fn subject(&self, spender: Spender) -> Uuid {
        match spender {
            Spender::Tenant => self.id().uuid(),
            Spender::App(app) => app.uuid(),
            Spender::Session(session) => session.uuid(),
        }
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

    async fn add_usage(
        &self,
        connection: &impl ConnectionTrait,
        day: NaiveDate,
        request: ModelRequest,
    ) -> Result<(), StoreError> {
        use model_usage::Column;
        let row = model_usage::Model {
            tenant_id: self.id().uuid(),
            day,
            app_id: request.app.uuid(),
            config_version: request.config_version,
            provider: request.provider,
            model: request.model,
            requests: 1,
            estimated: i64::from(request.is_estimate),
            unpriced: i64::from(request.micros.is_none()),
            input_tokens: request.input_tokens,
            output_tokens: request.output_tokens,
            micros: request.micros.unwrap_or_default(),
        };
        let sum = |column: Column, added: i64| Expr::col((model_usage::Entity, column)).add(added);
        let add = OnConflict::columns([
            Column::TenantId,
            Column::Day,
            Column::AppId,
            Column::ConfigVersion,
            Column::Provider,
            Column::Model,
        ])
        .values([
            (Column::Requests, sum(Column::Requests, row.requests)),
            (Column::Estimated, sum(Column::Estimated, row.estimated)),
            (Column::Unpriced, sum(Column::Unpriced, row.unpriced)),
            (Column::InputTokens, sum(Column::InputTokens, row.input_tokens)),
            (Column::OutputTokens, sum(Column::OutputTokens, row.output_tokens)),
            (Column::Micros, sum(Column::Micros, row.micros)),
        ])
        .to_owned();
        let row: model_usage::ActiveModel = row.into();
        model_usage::Entity::insert(row.reset_all()).on_conflict(add).exec_without_returning(connection).await?;
        Ok(())
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
