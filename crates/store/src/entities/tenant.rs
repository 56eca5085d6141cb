//! Organisations, each with its wrapped key.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub domain: String,
    /// The tenant's key, wrapped by the operator's.
    pub wrapped_key: Vec<u8>,
    pub created_at: DateTimeUtc,
    /// From then on its apps answer nobody.
    pub closed_at: Option<DateTimeUtc>,
    /// Its key was destroyed, and is empty.
    pub erased_at: Option<DateTimeUtc>,
    /// Nothing of it is left but this row and its audit trail.
    pub emptied_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
