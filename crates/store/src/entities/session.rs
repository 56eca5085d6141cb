//! Conversations.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    pub widget_instance_id: String,
    /// The patient whose conversation it is.
    pub user_id: Option<Uuid>,
    /// The login that made it the patient's.
    pub login_id: Option<Uuid>,
    /// The config version the conversation started with and keeps.
    pub config_version: i32,
    /// The `seq` of the newest message; 0 before the first.
    pub last_seq: i64,
    /// Sealed JSON: where and with what the conversation began.
    pub metadata: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
    pub last_active_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    /// When its content and its key were destroyed.
    pub erased_at: Option<DateTimeUtc>,
    /// When somebody wanted it erased while a legal hold was on it.
    pub erasure_due_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
