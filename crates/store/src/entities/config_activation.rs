//! When which config version became the active one. Rows are only ever added.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "config_activations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: Uuid,
    /// 1, 2, 3… within the app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub tenant_id: Uuid,
    pub version: i32,
    pub activated_by: String,
    pub activated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
