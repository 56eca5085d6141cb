//! Sign-ins under way at a provider: first known by a state, and once it has vouched for somebody, by a code.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Option<Uuid>,
    /// SHA-256 of the state, or of the code.
    pub secret_hash: Vec<u8>,
    /// SHA-256 of what the browser that began has kept.
    pub challenge: Vec<u8>,
    /// What the provider has to repeat.
    pub nonce: String,
    /// Sealed. What shows the provider that whoever began is who ends. Null once it is used.
    pub code_verifier: Option<Vec<u8>>,
    /// For whom the provider vouched.
    pub member_id: Option<Uuid>,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
