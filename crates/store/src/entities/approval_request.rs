//! Changes to what new conversations get, which a second person has to approve.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "approval_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    /// activate, roll_back, split, end_approval or require_suite.
    pub change: String,
    /// The version that all new conversations are to get.
    pub version: Option<i32>,
    /// JSON array of versions and weights, where they are to be divided.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub arms: Option<Json>,
    /// The version that was active when it was asked for.
    pub from_version: Option<i32>,
    /// The split that ran.
    pub from_split: Option<i32>,
    /// Why.
    pub note: String,
    /// The identifier of who asked.
    pub requested_by: String,
    /// How people call them.
    pub requested_by_name: String,
    pub requested_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// open, approved, refused, withdrawn or void.
    pub state: String,
    pub decided_by: Option<String>,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<DateTimeUtc>,
    /// JSON: the suite that is to be required, where one is.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub requirement: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
