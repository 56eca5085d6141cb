//! Topics that patients ask about and no article covers.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "gaps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    /// A keyed hash of what the questions have in common.
    pub topic: Vec<u8>,
    /// The article that comes nearest.
    pub article_id: Option<Uuid>,
    /// `open` or `resolved`.
    pub state: String,
    pub first_asked_at: DateTimeUtc,
    pub last_asked_at: DateTimeUtc,
    pub resolved_by: Option<String>,
    pub resolved_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
