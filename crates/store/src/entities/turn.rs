//! The work of answering a message: its state outlives the process that does it.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "turns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub session_id: Uuid,
    /// The question's `message_id`.
    pub message_id: String,
    /// The question's `seq`: open turns of a session are answered in this order.
    pub question_seq: i64,
    /// The `message_id` that the answer has, or will have.
    pub answer_id: String,
    pub state: String,
    /// How often the answer was begun.
    pub attempts: i32,
    /// The node that works on it, or worked on it last. None: nobody yet, or handed over.
    pub owner: Option<Uuid>,
    /// The visitor no longer wants the answer that another node than theirs is giving.
    pub withdrawn: bool,
    /// An error code, where the state is failed.
    pub failure: Option<String>,
    /// How the question was answered, where the state is done.
    pub outcome: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
