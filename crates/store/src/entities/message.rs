//! Messages, sealed with their conversation's key.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub session_id: Uuid,
    /// The name of the message on the wire, unique in the session. A client chooses it for its own messages.
    pub message_id: String,
    /// 1, 2, 3… within the session, without holes.
    pub seq: i64,
    pub role: String,
    /// Sealed UTF-8 text.
    pub content: Vec<u8>,
    /// Sealed JSON: citations and metadata.
    pub details: Option<Vec<u8>>,
    /// The `message_id` that this one answers.
    pub in_reply_to: Option<String>,
    /// What the patient thinks of an answer: up or down.
    pub rating: Option<String>,
    /// Sealed UTF-8 text: why.
    pub rating_comment: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
