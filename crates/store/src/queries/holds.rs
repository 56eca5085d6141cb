//! Legal holds: what must not be erased while a matter is open.
//!
//! A hold is on a whole tenant, an app, a patient or a conversation. What somebody wants erased meanwhile is hidden at once and
//! erased when the last hold on it was lifted (`deferred.rs`). Placing a hold and erasing both write to the tenant's audit trail
//! and take its lock first, so one of them comes before the other: nothing is erased once the hold is answered for.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, Phi, id};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr},
};
use serde_json::json;
use uuid::Uuid;

use super::audit::NewAuditEvent;
use crate::{
    StoreError, TenantScope,
    entities::{app, legal_hold, session, user},
    sealed::Place,
};

/// What a hold is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldSubject {
    /// Everything of the tenant's.
    Tenant,
    /// An app's conversations.
    App(Id<id::App>),
    /// A patient's account and conversations.
    User(Id<id::User>),
    Session(Id<id::Session>),
}

impl HoldSubject {
    fn kind(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::App(_) => "app",
            Self::User(_) => "user",
            Self::Session(_) => "session",
        }
    }

    fn stored(kind: &str, id: Uuid) -> Result<Self, StoreError> {
        match kind {
            "tenant" => Ok(Self::Tenant),
            "app" => Ok(Self::App(Id::from_uuid(id))),
            "user" => Ok(Self::User(Id::from_uuid(id))),
            "session" => Ok(Self::Session(Id::from_uuid(id))),
            _ => Err(StoreError::Other(format!("a legal hold on {kind}: there is no such subject"))),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHold {
    pub id: Id<id::LegalHold>,
    pub subject: HoldSubject,
    /// What the matter is called: a case, a complaint.
    pub matter: Phi<String>,
    pub reason: Phi<String>,
    pub placed_by: String,
    pub placed_at: DateTime<Utc>,
    /// None while it is in force.
    pub lifted: Option<LiftedHold>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftedHold {
    pub by: String,
    pub at: DateTime<Utc>,
    pub reason: Phi<String>,
}

#[derive(Debug, Clone)]
pub struct NewLegalHold {
    pub subject: HoldSubject,
    pub matter: Phi<String>,
    pub reason: Phi<String>,
}

/// Which holds, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct HoldFilter {
    pub before: Option<Id<id::LegalHold>>,
    /// Only those in force, or only those that were lifted.
    pub in_force: Option<bool>,
}

impl TenantScope {
    /// Places a hold. `NotFound`: there is no such app, patient or conversation, or it was erased.
    pub async fn place_hold(&self, new: NewLegalHold, now: DateTime<Utc>) -> Result<LegalHold, StoreError> {
        let id = Id::generate();
        let transaction = self.write().await?;
        self.lock_audit(&transaction).await?;
        let subject = self.subject_id(&transaction, new.subject).await?;
        let row = legal_hold::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            subject_kind: new.subject.kind().into(),
            subject_id: subject,
            matter: self.seal_hold(id, "matter", &new.matter)?,
            reason: self.seal_hold(id, "reason", &new.reason)?,
            placed_by: self.actor().to_string(),
            placed_at: now,
            lifted_by: None,
            lifted_at: None,
            lift_reason: None,
        };
        let inserted: legal_hold::ActiveModel = row.clone().into();
        legal_hold::Entity::insert(inserted.reset_all()).exec_without_returning(&transaction).await?;
        let on = json!({"on": new.subject.kind(), "subject": self.name_of(new.subject)});
        self.audit(&transaction, NewAuditEvent::new(AuditAction::HoldPlaced, id).with(on), now).await?;
        transaction.commit().await?;
        self.open_hold(row)
    }

    /// Lifts a hold. What waits for it is erased afterwards, where no other hold is on it. `Changed`: somebody else lifted it.
    pub async fn lift_hold(
        &self,
        id: Id<id::LegalHold>,
        reason: &Phi<String>,
        now: DateTime<Utc>,
    ) -> Result<LegalHold, StoreError> {
        let transaction = self.write().await?;
        let found = self.own_holds().filter(legal_hold::Column::Id.eq(id.uuid())).lock_exclusive();
        let mut row = found.one(&transaction).await?.ok_or(StoreError::NotFound)?;
        if row.lifted_at.is_some() {
            return Err(StoreError::Lifted);
        }
        row.lifted_by = Some(self.actor().to_string());
        row.lifted_at = Some(now);
        row.lift_reason = Some(self.seal_hold(id, "lift_reason", reason)?);
        let lifted = legal_hold::ActiveModel {
            id: Set(row.id),
            lifted_by: Set(row.lifted_by.clone()),
            lifted_at: Set(row.lifted_at),
            lift_reason: Set(row.lift_reason.clone()),
            ..Default::default()
        };
        legal_hold::Entity::update(lifted).exec(&transaction).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::HoldLifted, id), now).await?;
        transaction.commit().await?;
        self.open_hold(row)
    }

    pub async fn hold(&self, id: Id<id::LegalHold>) -> Result<LegalHold, StoreError> {
        let row = self.own_holds().filter(legal_hold::Column::Id.eq(id.uuid())).one(self.reader()).await?;
        self.open_hold(row.ok_or(StoreError::NotFound)?)
    }

    /// A page of the tenant's holds, newest first.
    pub async fn holds(&self, filter: HoldFilter, limit: u64) -> Result<Vec<LegalHold>, StoreError> {
        use legal_hold::Column;
        let HoldFilter { before, in_force } = filter;
        let rows = self
            .own_holds()
            .apply_if(before, |rows, before| rows.filter(Column::Id.lt(before.uuid())))
            .apply_if(in_force, |rows, in_force| {
                rows.filter(if in_force { Column::LiftedAt.is_null() } else { Column::LiftedAt.is_not_null() })
            })
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        rows.into_iter().map(|row| self.open_hold(row)).collect()
    }

    /// Whether a hold is on the conversation. With the audit trail's lock, none is placed until the transaction ends.
    pub(crate) async fn is_held(
        &self,
        transaction: &DatabaseTransaction,
        row: &session::Model,
    ) -> Result<bool, StoreError> {
        let subjects = [Some(row.tenant_id), Some(row.app_id), row.user_id, Some(row.id)];
        let found = self.in_force().filter(legal_hold::Column::SubjectId.is_in(subjects.into_iter().flatten()));
        Ok(found.count(transaction).await? > 0)
    }

    /// Whether a hold is on the patient's account: on them, on all, or on one of their conversations, of which they are part.
    pub(crate) async fn is_user_held(
        &self,
        connection: &impl ConnectionTrait,
        user: Id<id::User>,
    ) -> Result<bool, StoreError> {
        let of_theirs = |column: session::Column| {
            Query::select()
                .column(column)
                .from(session::Entity)
                .and_where(session::Column::TenantId.eq(self.id().uuid()))
                .and_where(session::Column::UserId.eq(user.uuid()))
                .and_where(session::Column::ErasedAt.is_null())
                .to_owned()
        };
        let on = legal_hold::Column::SubjectId
            .is_in([self.id().uuid(), user.uuid()])
            .or(legal_hold::Column::SubjectId.in_subquery(of_theirs(session::Column::Id)))
            .or(legal_hold::Column::SubjectId.in_subquery(of_theirs(session::Column::AppId)));
        Ok(self.in_force().filter(on).count(connection).await? > 0)
    }

    fn own_holds(&self) -> sea_orm::Select<legal_hold::Entity> {
        legal_hold::Entity::find().filter(legal_hold::Column::TenantId.eq(self.id().uuid()))
    }

    fn in_force(&self) -> sea_orm::Select<legal_hold::Entity> {
        self.own_holds().filter(legal_hold::Column::LiftedAt.is_null())
    }

    async fn subject_id(&self, transaction: &DatabaseTransaction, subject: HoldSubject) -> Result<Uuid, StoreError> {
        let found = match subject {
            HoldSubject::Tenant => Some(self.id().uuid()),
            HoldSubject::App(app) => app::Entity::find_by_id(app.uuid())
                .filter(app::Column::TenantId.eq(self.id().uuid()))
                .one(transaction)
                .await?
                .map(|row| row.id),
            HoldSubject::User(user) => {
                self.own_users().filter(user::Column::Id.eq(user.uuid())).one(transaction).await?.map(|row| row.id)
            }
            HoldSubject::Session(session) => session::Entity::find_by_id(session.uuid())
                .filter(session::Column::TenantId.eq(self.id().uuid()))
                .filter(session::Column::ErasedAt.is_null())
                .one(transaction)
                .await?
                .map(|row| row.id),
        };
        found.ok_or(StoreError::NotFound)
    }

    fn name_of(&self, subject: HoldSubject) -> String {
        match subject {
            HoldSubject::Tenant => self.id().to_string(),
            HoldSubject::App(app) => app.to_string(),
            HoldSubject::User(user) => user.to_string(),
            HoldSubject::Session(session) => session.to_string(),
        }
    }

    fn hold_place(&self, id: Id<id::LegalHold>, column: &'static str) -> Place {
        Place::new(self.id(), "legal_holds", id.uuid(), column)
    }

    fn seal_hold(
        &self,
        id: Id<id::LegalHold>,
        column: &'static str,
        text: &Phi<String>,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.key().seal(text.expose().as_bytes(), self.hold_place(id, column))?)
    }

    fn open_hold(&self, row: legal_hold::Model) -> Result<LegalHold, StoreError> {
        let id = Id::from_uuid(row.id);
        let open = |column, sealed: &[u8]| -> Result<Phi<String>, StoreError> {
            let bytes = self.key().open(sealed, self.hold_place(id, column))?;
            let text = String::from_utf8(bytes).map_err(|error| StoreError::Other(error.utf8_error().to_string()))?;
            Ok(Phi::new(text))
        };
        let lifted = match (row.lifted_by, row.lifted_at, row.lift_reason) {
            (Some(by), Some(at), Some(reason)) => Some(LiftedHold { by, at, reason: open("lift_reason", &reason)? }),
            _ => None,
        };
        Ok(LegalHold {
            id,
            subject: HoldSubject::stored(&row.subject_kind, row.subject_id)?,
            matter: open("matter", &row.matter)?,
            reason: open("reason", &row.reason)?,
            placed_by: row.placed_by,
            placed_at: row.placed_at,
            lifted,
        })
    }
}

/// Of conversations in a query: that no hold is on them.
pub(crate) fn no_hold_on_session() -> SimpleExpr {
    use session::Column;
    let subjects = [Column::TenantId, Column::AppId, Column::UserId, Column::Id]
        .map(|column| Expr::col((session::Entity, column)));
    Expr::exists(in_force_on(session::Column::TenantId, subjects)).not()
}

fn in_force_on(tenant: session::Column, subjects: impl IntoIterator<Item = SimpleExpr>) -> SelectStatement {
    use legal_hold::{Column, Entity};
    Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::TenantId)).equals((session::Entity, tenant)))
        .and_where(Expr::col((Entity, Column::LiftedAt)).is_null())
        .and_where(Expr::col((Entity, Column::SubjectId)).is_in(subjects))
        .to_owned()
}
