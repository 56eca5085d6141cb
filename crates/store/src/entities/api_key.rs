//! Keys to the administration API. Of a key's secret only a hash is kept.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Null for an operator's key.
    pub tenant_id: Option<Uuid>,
    pub role: String,
    pub name: String,
    /// SHA-256.
    pub secret_hash: Vec<u8>,
    pub created_by: String,
    /// The identifier of who made it. None: not known.
    pub made_by: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
