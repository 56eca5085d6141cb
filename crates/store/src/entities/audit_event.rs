//! What was done, by whom: identifiers, never what a patient wrote.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// In whole microseconds, which both databases keep.
    pub recorded_at: DateTimeUtc,
    pub actor: String,
    pub actor_name: String,
    pub actor_role: String,
    pub action: String,
    pub target: String,
    pub reason: String,
    /// JSON, kept as text so that it hashes as it was written.
    pub details: String,
    /// HMAC-SHA256 over the hash before it and everything above.
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
