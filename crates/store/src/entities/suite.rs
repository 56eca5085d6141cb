//! Suites of questions, every version of them.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "suites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    pub name: String,
    /// 1, 2, 3… within the name.
    pub number: i32,
    /// SHA-256 of what it asks and expects, in hexadecimal.
    pub hash: String,
    pub cases: i32,
    /// Sealed.
    pub content: Vec<u8>,
    pub written_by: String,
    pub written_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
