//! Staff's being signed in. As with patients, the row is what counts, and it is looked at with every request.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Actor, AuditAction, Id, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};
use serde_json::json;

use super::{
    api_keys::SecretHash,
    audit::NewAuditEvent,
    logins::{LoginLimits, MOST_AT_ONCE},
    second_factors::Factor,
    staff_members::{StaffCredentials, StaffMember},
};
use crate::{
    Installation, StaffScope, StoreError,
    entities::{staff_login, staff_member},
};

/// How long a login that has ended is kept, to be looked up.
const KEPT: TimeDelta = TimeDelta::days(30);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLogin {
    pub id: Id<id::StaffLogin>,
    pub member: Id<id::StaffMember>,
    pub created_at: DateTime<Utc>,
    /// When it ends however much it is used.
    pub expires_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// How long it may rest unused.
    pub idle: TimeDelta,
    /// When it ends unless it is used before.
    pub ends_at: DateTime<Utc>,
    /// Whether a second factor stands behind it.
    pub is_strong: bool,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl StaffLogin {
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.ends_at
    }
}

impl From<staff_login::Model> for StaffLogin {
    fn from(row: staff_login::Model) -> Self {
        Self {
            id: Id::from_uuid(row.id),
            member: Id::from_uuid(row.member_id),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_seen_at: row.last_seen_at,
            idle: TimeDelta::seconds(row.idle_seconds),
            ends_at: row.ends_at,
            is_strong: row.is_strong,
            revoked_at: row.revoked_at,
        }
    }
}

impl StaffMember {
    /// Whom the audit trail names for what they do.
    pub fn actor(&self) -> Actor {
        Actor::Staff { id: self.id, role: self.role, name: self.name.expose().clone() }
    }
}

impl StaffScope {
    /// Signs in somebody whose password was right a moment ago. None: it is not any more, they were disabled meanwhile, or what they
    /// have shown besides is not good.
    pub async fn sign_in_staff(
        &self,
        credentials: &StaffCredentials,
        factor: &Factor,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<Option<(StaffLogin, StaffMember)>, StoreError> {
        let transaction = self.write().await?;
        let mut row = match self.lock_member(&transaction, credentials.member.id, None).await {
            Ok(row) if credentials.are_those_of(&row) => row,
            Ok(_) | Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !self.use_factor(&mut row, factor)? {
            return Ok(None);
        }
        self.put_member(&transaction, &row).await?;
        let signed_in = self.begin_login(&transaction, row, "password", factor, limits, now).await?;
        transaction.commit().await?;
        Ok(Some(signed_in))
    }

    /// Gives the holder of an enrolment code the password that they chose, and signs them in here and out everywhere else. None: the
    /// code is not good, or not any more, or what they have shown besides is not.
    pub async fn enrol(
        &self,
        id: Id<id::StaffMember>,
        secret_hash: &SecretHash,
        password_hash: &str,
        factor: &Factor,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<Option<(StaffLogin, StaffMember)>, StoreError> {
        let transaction = self.write().await?;
        let mut row = match self.lock_member(&transaction, id, None).await {
            Ok(row) if is_enrolled_by(&row, secret_hash, now) => row,
            Ok(_) | Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !self.use_factor(&mut row, factor)? {
            return Ok(None);
        }
        row.password_hash = Some(self.seal(id, "password_hash", password_hash)?);
        row.enrolment_hash = None;
        row.enrolment_expires_at = None;
        self.put_member(&transaction, &row).await?;
        self.revoke_staff_logins_of(&transaction, id, None, now).await?;
        let member = self.open_member(row.clone())?;
        let event = NewAuditEvent::new(AuditAction::StaffEnrolled, id);
        self.clone().by(member.actor()).audit(&transaction, event, now).await?;
        let signed_in = self.begin_login(&transaction, row, "enrolment", factor, limits, now).await?;
        transaction.commit().await?;
        Ok(Some(signed_in))
    }

    /// Whether a code lets its holder choose a password; to be looked at before a password is hashed for it.
    pub async fn may_enrol(
        &self,
        id: Id<id::StaffMember>,
        secret_hash: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = staff_member::Entity::find_by_id(id.uuid())
            .filter(self.own(staff_member::Column::TenantId))
            .one(self.reader())
            .await?;
        Ok(row.is_some_and(|row| is_enrolled_by(&row, secret_hash, now)))
    }

    /// Gives somebody who proved who they are a moment ago another password, and signs them out everywhere but here. False: what
    /// they proved it with is not right any more.
    pub async fn change_own_password(
        &self,
        credentials: &StaffCredentials,
        password_hash: &str,
        here: Id<id::StaffLogin>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let id = credentials.member.id;
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        if !credentials.are_those_of(&row) {
            return Ok(false);
        }
        row.password_hash = Some(self.seal(id, "password_hash", password_hash)?);
        self.put_member(&transaction, &row).await?;
        self.revoke_staff_logins_of(&transaction, id, Some(here), now).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::PasswordChanged, id), now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// A login and whose it is. Of a person who is gone there is none.
    pub async fn staff_login(&self, id: Id<id::StaffLogin>) -> Result<(StaffLogin, StaffMember), StoreError> {
        let login = staff_login::Entity::find_by_id(id.uuid())
            .filter(self.own(staff_login::Column::TenantId))
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)?;
        let member = self.member(Id::from_uuid(login.member_id)).await?;
        Ok((login.into(), member))
    }

    /// Notes that the login is in use, unless it is over.
    pub async fn touch_staff_login(&self, login: &StaffLogin, now: DateTime<Utc>) -> Result<(), StoreError> {
        let limits = LoginLimits { expires_at: login.expires_at, idle: login.idle };
        let transaction = self.write().await?;
        staff_login::Entity::update_many()
            .col_expr(staff_login::Column::LastSeenAt, Expr::value(now))
            .col_expr(staff_login::Column::EndsAt, Expr::value(limits.end(now)))
            .filter(self.own(staff_login::Column::TenantId))
            .filter(staff_login::Column::Id.eq(login.id.uuid()))
            .filter(staff_login::Column::EndsAt.gt(now))
            .filter(staff_login::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Signs out. Again changes nothing.
    pub async fn revoke_staff_login(&self, id: Id<id::StaffLogin>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let this = Condition::all().add(staff_login::Column::Id.eq(id.uuid()));
        if self.revoke_staff_logins(&transaction, this, now).await? > 0 {
            self.audit(&transaction, NewAuditEvent::new(AuditAction::SignedOut, id), now).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Signs somebody out everywhere, or everywhere but here.
    pub(crate) async fn revoke_staff_logins_of(
        &self,
        transaction: &DatabaseTransaction,
        member: Id<id::StaffMember>,
        but: Option<Id<id::StaffLogin>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let theirs = Condition::all()
            .add(staff_login::Column::MemberId.eq(member.uuid()))
            .add_option(but.map(|login| staff_login::Column::Id.ne(login.uuid())));
        self.revoke_staff_logins(transaction, theirs, now).await?;
        Ok(())
    }

    async fn revoke_staff_logins(
        &self,
        transaction: &DatabaseTransaction,
        which: Condition,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let revoked = staff_login::Entity::update_many()
            .col_expr(staff_login::Column::RevokedAt, Expr::value(now))
            .filter(self.own(staff_login::Column::TenantId))
            .filter(which)
            .filter(staff_login::Column::RevokedAt.is_null())
            .exec(transaction)
            .await?;
        Ok(revoked.rows_affected)
    }

    /// Signs in the person of a locked row, on record as themselves.
    pub(crate) async fn begin_login(
        &self,
        transaction: &DatabaseTransaction,
        member: staff_member::Model,
        by: &str,
        factor: &Factor,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<(StaffLogin, StaffMember), StoreError> {
        let member = self.open_member(member)?;
        let row = staff_login::Model {
            id: Id::<id::StaffLogin>::generate().uuid(),
            tenant_id: member.tenant.map(|tenant| tenant.uuid()),
            member_id: member.id.uuid(),
            created_at: now,
            expires_at: limits.expires_at,
            last_seen_at: now,
            idle_seconds: limits.idle.num_seconds(),
            ends_at: limits.end(now),
            is_strong: factor.is_strong(),
            revoked_at: None,
        };
        staff_login::Entity::delete_many()
            .filter(self.own(staff_login::Column::TenantId))
            .filter(staff_login::Column::MemberId.eq(member.id.uuid()))
            .filter(staff_login::Column::RevokedAt.lte(now - KEPT))
            .exec(transaction)
            .await?;
        let new: staff_login::ActiveModel = row.clone().into();
        staff_login::Entity::insert(new.reset_all()).exec_without_returning(transaction).await?;
        let login = StaffLogin::from(row);
        let event = NewAuditEvent::new(AuditAction::SignedIn, member.id)
            .with(json!({"login": login.id.to_string(), "by": by, "secondFactor": factor.name()}));
        self.clone().by(member.actor()).audit(transaction, event, now).await?;
        Ok((login, member))
    }
}

fn is_enrolled_by(row: &staff_member::Model, secret_hash: &SecretHash, now: DateTime<Utc>) -> bool {
    let is_fresh = row.enrolment_expires_at.is_some_and(|expires_at| now < expires_at);
    // Of random secrets' hashes the time of a comparison gives nothing away.
    row.disabled_at.is_none() && is_fresh && row.enrolment_hash.as_deref() == Some(&secret_hash[..])
}

impl Installation {
    /// Signs out the staff whose time is over.
    pub async fn time_out_staff_logins(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let is_over =
            || Condition::all().add(staff_login::Column::RevokedAt.is_null()).add(staff_login::Column::EndsAt.lte(now));
        let over = staff_login::Entity::find().filter(is_over()).limit(MOST_AT_ONCE).all(self.reader()).await?;
        for login in over {
            let transaction = self.write().await?;
            let revoked = staff_login::Entity::update_many()
                .col_expr(staff_login::Column::RevokedAt, Expr::value(now))
                .filter(staff_login::Column::Id.eq(login.id))
                // Another node may have been first, or they were.
                .filter(is_over())
                .exec(&transaction)
                .await?;
            if revoked.rows_affected > 0 {
                let why = if login.ends_at < login.expires_at { "idle" } else { "expired" };
                let member = Id::<id::StaffMember>::from_uuid(login.member_id);
                let event = NewAuditEvent::new(AuditAction::SignInTimedOut, member)
                    .with(json!({"login": Id::<id::StaffLogin>::from_uuid(login.id).to_string(), "because": why}));
                self.audit(&transaction, login.tenant_id.map(Id::from_uuid), event, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}
