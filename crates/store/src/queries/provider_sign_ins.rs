//! Staff's sign-ins that are under way at a provider. They lie in the database, so that any node can finish what another began, and
//! each of their secrets is good once.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, EmailAddress, Id, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    api_keys::SecretHash, audit::NewAuditEvent, logins::LoginLimits, second_factors::Factor, staff_logins::StaffLogin,
    staff_members::StaffMember,
};
use crate::{
    Installation, StaffScope, StoreError,
    entities::{provider_sign_in, staff_member},
    sealed::Place,
};

/// How long somebody may take at the provider.
const AT_PROVIDER: TimeDelta = TimeDelta::minutes(10);
/// How long the way back to the browser may take.
const ON_THE_WAY_BACK: TimeDelta = TimeDelta::minutes(1);

/// What a sign-in begins with. Of each secret only a hash is kept, or it is sealed.
pub struct NewProviderSignIn {
    pub state_hash: SecretHash,
    pub challenge: SecretHash,
    pub nonce: String,
    pub code_verifier: String,
}

/// A sign-in that comes back from the provider.
pub struct ReturnedSignIn {
    pub challenge: SecretHash,
    pub nonce: String,
    pub code_verifier: String,
}

/// Whom a provider vouches for, its signature being right.
pub struct Vouched<'a> {
    pub issuer: &'a str,
    /// What the provider calls them, for good.
    pub subject: &'a str,
    /// Their address, where the provider has made sure that it is theirs.
    pub email: Option<&'a EmailAddress>,
}

impl Installation {
    /// The tenant of a sign-in with this state or code, or None for an operator's: a look-up that starts without a tenant.
    pub async fn tenant_of_sign_in(&self, secret_hash: &SecretHash) -> Result<Option<Id<id::Tenant>>, StoreError> {
        let row = provider_sign_in::Entity::find()
            .filter(provider_sign_in::Column::SecretHash.eq(secret_hash.to_vec()))
            .one(self.reader())
            .await?;
        Ok(row.ok_or(StoreError::NotFound)?.tenant_id.map(Id::from_uuid))
    }
}

impl StaffScope {
    pub async fn begin_provider_sign_in(&self, new: NewProviderSignIn, now: DateTime<Utc>) -> Result<(), StoreError> {
        let id = Uuid::now_v7();
        let verifier = self.key().seal(new.code_verifier.as_bytes(), self.verifier_place(id))?;
        let transaction = self.write().await?;
        // What nobody came back for.
        provider_sign_in::Entity::delete_many()
            .filter(self.own(provider_sign_in::Column::TenantId))
            .filter(provider_sign_in::Column::ExpiresAt.lte(now))
            .exec(&transaction)
            .await?;
        let row = provider_sign_in::ActiveModel {
            id: Set(id),
            tenant_id: Set(self.tenant().map(|tenant| tenant.uuid())),
            secret_hash: Set(new.state_hash.to_vec()),
            challenge: Set(new.challenge.to_vec()),
            nonce: Set(new.nonce),
            code_verifier: Set(Some(verifier)),
            member_id: Set(None),
            expires_at: Set(now + AT_PROVIDER),
        };
        provider_sign_in::Entity::insert(row).exec_without_returning(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The sign-in with this state, which is used up. None: there is none, or not any more.
    pub async fn take_provider_sign_in(
        &self,
        state_hash: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<ReturnedSignIn>, StoreError> {
        let transaction = self.write().await?;
        let Some(row) = self.take(&transaction, state_hash, now).await? else { return Ok(None) };
        transaction.commit().await?;
        let Some(sealed) = row.code_verifier else { return Ok(None) };
        let verifier = self.key().open(&sealed, self.verifier_place(row.id))?;
        let verifier =
            String::from_utf8(verifier).map_err(|error| StoreError::Other(error.utf8_error().to_string()))?;
        Ok(Some(ReturnedSignIn { challenge: hash_of(&row.challenge)?, nonce: row.nonce, code_verifier: verifier }))
    }

    /// Finds whom a provider vouches for: who is linked with what it calls them, or at the first time, who was invited under their
    /// address and is linked with nobody. From then on only that link counts. Keeps a code for them, good once and for a minute. None:
    /// nobody is meant, or they are disabled.
    pub async fn vouch_for(
        &self,
        vouched: &Vouched<'_>,
        code_hash: &SecretHash,
        challenge: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<Id<id::StaffMember>>, StoreError> {
        let mark =
            self.lookup_key().mark("staff_members", "subject", &format!("{}\0{}", vouched.issuer, vouched.subject));
        let transaction = self.write().await?;
        let one = |column: staff_member::Column, value: Vec<u8>| {
            let rows = staff_member::Entity::find().filter(self.own(staff_member::Column::TenantId));
            rows.filter(column.eq(value)).lock_exclusive()
        };
        let linked = one(staff_member::Column::SubjectMark, mark.clone()).one(&transaction).await?;
        let is_linked = linked.is_some();
        let found = match (linked, vouched.email) {
            (Some(linked), _) => Some(linked),
            (None, Some(email)) => one(staff_member::Column::EmailMark, self.email_mark(email))
                .one(&transaction)
                .await?
                .filter(|invited| invited.subject_mark.is_none()),
            (None, None) => None,
        };
        let Some(mut row) = found.filter(|row| row.disabled_at.is_none()) else { return Ok(None) };
        let id = Id::<id::StaffMember>::from_uuid(row.id);
        let code = provider_sign_in::ActiveModel {
            id: Set(Uuid::now_v7()),
            tenant_id: Set(row.tenant_id),
            secret_hash: Set(code_hash.to_vec()),
            challenge: Set(challenge.to_vec()),
            nonce: Set(String::new()),
            code_verifier: Set(None),
            member_id: Set(Some(row.id)),
            expires_at: Set(now + ON_THE_WAY_BACK),
        };
        provider_sign_in::Entity::insert(code).exec_without_returning(&transaction).await?;
        if !is_linked {
            row.subject_mark = Some(mark);
            self.put_member(&transaction, &row).await?;
            let member = self.open_member(row)?;
            let event = NewAuditEvent::new(AuditAction::StaffLinked, id);
            self.clone().by(member.actor()).audit(&transaction, event, now).await?;
        }
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Signs in the browser that began, with the code that it was given. None: the code is not good, or not any more, or another browser
    /// has it.
    pub async fn sign_in_by_provider(
        &self,
        code_hash: &SecretHash,
        challenge: &SecretHash,
        limits: LoginLimits,
        now: DateTime<Utc>,
    ) -> Result<Option<(StaffLogin, StaffMember)>, StoreError> {
        let transaction = self.write().await?;
        let Some(row) = self.take(&transaction, code_hash, now).await? else { return Ok(None) };
        // Used up in any case.
        let meant = row.member_id.filter(|_| row.challenge == challenge);
        let member = match meant {
            Some(member) => match self.lock_member(&transaction, Id::from_uuid(member), None).await {
                Ok(member) if member.disabled_at.is_none() => Some(member),
                Ok(_) | Err(StoreError::NotFound) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let signed_in = match member {
            Some(member) => {
                Some(self.begin_login(&transaction, member, "identity provider", &Factor::Provider, limits, now).await?)
            }
            None => None,
        };
        transaction.commit().await?;
        Ok(signed_in)
    }

    async fn take(
        &self,
        transaction: &DatabaseTransaction,
        secret_hash: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<provider_sign_in::Model>, StoreError> {
        let row = provider_sign_in::Entity::find()
            .filter(self.own(provider_sign_in::Column::TenantId))
            .filter(provider_sign_in::Column::SecretHash.eq(secret_hash.to_vec()))
            .lock_exclusive()
            .one(transaction)
            .await?;
        let Some(row) = row else { return Ok(None) };
        provider_sign_in::Entity::delete_by_id(row.id).exec(transaction).await?;
        Ok(Some(row).filter(|row| now < row.expires_at))
    }

    fn verifier_place(&self, id: Uuid) -> Place {
        let tenant = self.tenant().unwrap_or_else(|| Id::from_uuid(Uuid::nil()));
        Place::new(tenant, "provider_sign_ins", id, "code_verifier")
    }
}

fn hash_of(bytes: &[u8]) -> Result<SecretHash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Other(String::from("a hash of another length")))
}
