//! The key for what belongs to the installation and to no tenant. One row.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "installation_keys")]
pub struct Model {
    /// All zeros.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Sealed with the content key.
    pub wrapped_key: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
