//! Patients who can sign in.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    /// Keyed hash of the address: what finds it and keeps it unique. Null for those whom only the hospital's site knows.
    pub email_mark: Option<Vec<u8>>,
    /// Sealed.
    pub email: Option<Vec<u8>>,
    /// Keyed hash of an app and of what its site calls the patient.
    pub subject_mark: Option<Vec<u8>>,
    /// Sealed.
    pub subject: Option<Vec<u8>>,
    /// Sealed.
    pub name: Vec<u8>,
    /// Sealed, so that a copy of the database alone allows no guessing. Null: there is no password to sign in with.
    pub password_hash: Option<Vec<u8>>,
    /// 1, 2, 3…: rises with every change that staff make.
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub disabled_at: Option<DateTimeUtc>,
    /// Whether it is sealed with a key of the patient's own. False: with the tenant's, as it was before there were such keys.
    pub own_key: bool,
    /// Sealed: a FHIR server's name and the patient's id there, as JSON.
    pub record: Option<Vec<u8>>,
    /// When it was to be deleted while a legal hold was on it.
    pub deletion_due_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
