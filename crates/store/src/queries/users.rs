//! A tenant's patients who can sign in. Their names and addresses are sealed, each patient's with a key of their own; a keyed
//! hash finds an address.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, EmailAddress, Id, Phi, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::Expr,
};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{
    Erasure, StoreError, TenantScope,
    entities::user,
    sealed::{Key, Place},
};

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
        let key = self.new_user_key(id).await?;
        let created = self.insert_user(id, &key, new, now).await;
        // Of a commit whose answer was lost nobody knows whether it arrived: then the key stays.
        if let Err(StoreError::Conflict(_)) = created {
            self.discard_key(id.uuid()).await?;
        }
        created
    }

    async fn insert_user(
        &self,
        id: Id<id::User>,
        key: &Key,
        new: NewUser,
        now: DateTime<Utc>,
    ) -> Result<User, StoreError> {
        let row = user::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            email_mark: Some(self.email_mark(&new.email)),
            email: Some(self.seal_user(key, id, "email", new.email.expose())?),
            subject_mark: None,
            subject: None,
            name: self.seal_user(key, id, "name", new.name.expose())?,
            password_hash: new.password_hash.map(|hash| self.seal_user(key, id, "password_hash", &hash)).transpose()?,
            version: 1,
            created_at: now,
            disabled_at: None,
            own_key: true,
            record: None,
            deletion_due_at: None,
        };
        let transaction = self.write().await?;
        user::Entity::insert(row.clone().into_active_model()).exec_without_returning(&transaction).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::UserCreated, id), now).await?;
        transaction.commit().await?;
        self.open_user(row, key)
    }

    pub async fn user(&self, id: Id<id::User>) -> Result<User, StoreError> {
        let row = self.users_with_id(id).one(self.reader()).await?.ok_or(StoreError::NotFound)?;
        let key = self.user_key(self.reader(), id).await?.ok_or(StoreError::NotFound)?;
        self.open_user(row, &key)
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
        let Some(key) = self.user_key(self.reader(), id).await? else { return Ok(None) };
        let password_hash =
            sealed.as_ref().map(|hash| self.open_column(&key, id, "password_hash", hash)).transpose()?;
        Ok(Some(Credentials { user: self.open_user(row, &key)?, password_hash, sealed }))
    }

    /// A page of the tenant's users, newest first. Whose key is gone, is gone, whatever a restored database says.
    pub async fn users(&self, before: Option<Id<id::User>>, limit: u64) -> Result<Vec<User>, StoreError> {
        let mut rows = self.own_users().order_by_desc(user::Column::Id).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(user::Column::Id.lt(before.uuid()));
        }
        let rows = rows.all(self.reader()).await?;
        let mut keys = self.wrapped_keys(self.reader(), rows.iter().map(|row| row.id)).await?;
        let opened = |row: user::Model| {
            let wrapped = keys.remove(&row.id)?;
            let key = self.key().unwrap(&wrapped, Place::user_key(self.id(), Id::from_uuid(row.id)));
            Some(key.map_err(StoreError::from).and_then(|key| self.open_user(row, &key)))
        };
        rows.into_iter().filter_map(opened).collect()
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
        let key = self.user_key(&transaction, id).await?.ok_or(StoreError::NotFound)?;
        let signs_out = change.password_hash.is_some() || change.disabled == Some(true);
        let event = NewAuditEvent::new(AuditAction::UserChanged, id).with(json!({
            "name": change.name.is_some(),
            "password": change.password_hash.is_some(),
            "disabled": change.disabled,
        }));
        if let Some(name) = change.name {
            row.name = self.seal_user(&key, id, "name", name.expose())?;
        }
        if let Some(hash) = change.password_hash {
            row.password_hash = Some(self.seal_user(&key, id, "password_hash", &hash)?);
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
        self.open_user(row, &key)
    }

    /// Deletes a user, or hides them where a legal hold is on them or on one of their conversations; with the key of what they are called, and signs them out. Their conversations stay theirs: nobody else can open them.
    pub async fn delete_user(
        &self,
        id: Id<id::User>,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Erasure, StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_user(&transaction, id, version).await?;
        self.revoke_logins_of(&transaction, id, now).await?;
        self.lock_audit(&transaction).await?;
        let (action, erasure) = if self.is_user_held(&transaction, id).await? {
            self.defer_deletion(&transaction, row, now).await?;
            (AuditAction::UserDeletionDeferred, Erasure::Deferred)
        } else {
            user::Entity::delete_by_id(id.uuid()).exec(&transaction).await?;
            self.give_up_key(&transaction, id.uuid()).await?;
            (AuditAction::UserDeleted, Erasure::Done)
        };
        self.audit(&transaction, NewAuditEvent::new(action, id), now).await?;
        transaction.commit().await?;
        self.destroy_keys().await?;
        Ok(erasure)
    }

    /// Keeps the same password in a better hash. Where it was changed in the meantime, nothing happens.
    pub async fn rehash_password(&self, credentials: &Credentials, better_hash: &str) -> Result<(), StoreError> {
        let id = credentials.user.id;
        let Some(key) = self.user_key(self.reader(), id).await? else { return Ok(()) };
        let sealed = self.seal_user(&key, id, "password_hash", better_hash)?;
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

    /// Gives a user a key of their own, whom the tenant's key has sealed until now. False: somebody else did.
    pub(crate) async fn give_user_a_key(&self, id: Id<id::User>) -> Result<bool, StoreError> {
        let key = self.new_user_key(id).await?;
        let transaction = self.write().await?;
        let found =
            self.users_with_id(id).filter(user::Column::OwnKey.eq(false)).lock_exclusive().one(&transaction).await?;
        let Some(mut row) = found else { return Ok(false) };
        let anew = |column, sealed: &[u8]| -> Result<Vec<u8>, StoreError> {
            let plain = self.key().open(sealed, self.place(id, column))?;
            Ok(key.seal(&plain, self.place(id, column))?)
        };
        row.name = anew("name", &row.name)?;
        row.email = row.email.map(|sealed| anew("email", &sealed)).transpose()?;
        row.subject = row.subject.map(|sealed| anew("subject", &sealed)).transpose()?;
        row.password_hash = row.password_hash.map(|sealed| anew("password_hash", &sealed)).transpose()?;
        row.own_key = true;
        user::Entity::update(row.into_active_model().reset_all()).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
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
        user::Entity::find()
            .filter(user::Column::TenantId.eq(self.id().uuid()))
            .filter(user::Column::DeletionDueAt.is_null())
    }

    pub(crate) fn users_with_id(&self, id: Id<id::User>) -> Select<user::Entity> {
        self.own_users().filter(user::Column::Id.eq(id.uuid()))
    }

    /// What stands for an address, whether it has an account or not, where it must not be kept itself.
    pub fn email_mark(&self, email: &EmailAddress) -> Vec<u8> {
        self.lookup_key().mark("users", "email", email.expose())
    }

    fn place(&self, id: Id<id::User>, column: &'static str) -> Place {
        Place::new(self.id(), "users", id.uuid(), column)
    }

    pub(crate) fn seal_user(
        &self,
        key: &Key,
        id: Id<id::User>,
        column: &'static str,
        text: &str,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(key.seal(text.as_bytes(), self.place(id, column))?)
    }

    pub(crate) fn open_column(
        &self,
        key: &Key,
        id: Id<id::User>,
        column: &'static str,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        let bytes = key.open(sealed, self.place(id, column))?;
        String::from_utf8(bytes).map_err(|error| StoreError::Other(error.utf8_error().to_string()))
    }

    pub(crate) fn open_user(&self, row: user::Model, key: &Key) -> Result<User, StoreError> {
        let id = Id::from_uuid(row.id);
        let open = |column, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| self.open_column(key, id, column, &sealed).map(Phi::new)).transpose()
        };
        Ok(User {
            id,
            email: open("email", row.email)?,
            subject: open("subject", row.subject)?,
            name: Phi::new(self.open_column(key, id, "name", &row.name)?),
            has_password: row.password_hash.is_some(),
            version: row.version,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        })
    }
}
