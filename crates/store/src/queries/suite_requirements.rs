//! What config versions have to pass before they are activated, and whether one has.
//!
//! It is looked at under the lock under which versions are activated and articles written: what was asked is what is activated.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, Share, id};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    apps::App, articles::ArticlesDigest, audit::NewAuditEvent, configs::active_config, evaluations::EvaluationState,
};
use crate::{
    StoreError, TenantScope,
    entities::{app, evaluation},
};

/// What a config version has to pass before new conversations get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteRequirement {
    pub suite: String,
    /// Of the version of the suite.
    pub hash: String,
    /// The share of its cases that has to pass.
    pub minimum: Share,
}

/// The same as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRequirement {
    suite: String,
    hash: String,
    minimum: i32,
}

impl SuiteRequirement {
    pub(crate) fn of_app(row: &app::Model) -> Option<Self> {
        let minimum = Share::from_ten_thousandths(row.required_share?).unwrap_or(Share::ALL);
        Some(Self { suite: row.required_suite.clone()?, hash: row.required_suite_hash.clone()?, minimum })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"suite": self.suite, "hash": self.hash, "minimum": self.minimum.ten_thousandths()})
    }

    pub(crate) fn from_json(value: Value) -> Option<Self> {
        let StoredRequirement { suite, hash, minimum } = serde_json::from_value(value).ok()?;
        Some(Self { suite, hash, minimum: Share::from_ten_thousandths(minimum).ok()? })
    }
}

/// A config version that has not shown what its app requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    pub version: i32,
    pub requirement: SuiteRequirement,
    pub why: WhyUnproven,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyUnproven {
    NeverEvaluated,
    /// It was, with other articles than there are now.
    ArticlesChanged,
    NotPassed {
        passed: i32,
        cases: i32,
    },
}

impl TenantScope {
    /// Says what versions have to pass from now on; None: nothing. Where something is required already, this is a change that a
    /// second person has to approve in apps that want that: it could let anything pass.
    pub async fn require_suite(
        &self,
        app: Id<id::App>,
        requirement: Option<SuiteRequirement>,
        now: DateTime<Utc>,
    ) -> Result<App, StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_configs(&transaction, app).await?;
        let known = SuiteRequirement::of_app(&row);
        if known == requirement {
            return Ok(row.into());
        }
        self.check_requirement(&transaction, app, requirement.as_ref()).await?;
        if row.approval_required && known.is_some() {
            return Err(StoreError::ApprovalNeeded);
        }
        self.set_requirement(&transaction, app, requirement, now).await?;
        transaction.commit().await?;
        self.app(app).await
    }

    /// Whether the suite is there that is to be required.
    pub(crate) async fn check_requirement(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        requirement: Option<&SuiteRequirement>,
    ) -> Result<(), StoreError> {
        match requirement {
            Some(SuiteRequirement { suite, hash, minimum: _ }) => {
                self.check_suite(transaction, app, suite, hash).await.map(drop)
            }
            None => Ok(()),
        }
    }

    pub(crate) async fn set_requirement(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        requirement: Option<SuiteRequirement>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let details = requirement.as_ref().map_or(Value::Null, SuiteRequirement::to_json);
        let action =
            if requirement.is_some() { AuditAction::SuiteRequired } else { AuditAction::SuiteRequirementEnded };
        let (suite, hash, minimum) = match requirement {
            Some(SuiteRequirement { suite, hash, minimum }) => {
                (Some(suite), Some(hash), Some(minimum.ten_thousandths()))
            }
            None => (None, None, None),
        };
        app::Entity::update_many()
            .col_expr(app::Column::RequiredSuite, Expr::value(suite))
            .col_expr(app::Column::RequiredSuiteHash, Expr::value(hash))
            .col_expr(app::Column::RequiredShare, Expr::value(minimum))
            .col_expr(app::Column::Revision, Expr::cust("revision + 1"))
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .filter(app::Column::Id.eq(app.uuid()))
            .exec(transaction)
            .await?;
        self.audit(transaction, NewAuditEvent::new(action, app).with(details), now).await
    }

    /// Whether each of these versions has shown what the app requires, with the articles as they are; the active one has been let in
    /// before. Under the lock of [`TenantScope::lock_configs`], which gave the app's row.
    pub(crate) async fn check_proven(
        &self,
        transaction: &DatabaseTransaction,
        row: &app::Model,
        versions: &[i32],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(requirement) = SuiteRequirement::of_app(row) else { return Ok(()) };
        let app = Id::from_uuid(row.id);
        let active = active_config(transaction, self.id(), app).await?.map(|active| active.version);
        let present = self.articles_digest(transaction, app, now).await?;
        for version in versions.iter().copied().filter(|version| Some(*version) != active) {
            if let Some(why) = self.why_unproven(transaction, app, version, &requirement, &present).await? {
                return Err(StoreError::Unproven(Box::new(Unproven { version, requirement, why })));
            }
        }
        Ok(())
    }

    async fn why_unproven(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        version: i32,
        requirement: &SuiteRequirement,
        present: &ArticlesDigest,
    ) -> Result<Option<WhyUnproven>, StoreError> {
        let results = self
            .evaluations_of(app)
            .add(evaluation::Column::Version.eq(version))
            .add(evaluation::Column::SuiteHash.eq(requirement.hash.as_str()))
            .add(evaluation::Column::State.eq(EvaluationState::Finished.as_str()));
        let newest = |wanted: Condition| {
            evaluation::Entity::find()
                .filter(wanted)
                .order_by_desc(evaluation::Column::FinishedAt)
                .order_by_desc(evaluation::Column::Id)
        };
        let of_present = newest(results.clone().add(evaluation::Column::Articles.eq(present.as_str())));
        let Some(result) = of_present.one(transaction).await? else {
            let any = newest(results).one(transaction).await?;
            return Ok(Some(any.map_or(WhyUnproven::NeverEvaluated, |_| WhyUnproven::ArticlesChanged)));
        };
        let (passed, cases) = (result.passed.unwrap_or(0), result.cases);
        let count = |number: i32| usize::try_from(number).unwrap_or(0);
        let suffices = requirement.minimum.is_reached(count(passed), count(cases));
        Ok((!suffices).then_some(WhyUnproven::NotPassed { passed, cases }))
    }
}
