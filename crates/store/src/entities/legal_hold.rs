//! What must not be erased while a matter is open.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "legal_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    /// `tenant`, `app`, `user` or `session`.
    pub subject_kind: String,
    pub subject_id: Uuid,
    /// Sealed: who is in a lawsuit with whom is nobody's business who copies the database.
    pub matter: Vec<u8>,
    /// Sealed.
    pub reason: Vec<u8>,
    pub placed_by: String,
    pub placed_at: DateTimeUtc,
    pub lifted_by: Option<String>,
    pub lifted_at: Option<DateTimeUtc>,
    /// Sealed.
    pub lift_reason: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
