//! Calls.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "voice_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    pub session_id: Uuid,
    /// The node that serves it, or served it.
    pub node_id: Uuid,
    /// `builtin`, `external` or `openai`.
    pub provider: String,
    pub started_at: DateTimeUtc,
    /// None: it goes on.
    pub ended_at: Option<DateTimeUtc>,
    pub duration_seconds: Option<i64>,
    /// How it ended.
    pub outcome: Option<String>,
    /// JSON: figures of its quality.
    pub metadata: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
