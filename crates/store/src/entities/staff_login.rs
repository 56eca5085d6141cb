//! Being signed in to the administration.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_logins")]
pub struct Model {
    /// Also the `jti` of its token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Null for an operator's.
    pub tenant_id: Option<Uuid>,
    pub member_id: Uuid,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    /// How long it may rest unused.
    pub idle_seconds: i64,
    /// When it ends unless it is used before; never after `expires_at`.
    pub ends_at: DateTimeUtc,
    /// Whether a second factor stands behind it.
    pub is_strong: bool,
    pub revoked_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
