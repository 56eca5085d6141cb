//! The newest event of each audit chain, and the key that its hashes are made with.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_chains")]
pub struct Model {
    /// The tenant; all zeros for the installation's own chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain_id: Uuid,
    pub wrapped_key: Vec<u8>,
    pub last_seq: i64,
    pub last_hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
