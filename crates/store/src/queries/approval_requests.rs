//! Requests for changes that a second person has to approve: what they say, and how they are found.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::{splits::Arm, suite_requirements::SuiteRequirement};
use crate::{StoreError, TenantScope, entities::approval_request};

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Activate {
        version: i32,
    },
    RollBack,
    Split {
        arms: Vec<Arm>,
    },
    /// One person is enough from then on.
    EndApproval,
    /// What versions have to pass from then on; None: nothing.
    RequireSuite {
        requirement: Option<SuiteRequirement>,
    },
}

impl Change {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Activate { .. } => "activate",
            Self::RollBack => "roll_back",
            Self::Split { .. } => "split",
            Self::EndApproval => "end_approval",
            Self::RequireSuite { .. } => "require_suite",
        }
    }
}

/// Where a request stands. All but `Open` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    Open,
    Approved,
    Refused,
    Withdrawn,
    /// What new conversations get has changed since it was made.
    Void,
    Expired,
}

impl RequestState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Void => "void",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Approved, Self::Refused, Self::Withdrawn, Self::Void, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What somebody says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Refuse,
    /// By whoever asked, and by nobody else.
    Withdraw,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    pub id: Id<id::ApprovalRequest>,
    pub change: Change,
    /// The version that all new conversations are to get; None where they are to be divided, or nothing changes for them.
    pub version: Option<i32>,
    /// The version that was active when it was asked for, and the split that ran.
    pub from_version: Option<i32>,
    pub from_split: Option<i32>,
    pub note: String,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub state: RequestState,
    /// Who approved, refused or withdrew it, and when.
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
}

impl ApprovalRequest {
    pub(super) fn read(row: approval_request::Model, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let bad = |what: &str| StoreError::Other(format!("approval request {}: {what}", row.id));
        let state = RequestState::parse(&row.state).ok_or_else(|| bad("unknown state"))?;
        let change = match row.change.as_str() {
            "activate" => Change::Activate { version: row.version.ok_or_else(|| bad("no version"))? },
            "roll_back" => Change::RollBack,
            "split" => {
                let arms = row.arms.clone().ok_or_else(|| bad("no arms"))?;
                Change::Split { arms: serde_json::from_value(arms).map_err(|error| bad(&error.to_string()))? }
            }
            "end_approval" => Change::EndApproval,
            "require_suite" => {
                let read = |value| SuiteRequirement::from_json(value).ok_or_else(|| bad("unreadable requirement"));
                Change::RequireSuite { requirement: row.requirement.clone().map(read).transpose()? }
            }
            _ => return Err(bad("unknown change")),
        };
        let is_over = state == RequestState::Open && now >= row.expires_at;
        Ok(Self {
            id: Id::from_uuid(row.id),
            change,
            version: row.version,
            from_version: row.from_version,
            from_split: row.from_split,
            note: row.note,
            requested_by: row.requested_by_name,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            state: if is_over { RequestState::Expired } else { state },
            decided_by: row.decided_by_name,
            decided_at: row.decided_at,
        })
    }

    /// What the audit trail says of it.
    pub(super) fn details(&self, app: Id<id::App>) -> Value {
        let mut details = json!({
            "appId": app.to_string(),
            "change": self.change.as_str(),
            "version": self.version,
            "arms": match &self.change {
                Change::Split { arms } => Some(arms),
                _ => None,
            },
        });
        if let Change::RequireSuite { requirement } = &self.change {
            details["requirement"] = requirement.as_ref().map_or(Value::Null, SuiteRequirement::to_json);
        }
        details
    }
}

/// An app's requests.
pub(super) fn of_app(tenant: Id<id::Tenant>, app: Id<id::App>) -> Condition {
    Condition::all()
        .add(approval_request::Column::TenantId.eq(tenant.uuid()))
        .add(approval_request::Column::AppId.eq(app.uuid()))
}

impl TenantScope {
    /// A page of an app's requests, newest first.
    pub async fn approval_requests(
        &self,
        app: Id<id::App>,
        only: Option<RequestState>,
        before: Option<Id<id::ApprovalRequest>>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<ApprovalRequest>, StoreError> {
        use approval_request::Column;
        let mut wanted = of_app(self.id(), app);
        if let Some(before) = before {
            wanted = wanted.add(Column::Id.lt(before.uuid()));
        }
        wanted = match only {
            None => wanted,
            Some(RequestState::Open) => wanted.add(Column::State.eq("open")).add(Column::ExpiresAt.gt(now)),
            Some(RequestState::Expired) => wanted.add(Column::State.eq("open")).add(Column::ExpiresAt.lte(now)),
            Some(state) => wanted.add(Column::State.eq(state.as_str())),
        };
        let rows = approval_request::Entity::find().filter(wanted).order_by_desc(Column::Id).limit(limit);
        rows.all(self.reader()).await?.into_iter().map(|row| ApprovalRequest::read(row, now)).collect()
    }

    pub async fn approval_request(
        &self,
        app: Id<id::App>,
        id: Id<id::ApprovalRequest>,
        now: DateTime<Utc>,
    ) -> Result<ApprovalRequest, StoreError> {
        let this = of_app(self.id(), app).add(approval_request::Column::Id.eq(id.uuid()));
        let row = approval_request::Entity::find().filter(this).one(self.reader()).await?;
        ApprovalRequest::read(row.ok_or(StoreError::NotFound)?, now)
    }
}
