//! Suites that were asked of config versions, and what came of it.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "evaluations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    pub version: i32,
    pub suite: String,
    pub suite_hash: String,
    /// running, finished or broken_off.
    pub state: String,
    pub cases: i32,
    /// Cases whose every expectation was met.
    pub passed: Option<i32>,
    /// A digest of the articles that were answered from.
    pub articles: Option<String>,
    /// JSON array: how often each kind of expectation was met.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub expectations: Option<Json>,
    /// Sealed: what came of each case.
    pub report: Option<Vec<u8>>,
    pub started_by: String,
    pub started_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
