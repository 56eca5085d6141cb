//! What tenants have agreed with those who run language models.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_agreements")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    /// The base URL in its one spelling.
    pub endpoint: String,
    /// `baa` or `own-machines`.
    pub kind: String,
    pub covers_text: bool,
    pub covers_voice: bool,
    pub signed_on: Option<Date>,
    /// The last day.
    pub valid_until: Option<Date>,
    pub reason: String,
    pub noted_by: String,
    pub noted_at: DateTimeUtc,
    pub withdrawn_by: Option<String>,
    pub withdrawn_at: Option<DateTimeUtc>,
    pub withdrawal_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
