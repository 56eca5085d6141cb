//! What a hospital's own site has said once, and must not be believed twice.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_uses")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: Uuid,
    /// Keyed hash of the token's `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mark: Vec<u8>,
    pub tenant_id: Uuid,
    /// From then on the token is worthless by itself.
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
