//! What was asked for with an idempotency key.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotent_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    /// The identifier of who asked.
    pub actor: String,
    /// What they called it.
    pub key: String,
    /// A hash of what was asked for.
    pub fingerprint: Vec<u8>,
    /// Sealed. None: not stored yet, or never.
    pub answer: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
