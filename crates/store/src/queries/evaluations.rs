//! What came of asking suites of config versions.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde_json::{Value, json};

use super::{articles::ArticlesDigest, audit::NewAuditEvent};
use crate::{StoreError, TenantScope, entities::evaluation, sealed::Place};

/// How long an evaluation may run. One that is not finished by then never will be: its server is gone.
pub const LONGEST_EVALUATION: TimeDelta = TimeDelta::minutes(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationState {
    Running,
    Finished,
    /// The server that was at it stopped, or could not go on.
    BrokenOff,
}

impl EvaluationState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::BrokenOff => "broken_off",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    pub id: Id<id::Evaluation>,
    pub version: i32,
    pub suite: String,
    pub suite_hash: String,
    pub state: EvaluationState,
    pub cases: i32,
    /// Cases whose every expectation was met. None until it is finished.
    pub passed: Option<i32>,
    /// A digest of the articles that were answered from.
    pub articles: Option<String>,
    /// JSON array: how often each kind of expectation was met.
    pub expectations: Option<Value>,
    pub started_by: String,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is asked of which version.
#[derive(Debug, Clone)]
pub struct NewEvaluation {
    pub version: i32,
    pub suite: String,
    pub suite_hash: String,
    pub cases: i32,
}

#[derive(Debug, Clone)]
pub struct EvaluationResult {
    pub passed: i32,
    /// The articles that were answered from.
    pub articles: ArticlesDigest,
    pub expectations: Value,
    /// What came of each case, and nothing of the answers.
    pub report: Vec<u8>,
}

impl Evaluation {
    fn read(row: evaluation::Model, now: DateTime<Utc>) -> Self {
        let state = match row.state.as_str() {
            "finished" => EvaluationState::Finished,
            "running" if now - row.started_at < LONGEST_EVALUATION => EvaluationState::Running,
            _ => EvaluationState::BrokenOff,
        };
        Self {
            id: Id::from_uuid(row.id),
            version: row.version,
            suite: row.suite,
            suite_hash: row.suite_hash,
            state,
            cases: row.cases,
            passed: row.passed,
            articles: row.articles,
            expectations: row.expectations,
            started_by: row.started_by,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }

    fn details(&self, app: Id<id::App>) -> Value {
        json!({
            "appId": app.to_string(),
            "version": self.version,
            "suite": self.suite,
            "suiteHash": self.suite_hash,
            "cases": self.cases,
            "passed": self.passed,
        })
    }
}

impl TenantScope {
    /// Notes that a suite is being asked of a version. One at a time in an app.
    pub async fn begin_evaluation(
        &self,
        app: Id<id::App>,
        new: NewEvaluation,
        now: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        self.check_versions(&transaction, app, &[new.version]).await?;
        self.check_suite(&transaction, app, &new.suite, &new.suite_hash).await?;
        let running = self
            .evaluations_of(app)
            .add(evaluation::Column::State.eq(EvaluationState::Running.as_str()))
            .add(evaluation::Column::StartedAt.gt(now - LONGEST_EVALUATION));
        if evaluation::Entity::find().filter(running).one(&transaction).await?.is_some() {
            return Err(StoreError::EvaluationRuns);
        }
        let begun = self.insert_evaluation(&transaction, app, new, None, now).await?;
        let event = NewAuditEvent::new(AuditAction::EvaluationStarted, begun.id).with(begun.details(app));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(begun)
    }

    /// Records an evaluation that was made elsewhere than on a server, once it is finished.
    pub async fn record_evaluation(
        &self,
        app: Id<id::App>,
        new: NewEvaluation,
        result: EvaluationResult,
        now: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        self.check_versions(&transaction, app, &[new.version]).await?;
        let recorded = self.insert_evaluation(&transaction, app, new, Some(result), now).await?;
        let event = NewAuditEvent::new(AuditAction::EvaluationFinished, recorded.id).with(recorded.details(app));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(recorded)
    }

    async fn insert_evaluation(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        new: NewEvaluation,
        result: Option<EvaluationResult>,
        now: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let id = Id::<id::Evaluation>::generate();
        let state = if result.is_some() { EvaluationState::Finished } else { EvaluationState::Running };
        let report =
            result.as_ref().map(|result| self.key().seal(&result.report, self.report_place(id))).transpose()?;
        let row = evaluation::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            app_id: app.uuid(),
            version: new.version,
            suite: new.suite,
            suite_hash: new.suite_hash,
            state: state.as_str().into(),
            cases: new.cases,
            passed: result.as_ref().map(|result| result.passed),
            articles: result.as_ref().map(|result| result.articles.as_str().to_owned()),
            finished_at: result.as_ref().map(|_| now),
            expectations: result.map(|result| result.expectations),
            report,
            started_by: self.actor().to_string(),
            started_at: now,
        };
        let inserted: evaluation::ActiveModel = row.clone().into();
        evaluation::Entity::insert(inserted.reset_all()).exec_without_returning(transaction).await?;
        Ok(Evaluation::read(row, now))
    }

    /// Notes what came of an evaluation. `NotFound`: it was not running any more.
    pub async fn finish_evaluation(
        &self,
        app: Id<id::App>,
        id: Id<id::Evaluation>,
        result: EvaluationResult,
        now: DateTime<Utc>,
    ) -> Result<Evaluation, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let report = self.key().seal(&result.report, self.report_place(id))?;
        let running = self.this_evaluation(app, id).add(evaluation::Column::State.eq("running"));
        let finished = evaluation::Entity::update_many()
            .col_expr(evaluation::Column::State, Expr::value(EvaluationState::Finished.as_str()))
            .col_expr(evaluation::Column::Passed, Expr::value(result.passed))
            .col_expr(evaluation::Column::Articles, Expr::value(result.articles.as_str()))
            .col_expr(evaluation::Column::Expectations, Expr::value(result.expectations))
            .col_expr(evaluation::Column::Report, Expr::value(report))
            .col_expr(evaluation::Column::FinishedAt, Expr::value(now))
            .filter(running)
            .exec(&transaction)
            .await?;
        if finished.rows_affected == 0 {
            return Err(StoreError::NotFound);
        }
        let row = evaluation::Entity::find().filter(self.this_evaluation(app, id)).one(&transaction).await?;
        let finished = Evaluation::read(row.ok_or(StoreError::NotFound)?, now);
        let event = NewAuditEvent::new(AuditAction::EvaluationFinished, id).with(finished.details(app));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(finished)
    }

    /// Notes that nothing came of an evaluation.
    pub async fn break_off_evaluation(
        &self,
        app: Id<id::App>,
        id: Id<id::Evaluation>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        evaluation::Entity::update_many()
            .col_expr(evaluation::Column::State, Expr::value(EvaluationState::BrokenOff.as_str()))
            .col_expr(evaluation::Column::FinishedAt, Expr::value(now))
            .filter(self.this_evaluation(app, id).add(evaluation::Column::State.eq("running")))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// An evaluation, and what came of each case, where it is finished.
    pub async fn evaluation(
        &self,
        app: Id<id::App>,
        id: Id<id::Evaluation>,
        now: DateTime<Utc>,
    ) -> Result<(Evaluation, Option<Vec<u8>>), StoreError> {
        let row = evaluation::Entity::find().filter(self.this_evaluation(app, id)).one(self.reader()).await?;
        let mut row = row.ok_or(StoreError::NotFound)?;
        let report = row.report.take().map(|sealed| self.key().open(&sealed, self.report_place(id))).transpose()?;
        Ok((Evaluation::read(row, now), report))
    }

    /// A page of an app's evaluations, newest first.
    pub async fn evaluations(
        &self,
        app: Id<id::App>,
        version: Option<i32>,
        before: Option<Id<id::Evaluation>>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Evaluation>, StoreError> {
        let mut wanted = self.evaluations_of(app);
        if let Some(version) = version {
            wanted = wanted.add(evaluation::Column::Version.eq(version));
        }
        if let Some(before) = before {
            wanted = wanted.add(evaluation::Column::Id.lt(before.uuid()));
        }
        let rows = evaluation::Entity::find().filter(wanted).order_by_desc(evaluation::Column::Id).limit(limit);
        let rows = rows.all(self.reader()).await?;
        Ok(rows.into_iter().map(|row| Evaluation::read(row, now)).collect())
    }

    pub(super) fn evaluations_of(&self, app: Id<id::App>) -> Condition {
        Condition::all()
            .add(evaluation::Column::TenantId.eq(self.id().uuid()))
            .add(evaluation::Column::AppId.eq(app.uuid()))
    }

    fn this_evaluation(&self, app: Id<id::App>, id: Id<id::Evaluation>) -> Condition {
        self.evaluations_of(app).add(evaluation::Column::Id.eq(id.uuid()))
    }

    fn report_place(&self, id: Id<id::Evaluation>) -> Place {
        Place::new(self.id(), "evaluations", id.uuid(), "report")
    }
}
