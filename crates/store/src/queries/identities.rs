//! What hospitals' own sites say about who a visitor is: the keys they sign it with, and what of it was used.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, PatientRecord, Phi, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::OnConflict,
};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{
    StoreError, TenantScope,
    entities::{identity_key, identity_use, user},
    sealed::{Key, Place},
};

/// A key of an app's, without what it verifies with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// What tokens call it; unique in the app.
    pub kid: String,
    pub algorithm: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone)]
pub struct NewIdentityKey {
    pub kid: String,
    pub algorithm: String,
    /// A shared secret, or a public key in a form that the caller reads again.
    pub secret: Vec<u8>,
    pub created_by: String,
}

/// Who a visitor is, as a hospital's own site says, checked.
#[derive(Clone)]
pub struct Assertion {
    pub app: Id<id::App>,
    /// What the site calls the patient.
    pub subject: Phi<String>,
    pub name: Phi<String>,
    /// Which patient of the app's FHIR server they are, where the site says so.
    pub record: Option<PatientRecord>,
    /// The token's name, good for one use.
    pub jti: String,
    pub expires_at: DateTime<Utc>,
}

impl From<identity_key::Model> for IdentityKey {
    fn from(row: identity_key::Model) -> Self {
        Self { kid: row.kid, algorithm: row.algorithm, created_by: row.created_by, created_at: row.created_at }
    }
}

impl TenantScope {
    pub async fn add_identity_key(
        &self,
        app: Id<id::App>,
        new: NewIdentityKey,
        now: DateTime<Utc>,
    ) -> Result<IdentityKey, StoreError> {
        let id = uuid::Uuid::now_v7();
        let row = identity_key::Model {
            id,
            tenant_id: self.id().uuid(),
            app_id: app.uuid(),
            kid: new.kid,
            algorithm: new.algorithm,
            secret: self.key().seal(&new.secret, Place::new(self.id(), "identity_keys", id, "secret"))?,
            created_by: new.created_by,
            created_at: now,
        };
        let transaction = self.write().await?;
        identity_key::Entity::insert(row.clone().into_active_model()).exec_without_returning(&transaction).await?;
        let event = NewAuditEvent::new(AuditAction::IdentityKeyAdded, app).with(json!({"kid": row.kid}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// An app's keys, newest first. There are few.
    pub async fn identity_keys(&self, app: Id<id::App>, limit: u64) -> Result<Vec<IdentityKey>, StoreError> {
        let rows = self.keys_of(app).order_by_desc(identity_key::Column::Id).limit(limit).all(self.reader()).await?;
        Ok(rows.into_iter().map(IdentityKey::from).collect())
    }

    /// A key with what it verifies with.
    pub async fn identity_key(
        &self,
        app: Id<id::App>,
        kid: &str,
    ) -> Result<Option<(IdentityKey, Vec<u8>)>, StoreError> {
        let row = self.keys_of(app).filter(identity_key::Column::Kid.eq(kid)).one(self.reader()).await?;
        row.map(|row| {
            let secret = self.key().open(&row.secret, Place::new(self.id(), "identity_keys", row.id, "secret"))?;
            Ok((row.into(), secret))
        })
        .transpose()
    }

    /// From now on nothing signed with it is believed.
    pub async fn delete_identity_key(&self, app: Id<id::App>, kid: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let deleted = identity_key::Entity::delete_many()
            .filter(identity_key::Column::TenantId.eq(self.id().uuid()))
            .filter(identity_key::Column::AppId.eq(app.uuid()))
            .filter(identity_key::Column::Kid.eq(kid))
            .exec(&transaction)
            .await?;
        if deleted.rows_affected == 0 {
            return Err(StoreError::NotFound);
        }
        let event = NewAuditEvent::new(AuditAction::IdentityKeyRemoved, app).with(json!({"kid": kid}));
        self.audit(&transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    fn keys_of(&self, app: Id<id::App>) -> Select<identity_key::Entity> {
        identity_key::Entity::find()
            .filter(identity_key::Column::TenantId.eq(self.id().uuid()))
            .filter(identity_key::Column::AppId.eq(app.uuid()))
    }

    /// Apps of a tenant may be run by different people, and one must not speak for another's patients.
    fn subject_mark(&self, assertion: &Assertion) -> Vec<u8> {
        let whole_subject = format!("{} {}", assertion.app, assertion.subject.expose());
        self.lookup_key().mark("users", "subject", &whole_subject)
    }

    /// An id and a key for the user whom the app's site means, where they are new.
    pub(crate) async fn key_for_asserted_user(
        &self,
        assertion: &Assertion,
    ) -> Result<Option<(Id<id::User>, Key)>, StoreError> {
        let known = self.own_users().filter(user::Column::SubjectMark.eq(self.subject_mark(assertion)));
        if known.one(self.reader()).await?.is_some() {
            return Ok(None);
        }
        let id = Id::generate();
        Ok(Some((id, self.new_user_key(id).await?)))
    }

    /// The user whom the app's site means, for the rest of the transaction; added under this id if they are new.
    pub(crate) async fn lock_asserted_user(
        &self,
        transaction: &DatabaseTransaction,
        assertion: &Assertion,
        new: Option<&(Id<id::User>, Key)>,
        now: DateTime<Utc>,
    ) -> Result<user::Model, StoreError> {
        let mark = self.subject_mark(assertion);
        if let Some((id, key)) = new {
            self.insert_asserted_user(transaction, assertion, *id, key, now).await?;
        }
        let found = self.own_users().filter(user::Column::SubjectMark.eq(mark)).lock_exclusive().one(transaction);
        let found = found.await?.ok_or(StoreError::NotFound)?;
        self.note_record(transaction, &found, assertion.record.as_ref()).await?;
        Ok(found)
    }

    async fn insert_asserted_user(
        &self,
        transaction: &DatabaseTransaction,
        assertion: &Assertion,
        id: Id<id::User>,
        key: &Key,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row = user::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            email_mark: None,
            email: None,
            subject_mark: Some(self.subject_mark(assertion)),
            subject: Some(self.seal_user(key, id, "subject", assertion.subject.expose())?),
            name: self.seal_user(key, id, "name", assertion.name.expose())?,
            password_hash: None,
            version: 1,
            created_at: now,
            disabled_at: None,
            own_key: true,
            record: None,
            deletion_due_at: None,
        };
        let known = OnConflict::columns([user::Column::TenantId, user::Column::SubjectMark]).do_nothing().to_owned();
        user::Entity::insert(row.into_active_model()).on_conflict(known).exec_without_returning(transaction).await?;
        Ok(())
    }

    /// Notes that it was used. False: it was used before.
    pub(crate) async fn use_assertion(
        &self,
        transaction: &DatabaseTransaction,
        assertion: &Assertion,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        identity_use::Entity::delete_many()
            .filter(identity_use::Column::TenantId.eq(self.id().uuid()))
            .filter(identity_use::Column::AppId.eq(assertion.app.uuid()))
            .filter(identity_use::Column::ExpiresAt.lte(now))
            .exec(transaction)
            .await?;
        let used = identity_use::ActiveModel {
            app_id: Set(assertion.app.uuid()),
            mark: Set(self.lookup_key().mark("identity_uses", "jti", &assertion.jti)),
            tenant_id: Set(self.id().uuid()),
            expires_at: Set(assertion.expires_at),
        };
        let before =
            OnConflict::columns([identity_use::Column::AppId, identity_use::Column::Mark]).do_nothing().to_owned();
        let inserted =
            identity_use::Entity::insert(used).on_conflict(before).exec_without_returning(transaction).await?;
        Ok(inserted > 0)
    }
}
