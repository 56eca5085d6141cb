//! Staff's second factors: codes that a phone shows, and recovery codes for when it is lost.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, id, second_factor::wait_after};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::json;

use super::{api_keys::SecretHash, audit::NewAuditEvent, staff_members::StaffCredentials};
use crate::{
    StaffScope, StoreError,
    entities::{staff_login, staff_member},
};

/// Bytes of a recovery code's hash.
const HASH_LENGTH: usize = 32;

/// From what somebody's phone computes its codes. Never printed.
#[derive(Clone)]
pub struct Totp {
    pub secret: Vec<u8>,
    /// Whether a first code has shown that the phone has it: from then on codes are asked for.
    pub is_confirmed: bool,
    /// The half minute of the last code that was used. None before it, nor it, is good any more.
    pub last_step: Option<i64>,
    /// The secret as it lies in the database: whoever finds the same there knows that it was not changed.
    sealed: Vec<u8>,
}

/// What somebody has shown besides a password.
#[derive(Clone)]
pub enum Factor {
    /// Nothing, where there is nothing to show.
    None,
    /// The code of this half minute.
    Totp { of: Totp, step: i64 },
    /// A provider vouched for them, and looks after their second factor.
    Provider,
    /// A recovery code, which may be one of theirs.
    RecoveryCode(SecretHash),
}

impl Factor {
    pub(crate) fn is_strong(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// As the audit trail calls it.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self {
            Self::None | Self::Provider => None,
            Self::Totp { .. } => Some("totp"),
            Self::RecoveryCode(_) => Some("recovery code"),
        }
    }
}

impl StaffScope {
    /// Keeps a secret for somebody who proved who they are a moment ago. Until it is confirmed it changes nothing. False: what they
    /// proved it with is not right any more, or there is a confirmed one.
    pub async fn begin_totp(&self, credentials: &StaffCredentials, secret: &[u8]) -> Result<bool, StoreError> {
        let id = credentials.member.id;
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        if !credentials.are_those_of(&row) || row.totp_confirmed_at.is_some() {
            return Ok(false);
        }
        row.totp_secret = Some(self.key().seal(secret, self.place(id, "totp_secret"))?);
        row.totp_last_step = None;
        self.put_member(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// From now on somebody's codes are asked for; here they have shown one, and everywhere else they are signed out. False: the secret
    /// was changed meanwhile, or is confirmed already.
    pub async fn confirm_totp(
        &self,
        id: Id<id::StaffMember>,
        totp: &Totp,
        step: i64,
        recovery_codes: &[SecretHash],
        here: Id<id::StaffLogin>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        if row.totp_secret.as_ref() != Some(&totp.sealed) || row.totp_confirmed_at.is_some() {
            return Ok(false);
        }
        row.totp_confirmed_at = Some(now);
        row.totp_last_step = Some(step);
        row.totp_attempts = 0;
        row.recovery_codes = Some(self.seal_recovery_codes(id, recovery_codes)?);
        self.put_member(&transaction, &row).await?;
        self.revoke_staff_logins_of(&transaction, id, Some(here), now).await?;
        self.set_strong(&transaction, id, true).await?;
        self.audit(&transaction, NewAuditEvent::new(AuditAction::SecondFactorAdded, id), now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes somebody's second factor away, which they have shown once more. False: what they have shown is not good.
    pub async fn remove_totp(
        &self,
        id: Id<id::StaffMember>,
        factor: &Factor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        if row.totp_confirmed_at.is_none() || !self.use_factor(&mut row, factor)? {
            return Ok(false);
        }
        clear(&mut row);
        self.put_member(&transaction, &row).await?;
        self.set_strong(&transaction, id, false).await?;
        let event = NewAuditEvent::new(AuditAction::SecondFactorRemoved, id).with(json!({"by": factor.name()}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Counts an attempt at a code, before it is looked at, so that attempts at the same time count as well. How long to wait, where
    /// there have been too many.
    pub async fn take_code_attempt(
        &self,
        id: Id<id::StaffMember>,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeDelta>, StoreError> {
        let transaction = self.write().await?;
        let mut row = self.lock_member(&transaction, id, None).await?;
        let next = row.totp_attempted_at.map(|last| last + wait_after(row.totp_attempts.unsigned_abs()));
        if let Some(next) = next.filter(|next| now < *next) {
            return Ok(Some(next - now));
        }
        row.totp_attempts = row.totp_attempts.saturating_add(1);
        row.totp_attempted_at = Some(now);
        self.put_member(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(None)
    }

    /// Whether what was shown is good for a locked row, which the caller writes: it is used up with that.
    pub(crate) fn use_factor(&self, row: &mut staff_member::Model, factor: &Factor) -> Result<bool, StoreError> {
        let is_good = match (factor, row.totp_confirmed_at) {
            (Factor::None, confirmed_at) => return Ok(confirmed_at.is_none()),
            // It vouches at sign-in, and stands for nothing that is asked for here.
            (Factor::Provider, _) | (_, None) => false,
            (Factor::Totp { of, step }, Some(_)) => {
                let is_fresh = row.totp_last_step.is_none_or(|last| last < *step);
                row.totp_last_step = Some(*step);
                is_fresh && row.totp_secret.as_ref() == Some(&of.sealed)
            }
            (Factor::RecoveryCode(hash), Some(_)) => {
                let id = Id::from_uuid(row.id);
                let mut codes = self.open_recovery_codes(id, row.recovery_codes.as_deref())?;
                let known = codes.len();
                codes.retain(|code| code != hash);
                row.recovery_codes = Some(self.seal_recovery_codes(id, &codes)?);
                codes.len() < known
            }
        };
        if is_good {
            row.totp_attempts = 0;
            row.totp_attempted_at = None;
        }
        Ok(is_good)
    }

    /// What is kept of somebody's phone, in a row.
    pub(crate) fn totp_of(&self, row: &staff_member::Model) -> Result<Option<Totp>, StoreError> {
        let Some(sealed) = row.totp_secret.clone() else { return Ok(None) };
        let secret = self.key().open(&sealed, self.place(Id::from_uuid(row.id), "totp_secret"))?;
        Ok(Some(Totp { secret, is_confirmed: row.totp_confirmed_at.is_some(), last_step: row.totp_last_step, sealed }))
    }

    fn seal_recovery_codes(&self, id: Id<id::StaffMember>, codes: &[SecretHash]) -> Result<Vec<u8>, StoreError> {
        Ok(self.key().seal(&codes.concat(), self.place(id, "recovery_codes"))?)
    }

    fn open_recovery_codes(
        &self,
        id: Id<id::StaffMember>,
        sealed: Option<&[u8]>,
    ) -> Result<Vec<SecretHash>, StoreError> {
        let Some(sealed) = sealed else { return Ok(Vec::new()) };
        let bytes = self.key().open(sealed, self.place(id, "recovery_codes"))?;
        Ok(bytes.chunks_exact(HASH_LENGTH).filter_map(|code| code.try_into().ok()).collect())
    }

    /// Says of all of somebody's live logins whether a second factor stands behind them.
    async fn set_strong(
        &self,
        transaction: &DatabaseTransaction,
        member: Id<id::StaffMember>,
        is_strong: bool,
    ) -> Result<(), StoreError> {
        staff_login::Entity::update_many()
            .col_expr(staff_login::Column::IsStrong, Expr::value(is_strong))
            .filter(self.own(staff_login::Column::TenantId))
            .filter(staff_login::Column::MemberId.eq(member.uuid()))
            .filter(staff_login::Column::RevokedAt.is_null())
            .exec(transaction)
            .await?;
        Ok(())
    }
}

/// Leaves nothing of a second factor.
pub(crate) fn clear(row: &mut staff_member::Model) {
    row.totp_secret = None;
    row.totp_confirmed_at = None;
    row.totp_last_step = None;
    row.totp_attempts = 0;
    row.totp_attempted_at = None;
    row.recovery_codes = None;
}
