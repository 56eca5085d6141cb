//! Patients' being signed in. The row is what counts: a token whose login was revoked opens nothing.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, JoinType, QueryFilter, QuerySelect,
    sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, identities::Assertion, users::Credentials};
use crate::{
    Installation, StoreError, TenantScope, User,
    entities::{login, session, user},
    sealed::Key,
};

/// How long a login's end is news to other nodes, at most.
const NEWS: TimeDelta = TimeDelta::hours(1);
/// Logins that are signed out in one go; the next go is soon.
pub(crate) const MOST_AT_ONCE: u64 = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub id: Id<id::Login>,
    pub user: Id<id::User>,
    /// The app whose widget it was made in.
    pub app: Id<id::App>,
    pub created_at: DateTime<Utc>,
    /// When it ends however much it is used.
    pub expires_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// How long it may rest unused.
    pub idle: TimeDelta,
    /// When it ends unless it is used before.
    pub ends_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Login {
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.ends_at
    }

    fn limits(&self) -> LoginLimits {
        LoginLimits { expires_at: self.expires_at, idle: self.idle }
    }

    /// The same, used now.
    pub fn used(self, now: DateTime<Utc>) -> Self {
        Self { last_seen_at: now, ends_at: self.limits().end(now), ..self }
    }

    /// Why it ended, if its time was over before anybody ended it.
    pub fn timed_out(&self, now: DateTime<Utc>) -> Option<TimeOut> {
        let was_over = self.ends_at <= self.revoked_at.unwrap_or(now);
        was_over.then_some(if self.ends_at < self.expires_at { TimeOut::Idle } else { TimeOut::Expired })
    }
}

/// Why a login ended that nobody ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOut {
    /// It rested unused for too long.
    Idle,
    /// However much it was used.
    Expired,
}

/// How long a login lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLimits {
    pub expires_at: DateTime<Utc>,
    /// How long it may rest unused.
    pub idle: TimeDelta,
}

impl LoginLimits {
    pub(crate) fn end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(self.idle).map_or(self.expires_at, |end| end.min(self.expires_at))
    }
}

impl From<login::Model> for Login {
    fn from(row: login::Model) -> Self {
        Self {
            id: Id::from_uuid(row.id),
            user: Id::from_uuid(row.user_id),
            app: Id::from_uuid(row.app_id),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_seen_at: row.last_seen_at,
            idle: TimeDelta::seconds(row.idle_seconds),
            ends_at: row.ends_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// What proves who somebody is.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// They knew the password a moment ago.
    Password(&'a Credentials),
    /// The hospital's own site says so, and its signature was right.
    Assertion(&'a Assertion),
}

impl Proof<'_> {
    /// As the audit trail calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::Assertion(_) => "hospital",
        }
    }
}

/// What came of signing in with a proof that was good when it was looked at.
#[derive(Debug)]
pub enum SignIn {
    Done(Login, Box<User>),
    /// They are not right any more: the user was disabled, deleted, or given another password meanwhile.
    Outdated,
    /// The conversation is another patient's already.
    SomebodyElses,
    /// What the hospital's site said was used before.
    Replayed,
}

/// A login that was revoked, and a conversation that it made its patient's, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedLogin {
    pub login: Id<id::Login>,
    pub session: Option<Id<id::Session>>,
}

impl TenantScope {
    /// Signs in, and makes the conversation the patient's.
    pub async fn sign_in(
        &self,
        proof: Proof<'_>,
        session: Id<id::Session>,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<SignIn, StoreError> {
        let new = match proof {
            Proof::Password(_) => None,
            Proof::Assertion(assertion) => self.key_for_asserted_user(assertion).await?,
        };
        let outcome = self.sign_in_with(proof, new.as_ref(), session, limits, now).await;
        if let (Some((id, _)), Ok(outcome)) = (new, &outcome)
            && !matches!(outcome, SignIn::Done(login, _) if login.user == id)
        {
            self.discard_key(id.uuid()).await?;
        }
        outcome
    }

    /// `new`: who the patient will be, if they have not been here before.
    async fn sign_in_with(
        &self,
        proof: Proof<'_>,
        new: Option<&(Id<id::User>, Key)>,
        session: Id<id::Session>,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<SignIn, StoreError> {
        let transaction = self.write().await?;
        let found = match proof {
            Proof::Password(credentials) => self.lock_user(&transaction, credentials.user.id, None).await,
            Proof::Assertion(assertion) => self.lock_asserted_user(&transaction, assertion, new, now).await,
        };
        let is_good = |row: &user::Model| match proof {
            Proof::Password(credentials) => credentials.are_those_of(row),
            Proof::Assertion(_) => row.disabled_at.is_none(),
        };
        let patient = match found {
            Ok(row) if is_good(&row) => {
                let key = self.user_key(&transaction, Id::from_uuid(row.id)).await?;
                key.map(|key| self.open_user(row, &key)).transpose()?
            }
            Ok(_) | Err(StoreError::NotFound) => return Ok(SignIn::Outdated),
            Err(error) => return Err(error),
        };
        // Without a key: erased, which only a restored database does not know.
        let Some(patient) = patient else { return Ok(SignIn::Outdated) };
        let user = patient.id;
        let conversation = session::Entity::find_by_id(session.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        if conversation.user_id.is_some_and(|owner| owner != user.uuid()) {
            return Ok(SignIn::SomebodyElses);
        }
        if let Proof::Assertion(assertion) = proof
            && !self.use_assertion(&transaction, assertion, now).await?
        {
            return Ok(SignIn::Replayed);
        }
        let row = login::Model {
            id: Id::<id::Login>::generate().uuid(),
            tenant_id: self.id().uuid(),
            user_id: user.uuid(),
            app_id: conversation.app_id,
            created_at: now,
            expires_at: limits.expires_at,
            last_seen_at: now,
            idle_seconds: limits.idle.num_seconds(),
            ends_at: limits.end(now),
            revoked_at: None,
        };
        // What ended is of no use to anybody, once every node has heard of it.
        login::Entity::delete_many()
            .filter(login::Column::TenantId.eq(self.id().uuid()))
            .filter(login::Column::UserId.eq(user.uuid()))
            .filter(login::Column::RevokedAt.lte(now - NEWS))
            .exec(&transaction)
            .await?;
        let new: login::ActiveModel = row.clone().into();
        login::Entity::insert(new.reset_all()).exec_without_returning(&transaction).await?;
        session::Entity::update_many()
            .col_expr(session::Column::UserId, Expr::value(user.uuid()))
            .col_expr(session::Column::LoginId, Expr::value(row.id))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(session.uuid()))
            .exec(&transaction)
            .await?;
        let login = Id::<id::Login>::from_uuid(row.id);
        let event = NewAuditEvent::new(AuditAction::SignedIn, user)
            .with(json!({"login": login.to_string(), "by": proof.name()}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(SignIn::Done(row.into(), Box::new(patient)))
    }

    pub async fn login(&self, id: Id<id::Login>) -> Result<Login, StoreError> {
        let row = login::Entity::find_by_id(id.uuid())
            .filter(login::Column::TenantId.eq(self.id().uuid()))
            .one(self.reader())
            .await?;
        row.map(Login::from).ok_or(StoreError::NotFound)
    }

    /// Notes that the login is in use, unless it is over.
    pub async fn touch_login(&self, login: &Login, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        login::Entity::update_many()
            .col_expr(login::Column::LastSeenAt, Expr::value(now))
            .col_expr(login::Column::EndsAt, Expr::value(login.limits().end(now)))
            .filter(login::Column::TenantId.eq(self.id().uuid()))
            .filter(login::Column::Id.eq(login.id.uuid()))
            .filter(login::Column::EndsAt.gt(now))
            .filter(login::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Signs out. Again changes nothing.
    pub async fn revoke_login(&self, id: Id<id::Login>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        if self.revoke(&transaction, login::Column::Id.eq(id.uuid()), now).await? > 0 {
            self.audit(&transaction, NewAuditEvent::new(AuditAction::SignedOut, id), now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Signs a user out everywhere.
    pub(crate) async fn revoke_logins_of(
        &self,
        transaction: &DatabaseTransaction,
        user: Id<id::User>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.revoke(transaction, login::Column::UserId.eq(user.uuid()), now).await?;
        Ok(())
    }

    /// Signs out all that the condition names that were not; returns how many.
    async fn revoke(
        &self,
        transaction: &DatabaseTransaction,
        which: impl Into<Condition>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let revoked = login::Entity::update_many()
            .col_expr(login::Column::RevokedAt, Expr::value(now))
            .filter(login::Column::TenantId.eq(self.id().uuid()))
            .filter(which.into())
            .filter(login::Column::RevokedAt.is_null())
            .exec(transaction)
            .await?;
        Ok(revoked.rows_affected)
    }
}

impl Installation {
    /// Signs out those whose time is over.
    pub async fn time_out_logins(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let is_over = || Condition::all().add(login::Column::RevokedAt.is_null()).add(login::Column::EndsAt.lte(now));
        let over = login::Entity::find().filter(is_over()).limit(MOST_AT_ONCE).all(self.reader()).await?;
        for login in over {
            let transaction = self.write().await?;
            let revoked = login::Entity::update_many()
                .col_expr(login::Column::RevokedAt, Expr::value(now))
                .filter(login::Column::Id.eq(login.id))
                // Another node may have been first, or the patient was.
                .filter(is_over())
                .exec(&transaction)
                .await?;
            if revoked.rows_affected > 0 {
                let why = if login.ends_at < login.expires_at { "idle" } else { "expired" };
                let event = NewAuditEvent::new(AuditAction::SignInTimedOut, Id::<id::User>::from_uuid(login.user_id))
                    .with(json!({"login": Id::<id::Login>::from_uuid(login.id).to_string(), "because": why}));
                self.audit(&transaction, Some(Id::from_uuid(login.tenant_id)), event, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Logins revoked since then, each with the conversations that it made its patient's: a row for each of these, and at
    /// least one.
    pub async fn logins_revoked_since(&self, since: DateTime<Utc>) -> Result<Vec<RevokedLogin>, StoreError> {
        let conversations =
            login::Entity::belongs_to(session::Entity).from(login::Column::Id).to(session::Column::LoginId).into();
        let rows: Vec<(Uuid, Option<Uuid>)> = login::Entity::find()
            .select_only()
            .column(login::Column::Id)
            .column(session::Column::Id)
            .join(JoinType::LeftJoin, conversations)
            .filter(login::Column::RevokedAt.gte(since))
            .into_tuple()
            .all(self.reader())
            .await?;
        let revoked = |(login, session): (Uuid, Option<Uuid>)| RevokedLogin {
            login: Id::from_uuid(login),
            session: session.map(Id::from_uuid),
        };
        Ok(rows.into_iter().map(revoked).collect())
    }
}
