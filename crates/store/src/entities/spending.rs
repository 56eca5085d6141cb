//! What was spent on language models in a day or a month, what is reserved for running answers included.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "spending")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// The tenant's own id, an app's or a conversation's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// A day or a month: `2026-11-29`, `2026-11`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    pub tokens: i64,
    /// Millionths of the currency of the operator's prices.
    pub micros: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
