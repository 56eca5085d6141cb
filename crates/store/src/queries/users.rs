//! A tenant's patients who can sign in. Their names and addresses are sealed; a keyed hash finds an address.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, EmailAddress, Id, Phi, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::Expr,
};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{StoreError, TenantScope, entities::user, sealed::Place};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: Id<id::User>,
    /// None for those whom only the hospital's own site knows.
    pub email: Option<Phi<String>>,
    /// What the hospital's own site calls them; None for those who have an account here.
    pub subject: Option<Phi<String>>,
    pub name: Phi<String>,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// 1, 2, 3…: rises with every change that staff make.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

#[derive(Clone)]
pub struct NewUser {
    pub email: EmailAddress,
    pub name: Phi<String>,
    /// None: nobody can sign in with a password.
    pub password_hash: Option<String>,
}

/// What is left out stays as it is.
#[derive(Clone, Default)]
pub struct UserChange {
    pub name: Option<Phi<String>>,
    pub password_hash: Option<String>,
    pub disabled: Option<bool>,
}

/// A user with what proves that it is them. Never printed.
pub struct Credentials {
    pub user: User,
    pub password_hash: Option<String>,
    /// The hash as it lies in the database: whoever finds the same there knows that it was not changed.
    sealed: Option<Vec<u8>>,
}

impl Credentials {
    /// Whether the row still says what was read: nobody disabled the user or gave them another password.
    pub(crate) fn are_those_of(&self, row: &user::Model) -> bool {
        row.disabled_at.is_none() && row.password_hash == self.sealed
    }
}

impl TenantScope {
    /// Adds a user. One with this address may be there already: then it is a conflict.
    pub async fn create_user(&self, new: NewUser, now: DateTime<Utc>) -> Result<User, StoreError> {
        let id = Id::generate();
        let row = user::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            email_mark: Some(self.email_mark(&new.email)),
            email: Some(self.seal_user(id, "email", new.email.expose())?),
            subject_mark: None,
            subject: None,
            name: self.seal_user(id, "name", new.name.expose())?,
            password_hash: new.password_hash.map(|hash| self.seal_user(id, "password_hash", &hash)).transpose()?,
            version: 1,
            created_at: now,
            disabled_at: None,
        };
        let transaction = self.write().await?;
        user::Entity::insert(row.clone().into_active_model()).exec_without_returning(&transaction).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::UserCreated, id), now).await?;
        transaction.commit().await?;
        self.open_user(row)
    }

    pub async fn user(&self, id: Id<id::User>) -> Result<User, StoreError> {
        let row = self.users_with_id(id).one(self.reader()).await?;
        self.open_user(row.ok_or(StoreError::NotFound)?)
    }

    pub async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        Ok(self.credentials(email).await?.map(|credentials| credentials.user))
    }

    /// The user with this address, with what proves that it is them.
    pub async fn credentials(&self, email: &EmailAddress) -> Result<Option<Credentials>, StoreError> {
        let row =
            self.own_users().filter(user::Column::EmailMark.eq(self.email_mark(email))).one(self.reader()).await?;
        let Some(row) = row else { return Ok(None) };
        let sealed = row.password_hash.clone();
        let id = Id::from_uuid(row.id);
        let password_hash = sealed.as_ref().map(|hash| self.open_column(id, "password_hash", hash)).transpose()?;
        Ok(Some(Credentials { user: self.open_user(row)?, password_hash, sealed }))
    }

    /// A page of the tenant's users, newest first.
    pub async fn users(&self, before: Option<Id<id::User>>, limit: u64) -> Result<Vec<User>, StoreError> {
        let mut rows = self.own_users().order_by_desc(user::Column::Id).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(user::Column::Id.lt(before.uuid()));
        }
        rows.all(self.reader()).await?.into_iter().map(|row| self.open_user(row)).collect()
    }

    /// Changes a user, where `version` is still the newest if one is given. A new password and being disabled sign
    /// them out everywhere.
    pub async fn change_user(
        &self,
        id: Id<id::User>,
        change: UserChange,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<User, StoreError> {
        let transaction = self.write().await?;
        let mut row = self.lock_user(&transaction, id, version).await?;
        let signs_out = change.password_hash.is_some() || change.disabled == Some(true);
        let event = NewAuditEvent::new(AuditAction::UserChanged, id).with(json!({
            "name": change.name.is_some(),
            "password": change.password_hash.is_some(),
            "disabled": change.disabled,
        }));
        if let Some(name) = change.name {
            row.name = self.seal_user(id, "name", name.expose())?;
        }
        if let Some(hash) = change.password_hash {
            row.password_hash = Some(self.seal_user(id, "password_hash", &hash)?);
        }
        if let Some(disabled) = change.disabled {
            row.disabled_at = disabled.then(|| row.disabled_at.unwrap_or(now));
        }
        row.version += 1;
        user::Entity::update(row.clone().into_active_model().reset_all()).exec(&transaction).await?;
        if signs_out {
            self.revoke_logins_of(&transaction, id, now).await?;
        }
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        self.open_user(row)
    }

    /// Deletes a user and signs them out. Their conversations stay theirs: nobody else can open them.
    pub async fn delete_user(
        &self,
        id: Id<id::User>,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        self.lock_user(&transaction, id, version).await?;
        self.revoke_logins_of(&transaction, id, now).await?;
        user::Entity::delete_by_id(id.uuid()).exec(&transaction).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::UserDeleted, id), now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps the same password in a better hash. Where it was changed in the meantime, nothing happens.
    pub async fn rehash_password(&self, credentials: &Credentials, better_hash: &str) -> Result<(), StoreError> {
        let id = credentials.user.id;
        let sealed = self.seal_user(id, "password_hash", better_hash)?;
        let transaction = self.write().await?;
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(sealed))
            .filter(user::Column::TenantId.eq(self.id().uuid()))
            .filter(user::Column::Id.eq(id.uuid()))
            .filter(user::Column::PasswordHash.eq(credentials.sealed.clone()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the user's row for the rest of the transaction.
    pub(crate) async fn lock_user(
        &self,
        transaction: &DatabaseTransaction,
        id: Id<id::User>,
        version: Option<i32>,
    ) -> Result<user::Model, StoreError> {
        let row = self.users_with_id(id).lock_exclusive().one(transaction).await?.ok_or(StoreError::NotFound)?;
        if version.is_some_and(|version| version != row.version) {
            return Err(StoreError::Changed { newest: Some(row.version) });
        }
        Ok(row)
    }

    pub(crate) fn own_users(&self) -> Select<user::Entity> {
        user::Entity::find().filter(user::Column::TenantId.eq(self.id().uuid()))
    }

    fn users_with_id(&self, id: Id<id::User>) -> Select<user::Entity> {
        self.own_users().filter(user::Column::Id.eq(id.uuid()))
    }

    /// What stands for an address, whether it has an account or not, where it must not be kept itself.
    pub fn email_mark(&self, email: &EmailAddress) -> Vec<u8> {
        self.lookup_key().mark("users", "email", email.expose())
    }

    fn place(&self, id: Id<id::User>, column: &'static str) -> Place {
        Place::new(self.id(), "users", id.uuid(), column)
    }

    pub(crate) fn seal_user(&self, id: Id<id::User>, column: &'static str, text: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.key().seal(text.as_bytes(), self.place(id, column))?)
    }

    fn open_column(&self, id: Id<id::User>, column: &'static str, sealed: &[u8]) -> Result<String, StoreError> {
        let bytes = self.key().open(sealed, self.place(id, column))?;
        String::from_utf8(bytes).map_err(|error| StoreError::Other(error.utf8_error().to_string()))
    }

    pub(crate) fn open_user(&self, row: user::Model) -> Result<User, StoreError> {
        let id = Id::from_uuid(row.id);
        let open = |column, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| self.open_column(id, column, &sealed).map(Phi::new)).transpose()
        };
        Ok(User {
            id,
            email: open("email", row.email)?,
            subject: open("subject", row.subject)?,
            name: Phi::new(self.open_column(id, "name", &row.name)?),
            has_password: row.password_hash.is_some(),
            version: row.version,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        })
    }
}
