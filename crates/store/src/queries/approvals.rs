//! Changes to what new conversations get that a second person has to approve, where an app is set up so.
//!
//! Everything here happens under the lock under which versions are activated. Whatever changes what new conversations get
//! makes all requests void that were made for how it was before, in the same transaction: an open request always means what
//! its reader sees.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};

use super::{
    approval_requests::{ApprovalRequest, Change, Decision, RequestState, of_app},
    audit::NewAuditEvent,
    configs::{active_config, versions_of},
    splits::{Replaces, running_split},
    suite_requirements::SuiteRequirement,
};
use crate::{
    StoreError, TenantScope,
    entities::{app, app_config, approval_request},
};

/// How long a request can be approved: over a weekend, but not when everybody has forgotten what it was about.
const OPEN_FOR: TimeDelta = TimeDelta::days(7);

impl TenantScope {
    /// Asks for a change that another person has to approve. Where the same was asked for and is open, that is the request.
    ///
    /// Where new conversations are not divided as the caller takes them to be by now, nothing is asked for.
    pub async fn request_change(
        &self,
        app: Id<id::App>,
        change: Change,
        replaces: Replaces,
        note: String,
        now: DateTime<Utc>,
    ) -> Result<ApprovalRequest, StoreError> {
        let transaction = self.write().await?;
        let locked = self.lock_configs(&transaction, app).await?;
        self.check_replaced(&transaction, app, replaces).await?;
        let version = match &change {
            Change::Activate { version } => {
                self.check_versions(&transaction, app, &[*version]).await?;
                self.check_proven(&transaction, &locked, &[*version], now).await?;
                Some(*version)
            }
            Change::RollBack => Some(self.roll_back_target(&transaction, app).await?.version()),
            Change::Split { arms } => {
                let versions: Vec<i32> = arms.iter().map(|arm| arm.version).collect();
                self.check_versions(&transaction, app, &versions).await?;
                self.check_proven(&transaction, &locked, &versions, now).await?;
                None
            }
            Change::EndApproval => None,
            Change::RequireSuite { requirement } => {
                self.check_requirement(&transaction, app, requirement.as_ref()).await?;
                None
            }
        };
        let is_open = of_app(self.id(), app)
            .add(approval_request::Column::State.eq("open"))
            .add(approval_request::Column::ExpiresAt.gt(now));
        for row in approval_request::Entity::find().filter(is_open).all(&transaction).await? {
            let open = ApprovalRequest::read(row, now)?;
            if open.change == change {
                return Ok(open);
            }
        }
        let from_version = active_config(&transaction, self.id(), app).await?.map(|active| active.version);
        let from_split = running_split(&transaction, self.id(), app).await?.map(|split| split.number);
        let arms = match &change {
            Change::Split { arms } => {
                Some(serde_json::to_value(arms).map_err(|error| StoreError::Other(error.to_string()))?)
            }
            _ => None,
        };
        let requirement = match &change {
            Change::RequireSuite { requirement } => requirement.as_ref().map(SuiteRequirement::to_json),
            _ => None,
        };
        let request = ApprovalRequest {
            id: Id::generate(),
            change,
            version,
            from_version,
            from_split,
            note,
            requested_by: self.actor().to_string(),
            requested_at: now,
            expires_at: now + OPEN_FOR,
            state: RequestState::Open,
            decided_by: None,
            decided_at: None,
        };
        approval_request::Entity::insert(approval_request::ActiveModel {
            id: Set(request.id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(app.uuid()),
            change: Set(request.change.as_str().to_owned()),
            version: Set(version),
            arms: Set(arms),
            from_version: Set(from_version),
            from_split: Set(from_split),
            note: Set(request.note.clone()),
            requested_by: Set(self.actor().id()),
            requested_by_name: Set(request.requested_by.clone()),
            requested_at: Set(now),
            expires_at: Set(request.expires_at),
            state: Set(request.state.as_str().to_owned()),
            decided_by: Set(None),
            decided_by_name: Set(None),
            decided_at: Set(None),
            requirement: Set(requirement),
        })
        .exec_without_returning(&transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::ApprovalRequested, request.id).because(&request.note);
        self.audit(&transaction, event.with(request.details(app)), now).await?;
        transaction.commit().await?;
        Ok(request)
    }

    /// Approves a request, which makes its change, or refuses or withdraws it. Of all who decide at the same time one does;
    /// the same decision by the same person once more changes nothing.
    pub async fn decide_request(
        &self,
        app: Id<id::App>,
        id: Id<id::ApprovalRequest>,
        decision: Decision,
        now: DateTime<Utc>,
    ) -> Result<ApprovalRequest, StoreError> {
        let this = || {
            approval_request::Entity::find()
                .filter(of_app(self.id(), app).add(approval_request::Column::Id.eq(id.uuid())))
        };
        let requested_by = this().one(self.reader()).await?.ok_or(StoreError::NotFound)?.requested_by;
        // Who made which key never changes, so this need not be read under the lock.
        let is_own = self.person_behind(&requested_by).await? == self.person_behind(&self.actor().id()).await?;
        let state = match decision {
            Decision::Approve => RequestState::Approved,
            Decision::Refuse => RequestState::Refused,
            Decision::Withdraw => RequestState::Withdrawn,
        };
        let transaction = self.write().await?;
        let locked = self.lock_configs(&transaction, app).await?;
        let row = this().one(&transaction).await?.ok_or(StoreError::NotFound)?;
        let is_again = row.state == state.as_str() && row.decided_by == Some(self.actor().id());
        let request = ApprovalRequest::read(row, now)?;
        if is_again {
            return Ok(request);
        }
        match decision {
            Decision::Withdraw if !is_own => return Err(StoreError::NotTheirs),
            Decision::Approve | Decision::Refuse if is_own => return Err(StoreError::SecondPersonNeeded),
            _ => {}
        }
        if request.state != RequestState::Open {
            return Err(StoreError::RequestClosed { state: request.state });
        }
        let by = self.actor().to_string();
        approval_request::Entity::update_many()
            .col_expr(approval_request::Column::State, Expr::value(state.as_str()))
            .col_expr(approval_request::Column::DecidedBy, Expr::value(self.actor().id()))
            .col_expr(approval_request::Column::DecidedByName, Expr::value(by.clone()))
            .col_expr(approval_request::Column::DecidedAt, Expr::value(now))
            .filter(of_app(self.id(), app).add(approval_request::Column::Id.eq(id.uuid())))
            .exec(&transaction)
            .await?;
        let action = match decision {
            Decision::Approve => AuditAction::ApprovalGiven,
            Decision::Refuse => AuditAction::ApprovalRefused,
            Decision::Withdraw => AuditAction::ApprovalWithdrawn,
        };
        let event = NewAuditEvent::new(action, id).with(request.details(app));
        self.audit(&transaction, event, now).await?;
        if decision == Decision::Approve {
            let both = format!("{}, approved by {by}", request.requested_by);
            self.make_change(&transaction, &locked, &request.change, &both, now).await?;
        }
        transaction.commit().await?;
        Ok(ApprovalRequest { state, decided_by: Some(by), decided_at: Some(now), ..request })
    }

    /// Makes a change that was approved, under the lock of [`TenantScope::lock_configs`], which gave the app's row.
    async fn make_change(
        &self,
        transaction: &DatabaseTransaction,
        locked: &app::Model,
        change: &Change,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let app = Id::from_uuid(locked.id);
        match change {
            Change::Activate { version } => {
                // Articles may have changed while it waited.
                self.check_proven(transaction, locked, &[*version], now).await?;
                self.activate(transaction, app, *version, by, now).await
            }
            Change::RollBack => {
                let target = self.roll_back_target(transaction, app).await?;
                self.roll_back_to(transaction, app, target, by, now).await
            }
            Change::Split { arms } => {
                let versions: Vec<i32> = arms.iter().map(|arm| arm.version).collect();
                self.check_proven(transaction, locked, &versions, now).await?;
                self.start_split(transaction, app, arms.clone(), by, now).await.map(drop)
            }
            Change::EndApproval => self.set_approval(transaction, app, false, now).await,
            Change::RequireSuite { requirement } => {
                self.check_requirement(transaction, app, requirement.as_ref()).await?;
                self.set_requirement(transaction, app, requirement.clone(), now).await
            }
        }
    }

    /// From now on a second person has to approve what changes what the app's new conversations get. Ending it is a change
    /// that a second person has to approve, too: see [`Change::EndApproval`].
    pub async fn require_approval(&self, app: Id<id::App>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        if !self.lock_configs(&transaction, app).await?.approval_required {
            self.set_approval(&transaction, app, true, now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn set_approval(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        is_required: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        app::Entity::update_many()
            .col_expr(app::Column::ApprovalRequired, Expr::value(is_required))
            .col_expr(app::Column::Revision, Expr::cust("revision + 1"))
            .filter(app::Column::TenantId.eq(self.id().uuid()))
            .filter(app::Column::Id.eq(app.uuid()))
            .exec(transaction)
            .await?;
        let action = if is_required { AuditAction::ApprovalBegun } else { AuditAction::ApprovalEnded };
        self.audit(transaction, NewAuditEvent::new(action, app), now).await
    }

    /// Makes those requests void that were made for how new conversations were divided until now.
    pub(crate) async fn void_requests(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
    ) -> Result<(), StoreError> {
        let outdated = of_app(self.id(), app)
            .add(approval_request::Column::State.eq("open"))
            .add(approval_request::Column::Change.is_in(["activate", "roll_back", "split"]));
        approval_request::Entity::update_many()
            .col_expr(approval_request::Column::State, Expr::value(RequestState::Void.as_str()))
            .filter(outdated)
            .exec(transaction)
            .await?;
        Ok(())
    }

    /// Whether these are all versions of the app.
    pub(crate) async fn check_versions(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        versions: &[i32],
    ) -> Result<(), StoreError> {
        let known = versions_of(self.id(), app)
            .select_only()
            .column(app_config::Column::Version)
            .filter(app_config::Column::Version.is_in(versions.iter().copied()))
            .into_tuple::<i32>()
            .all(transaction)
            .await?;
        if versions.iter().all(|version| known.contains(version)) { Ok(()) } else { Err(StoreError::NotFound) }
    }
}
