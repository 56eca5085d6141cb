//! Splits of new conversations among config versions. Rows are added, and ended once; one of an app runs at a time.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "config_splits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: Uuid,
    /// 1, 2, 3… within the app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub tenant_id: Uuid,
    /// JSON array of versions and weights.
    #[sea_orm(column_type = "JsonBinary")]
    pub arms: Json,
    pub started_by: String,
    pub started_at: DateTimeUtc,
    pub ended_by: Option<String>,
    /// None: it runs.
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
