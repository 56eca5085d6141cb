//! Files that visitors sent, sealed with their conversation's key.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "files")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    pub session_id: Uuid,
    pub media_type: String,
    /// Bytes of the content before it was sealed.
    pub size: i64,
    /// Sealed UTF-8 text.
    pub name: Vec<u8>,
    /// Sealed bytes.
    pub content: Vec<u8>,
    pub created_at: DateTimeUtc,
    /// When a message took it along. None: it waits for one.
    pub attached_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
