//! Config versions. A row never changes but for `is_active`; the database allows one active row an app.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "app_configs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    /// 1, 2, 3… within the app.
    pub version: i32,
    pub is_active: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub config_data: Json,
    pub created_by: String,
    pub note: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
