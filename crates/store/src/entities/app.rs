//! A tenant's apps; `project_id` is their public name.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "apps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub project_id: String,
    pub name: String,
    pub description: String,
    /// JSON array of origin patterns.
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_origins: Json,
    pub created_at: DateTimeUtc,
    /// Whether a second person has to approve what changes what new conversations get.
    pub approval_required: bool,
    /// The suite that a version has to pass before new conversations get it, and the hash of the version of it.
    pub required_suite: Option<String>,
    pub required_suite_hash: Option<String>,
    /// The share of its cases that has to pass, in ten-thousandths.
    pub required_share: Option<i32>,
    /// 1, 2, 3…: rises with every change of this row.
    pub revision: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
