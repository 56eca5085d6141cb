//! People who use the administration.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Null for an operator.
    pub tenant_id: Option<Uuid>,
    pub role: String,
    /// Keyed hash of the address: what finds it and keeps it unique in the tenant.
    pub email_mark: Vec<u8>,
    /// Sealed.
    pub email: Vec<u8>,
    /// Sealed.
    pub name: Vec<u8>,
    /// Sealed. Null: there is no password to sign in with.
    pub password_hash: Option<Vec<u8>>,
    /// SHA-256 of the code that lets its holder choose a password, once.
    pub enrolment_hash: Option<Vec<u8>>,
    pub enrolment_expires_at: Option<DateTimeUtc>,
    /// Sealed. Null: there is no second factor.
    pub totp_secret: Option<Vec<u8>>,
    /// Null: no code has shown yet that a phone has the secret.
    pub totp_confirmed_at: Option<DateTimeUtc>,
    /// The half minute of the last code that was used.
    pub totp_last_step: Option<i64>,
    /// Attempts at a code since the last right one.
    pub totp_attempts: i32,
    pub totp_attempted_at: Option<DateTimeUtc>,
    /// Sealed: SHA-256 of each recovery code that is left.
    pub recovery_codes: Option<Vec<u8>>,
    /// Keyed hash of an issuer and of what it calls them, once it has vouched for them.
    pub subject_mark: Option<Vec<u8>>,
    /// 1, 2, 3…: rises with every change that staff make.
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub changed_at: DateTimeUtc,
    pub disabled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
