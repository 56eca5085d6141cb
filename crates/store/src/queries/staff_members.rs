//! People who use the administration. Their names and addresses are sealed, as patients' are; a keyed hash finds an address.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, EmailAddress, Id, Phi, StaffRole, id};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use serde_json::json;

use super::{
    api_keys::SecretHash,
    audit::NewAuditEvent,
    second_factors::{Totp, clear},
};
use crate::{Installation, StaffScope, StoreError, entities::staff_member};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    pub id: Id<id::StaffMember>,
    /// None for an operator.
    pub tenant: Option<Id<id::Tenant>>,
    pub role: StaffRole,
    pub email: Phi<String>,
    pub name: Phi<String>,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Whether a provider has vouched for them, and they sign in with it.
    pub has_provider: bool,
    /// Whether codes are asked for besides it.
    pub has_second_factor: bool,
    /// Until when a code waits with which they choose a password.
    pub enrolment_expires_at: Option<DateTime<Utc>>,
    /// 1, 2, 3…: rises with every change that staff make.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    /// When staff changed it last.
    pub changed_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

#[derive(Clone)]
pub struct NewStaffMember {
    /// Made by the caller, since it is part of the enrolment code's text.
    pub id: Id<id::StaffMember>,
    pub role: StaffRole,
    pub email: EmailAddress,
    pub name: Phi<String>,
    pub enrolment: Enrolment,
}

/// A code with which somebody chooses a password, once.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment {
    /// SHA-256 of the code's secret, which has 256 random bits.
    pub secret_hash: SecretHash,
    pub expires_at: DateTime<Utc>,
}

impl Installation {
    /// The tenant of a person, or None for an operator's: a look-up that starts without a tenant, because an enrolment code names the
    /// person.
    pub async fn tenant_of_staff(&self, id: Id<id::StaffMember>) -> Result<Option<Id<id::Tenant>>, StoreError> {
        let row = staff_member::Entity::find_by_id(id.uuid()).one(self.reader()).await?;
        Ok(row.ok_or(StoreError::NotFound)?.tenant_id.map(Id::from_uuid))
    }
}

/// What is left out stays as it is.
#[derive(Clone, Default)]
pub struct StaffChange {
    pub name: Option<Phi<String>>,
    pub role: Option<StaffRole>,
    pub disabled: Option<bool>,
    /// Forgets whom the provider calls so: at its next word, who has their address is linked anew.
    pub unlink_provider: bool,
    /// Takes the second factor away and signs them out everywhere: for somebody who has lost their phone.
    pub reset_second_factor: bool,
}

/// A person with what proves that it is them. Never printed.
pub struct StaffCredentials {
    pub member: StaffMember,
    pub password_hash: Option<String>,
    /// From what their phone computes its codes, where there is one.
    pub totp: Option<Totp>,
    /// The hash as it lies in the database: whoever finds the same there knows that it was not changed.
    sealed: Option<Vec<u8>>,
}

impl StaffCredentials {
    /// Whether the row still says what was read: nobody disabled the person or gave them another password.
    pub(crate) fn are_those_of(&self, row: &staff_member::Model) -> bool {
        row.disabled_at.is_none() && row.password_hash == self.sealed
    }
}

impl StaffScope {
    /// Adds a person. One with this address may be there already: then it is a conflict.
    pub async fn create_member(&self, new: NewStaffMember, now: DateTime<Utc>) -> Result<StaffMember, StoreError> {
        let NewStaffMember { id, role, email, name, enrolment } = new;
        let row = staff_member::Model {
            id: id.uuid(),
            tenant_id: self.tenant().map(|tenant| tenant.uuid()),
            role: role.as_str().to_owned(),
            email_mark: self.email_mark(&email),
            email: self.seal(id, "email", email.expose())?,
            name: self.seal(id, "name", name.expose())?,
            password_hash: None,
            enrolment_hash: Some(enrolment.secret_hash.to_vec()),
            enrolment_expires_at: Some(enrolment.expires_at),
            totp_secret: None,
            totp_confirmed_at: None,
            totp_last_step: None,
            totp_attempts: 0,
            totp_attempted_at: None,
            recovery_codes: None,
            subject_mark: None,
            version: 1,
            created_at: now,
            changed_at: now,
            disabled_at: None,
        };
        let transaction = self.write().await?;
        staff_member::Entity::insert(row.clone().into_active_model()).exec_without_returning(&transaction).await?;
        let event = NewAuditEvent::new(AuditAction::StaffInvited, id).with(json!({"role": role.as_str()}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        self.open_member(row)
    }

    pub async fn member(&self, id: Id<id::StaffMember>) -> Result<StaffMember, StoreError> {
        let row = self.members_with_id(id).one(self.reader()).await?;
        self.open_member(row.ok_or(StoreError::NotFound)?)
    }

    /// A page of the staff, newest first.
    pub async fn members(
        &self,
        before: Option<Id<id::StaffMember>>,
        limit: u64,
    ) -> Result<Vec<StaffMember>, StoreError> {
        let mut rows = self.own_members().order_by_desc(staff_member::Column::Id).limit(limit);
        if let Some(before) = before {
            rows = rows.filter(staff_member::Column::Id.lt(before.uuid()));
        }
        rows.all(self.reader()).await?.into_iter().map(|row| self.open_member(row)).collect()
    }

    /// The person with this address, with what proves that it is them.
    pub async fn staff_credentials(&self, email: &EmailAddress) -> Result<Option<StaffCredentials>, StoreError> {
        let mark = self.email_mark(email);
        let row = self.own_members().filter(staff_member::Column::EmailMark.eq(mark)).one(self.reader()).await?;
        row.map(|row| self.credentials_of(row)).transpose()
    }

    /// The person of this id, with what proves that it is them.
    pub async fn staff_credentials_of(&self, id: Id<id::StaffMember>) -> Result<StaffCredentials, StoreError> {
        let row = self.members_with_id(id).one(self.reader()).await?;
        self.credentials_of(row.ok_or(StoreError::NotFound)?)
    }

    /// Changes a person, where `version` is still the newest if one is given. Being disabled signs them out everywhere.
    pub async fn change_member(
        &self,
        id: Id<id::StaffMember>,
        change: StaffChange,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<StaffMember, StoreError> {
        let transaction = self.write().await?;
        let others = self.lock_those_in_charge(&transaction, id).await?;
        let mut row = self.lock_member(&transaction, id, version).await?;
        let event = NewAuditEvent::new(AuditAction::StaffChanged, id).with(json!({
            "name": change.name.is_some(),
            "role": change.role.map(StaffRole::as_str),
            "disabled": change.disabled,
            "providerUnlinked": change.unlink_provider,
            "secondFactorReset": change.reset_second_factor,
        }));
        let was_in_charge = self.is_in_charge(&row);
        if let Some(name) = change.name {
            row.name = self.seal(id, "name", name.expose())?;
        }
        if let Some(role) = change.role {
            row.role = role.as_str().to_owned();
        }
        if let Some(disabled) = change.disabled {
            row.disabled_at = disabled.then(|| row.disabled_at.unwrap_or(now));
        }
        if was_in_charge && !self.is_in_charge(&row) && others == 0 {
            return Err(StoreError::LastInCharge { role: self.highest_role() });
        }
        if change.unlink_provider {
            row.subject_mark = None;
        }
        if change.reset_second_factor {
            clear(&mut row);
        }
        if row.disabled_at.is_some() || change.reset_second_factor || change.unlink_provider {
            self.revoke_staff_logins_of(&transaction, id, None, now).await?;
        }
        self.put_changed(&transaction, &mut row, now).await?;
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        self.open_member(row)
    }

    /// Gives a person a code with which they choose a password; one from before is worthless from now on.
    pub async fn renew_enrolment(
        &self,
        id: Id<id::StaffMember>,
        enrolment: Enrolment,
        now: DateTime<Utc>,
    ) -> Result<StaffMember, StoreError> {
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        row.enrolment_hash = Some(enrolment.secret_hash.to_vec());
        row.enrolment_expires_at = Some(enrolment.expires_at);
        self.put_changed(&transaction, &mut row, now).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::StaffInvited, id), now).await?;
        transaction.commit().await?;
        self.open_member(row)
    }

    /// Deletes a person and signs them out everywhere.
    pub async fn delete_member(
        &self,
        id: Id<id::StaffMember>,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let others = self.lock_those_in_charge(&transaction, id).await?;
        let row = self.lock_member(&transaction, id, version).await?;
        if self.is_in_charge(&row) && others == 0 {
            return Err(StoreError::LastInCharge { role: self.highest_role() });
        }
        self.revoke_staff_logins_of(&transaction, id, None, now).await?;
        staff_member::Entity::delete_by_id(id.uuid()).exec(&transaction).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::StaffDeleted, id), now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps the same password in a better hash. Where it was changed in the meantime, nothing happens.
    pub async fn rehash_staff_password(
        &self,
        credentials: &StaffCredentials,
        better_hash: &str,
    ) -> Result<(), StoreError> {
        let id = credentials.member.id;
        let sealed = self.seal(id, "password_hash", better_hash)?;
        let transaction = self.write().await?;
        staff_member::Entity::update_many()
            .col_expr(staff_member::Column::PasswordHash, Expr::value(sealed))
            .filter(self.own(staff_member::Column::TenantId))
            .filter(staff_member::Column::Id.eq(id.uuid()))
            .filter(staff_member::Column::PasswordHash.eq(credentials.sealed.clone()))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// What stands for an address, whether it has an account or not, where it must not be kept itself.
    pub fn email_mark(&self, email: &EmailAddress) -> Vec<u8> {
        self.lookup_key().mark("staff_members", "email", email.expose())
    }

    /// Takes the person's row for the rest of the transaction.
    pub(crate) async fn lock_member(
        &self,
        transaction: &DatabaseTransaction,
        id: Id<id::StaffMember>,
        version: Option<i32>,
    ) -> Result<staff_member::Model, StoreError> {
        let row = self.members_with_id(id).lock_exclusive().one(transaction).await?.ok_or(StoreError::NotFound)?;
        if version.is_some_and(|version| version != row.version) {
            return Err(StoreError::Changed { newest: Some(row.version) });
        }
        Ok(row)
    }

    /// Writes a row that the transaction has locked.
    pub(crate) async fn put_member(
        &self,
        transaction: &DatabaseTransaction,
        row: &staff_member::Model,
    ) -> Result<(), StoreError> {
        staff_member::Entity::update(row.clone().into_active_model().reset_all()).exec(transaction).await?;
        Ok(())
    }

    async fn put_changed(
        &self,
        transaction: &DatabaseTransaction,
        row: &mut staff_member::Model,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        row.version += 1;
        row.changed_at = now;
        self.put_member(transaction, row).await
    }

    /// The role that answers for everything in the scope.
    fn highest_role(&self) -> StaffRole {
        if self.tenant().is_some() { StaffRole::Owner } else { StaffRole::Operator }
    }

    /// Whether somebody answers for everything in the scope, and can sign in to do so.
    fn is_in_charge(&self, row: &staff_member::Model) -> bool {
        let can_sign_in = row.password_hash.is_some() || row.subject_mark.is_some();
        row.role == self.highest_role().as_str() && row.disabled_at.is_none() && can_sign_in
    }

    /// How many besides this person are in charge. They are locked, always in the same order, so that two of them cannot
    /// remove each other at the same time.
    async fn lock_those_in_charge(
        &self,
        transaction: &DatabaseTransaction,
        besides: Id<id::StaffMember>,
    ) -> Result<usize, StoreError> {
        let rows = self
            .own_members()
            .filter(staff_member::Column::Role.eq(self.highest_role().as_str()))
            .order_by_asc(staff_member::Column::Id)
            .lock_exclusive()
            .all(transaction)
            .await?;
        Ok(rows.iter().filter(|row| row.id != besides.uuid() && self.is_in_charge(row)).count())
    }

    /// The condition that something belongs to the scope.
    pub(crate) fn own(&self, tenant: impl ColumnTrait) -> Condition {
        Condition::all().add(self.tenant().map_or_else(|| tenant.is_null(), |own| tenant.eq(own.uuid())))
    }

    fn own_members(&self) -> Select<staff_member::Entity> {
        staff_member::Entity::find().filter(self.own(staff_member::Column::TenantId))
    }

    fn members_with_id(&self, id: Id<id::StaffMember>) -> Select<staff_member::Entity> {
        self.own_members().filter(staff_member::Column::Id.eq(id.uuid()))
    }

    pub(crate) fn seal(
        &self,
        id: Id<id::StaffMember>,
        column: &'static str,
        text: &str,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.key().seal(text.as_bytes(), self.place(id, column))?)
    }

    pub(crate) fn open(
        &self,
        id: Id<id::StaffMember>,
        column: &'static str,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        let bytes = self.key().open(sealed, self.place(id, column))?;
        String::from_utf8(bytes).map_err(|error| StoreError::Other(error.utf8_error().to_string()))
    }

    fn credentials_of(&self, row: staff_member::Model) -> Result<StaffCredentials, StoreError> {
        let sealed = row.password_hash.clone();
        let id = Id::from_uuid(row.id);
        let password_hash = sealed.as_ref().map(|hash| self.open(id, "password_hash", hash)).transpose()?;
        let totp = self.totp_of(&row)?;
        Ok(StaffCredentials { member: self.open_member(row)?, password_hash, totp, sealed })
    }

    pub(crate) fn open_member(&self, row: staff_member::Model) -> Result<StaffMember, StoreError> {
        let id = Id::from_uuid(row.id);
        Ok(StaffMember {
            id,
            tenant: row.tenant_id.map(Id::from_uuid),
            role: row.role.parse().map_err(|error| StoreError::Other(format!("staff member {id}: {error}")))?,
            email: Phi::new(self.open(id, "email", &row.email)?),
            name: Phi::new(self.open(id, "name", &row.name)?),
            has_password: row.password_hash.is_some(),
            has_provider: row.subject_mark.is_some(),
            has_second_factor: row.totp_confirmed_at.is_some(),
            enrolment_expires_at: row.enrolment_expires_at,
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
            disabled_at: row.disabled_at,
        })
    }
}
