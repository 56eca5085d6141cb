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
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
