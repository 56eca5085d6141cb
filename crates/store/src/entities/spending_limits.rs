//! What a whole tenant may spend on language models.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "spending_limits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub tokens_per_day: Option<i64>,
    pub tokens_per_month: Option<i64>,
    /// Millionths of the currency of the operator's prices.
    pub micros_per_day: Option<i64>,
    pub micros_per_month: Option<i64>,
    pub changed_by: String,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
