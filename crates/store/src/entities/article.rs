//! Knowledge articles: what the hospital published, so not sealed.
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "articles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub app_id: Uuid,
    /// Names the article within the app.
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub url: Option<String>,
    /// JSON array of ways people ask for it, written by editors.
    #[sea_orm(column_type = "JsonBinary")]
    pub questions: Json,
    /// Markdown.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// BCP 47 language tag.
    pub locale: String,
    /// What it was written in.
    pub format: String,
    /// The name of the file it came in.
    pub file_name: Option<String>,
    /// Who answers for it: a name, or empty.
    pub owner: String,
    /// The day on which somebody has to look at it again.
    pub review_by: Option<Date>,
    /// When it stops to hold.
    pub expires_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
