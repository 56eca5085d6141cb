//! Knowledge articles.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::apps::strings;
use crate::{StoreError, TenantScope, entities::article};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    pub id: Id<id::Article>,
    pub slug: String,
    pub title: String,
    pub summary: String,
    /// Where the hospital publishes it: absolute, or a path on the API's own origin.
    pub url: Option<String>,
    pub questions: Vec<String>,
    /// Markdown.
    pub body: String,
    pub locale: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArticle {
    /// Names the article within the app.
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub url: Option<String>,
    pub questions: Vec<String>,
    pub body: String,
    pub locale: String,
}

/// Changes whenever an app's articles do: what an index was built from can be compared with what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct ArticlesStamp {
    count: i64,
    newest: Option<DateTime<Utc>>,
}

impl From<article::Model> for Article {
    fn from(row: article::Model) -> Self {
        Self {
            id: Id::from_uuid(row.id),
            slug: row.slug,
            title: row.title,
            summary: row.summary,
            url: row.url,
            questions: strings(&row.questions),
            body: row.body,
            locale: row.locale,
            updated_at: row.updated_at,
        }
    }
}

impl TenantScope {
    /// All articles of an app, by slug.
    pub async fn articles(&self, app: Id<id::App>) -> Result<Vec<Article>, StoreError> {
        let rows = article::Entity::find()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .order_by_asc(article::Column::Slug)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(Article::from).collect())
    }

    pub async fn article(&self, app: Id<id::App>, slug: &str) -> Result<Option<Article>, StoreError> {
        let row = article::Entity::find()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .filter(article::Column::Slug.eq(slug))
            .one(self.reader())
            .await?;
        Ok(row.map(Article::from))
    }

    pub async fn articles_stamp(&self, app: Id<id::App>) -> Result<ArticlesStamp, StoreError> {
        article::Entity::find()
            .select_only()
            .column_as(article::Column::Id.count(), "count")
            .column_as(article::Column::UpdatedAt.max(), "newest")
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .into_model::<ArticlesStamp>()
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)
    }

    /// Makes an app's articles exactly the given ones: adds, replaces what differs, removes the rest.
    /// Returns how many were written or removed.
    pub async fn replace_articles(
        &self,
        app: Id<id::App>,
        articles: Vec<NewArticle>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let transaction = self.write().await?;
        let mut changes = 0;
        let slugs: Vec<_> = articles.iter().map(|article| article.slug.clone()).collect();
        let removed = article::Entity::delete_many()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .filter(article::Column::Slug.is_not_in(slugs))
            .exec(&transaction)
            .await?;
        changes += usize::try_from(removed.rows_affected).unwrap_or(usize::MAX);
        for new in articles {
            let old = article::Entity::find()
                .filter(article::Column::TenantId.eq(self.id().uuid()))
                .filter(article::Column::AppId.eq(app.uuid()))
                .filter(article::Column::Slug.eq(&new.slug))
                .one(&transaction)
                .await?;
            match old {
                Some(old) if content_of(&old) == new => {}
                Some(old) => {
                    let mut row = old.into_active_model();
                    fill(&mut row, new, now);
                    article::Entity::update(row).exec(&transaction).await?;
                    changes += 1;
                }
                None => {
                    let mut row = article::ActiveModel {
                        id: Set(Id::<id::Article>::generate().uuid()),
                        tenant_id: Set(self.id().uuid()),
                        app_id: Set(app.uuid()),
                        created_at: Set(now),
                        ..Default::default()
                    };
                    fill(&mut row, new, now);
                    article::Entity::insert(row).exec_without_returning(&transaction).await?;
                    changes += 1;
                }
            }
        }
        transaction.commit().await?;
        Ok(changes)
    }
}

fn content_of(row: &article::Model) -> NewArticle {
    let Article { slug, title, summary, url, questions, body, locale, .. } = row.clone().into();
    NewArticle { slug, title, summary, url, questions, body, locale }
}

fn fill(row: &mut article::ActiveModel, new: NewArticle, now: DateTime<Utc>) {
    row.slug = Set(new.slug);
    row.title = Set(new.title);
    row.summary = Set(new.summary);
    row.url = Set(new.url);
    row.questions = Set(new.questions.into());
    row.body = Set(new.body);
    row.locale = Set(new.locale);
    row.updated_at = Set(now);
}
