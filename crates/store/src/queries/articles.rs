//! Knowledge articles.

use aws_lc_rs::digest;
use chrono::{DateTime, DurationRound, NaiveDate, TimeDelta, Utc};
use kuzushi_domain::{ArticleFormat, AuditAction, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

use serde_json::json;
use uuid::Uuid;

use super::{apps::strings, audit::NewAuditEvent};
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
    /// What it was written in; the body is Markdown all the same.
    pub format: ArticleFormat,
    /// The name of the file it came in, as it was given.
    pub file_name: Option<String>,
    /// Who answers for it: a name, or empty.
    pub owner: String,
    /// The day on which somebody has to look at it again.
    pub review_by: Option<NaiveDate>,
    /// From then on nothing is answered from it.
    pub expires_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewArticle {
    /// Names the article within the app.
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub url: Option<String>,
    pub questions: Vec<String>,
    pub body: String,
    pub locale: String,
    /// What it was written in; the body is Markdown all the same.
    pub format: ArticleFormat,
    /// The name of the file it came in, as it was given.
    pub file_name: Option<String>,
    /// Who answers for it: a name, or empty.
    pub owner: String,
    /// The day on which somebody has to look at it again.
    pub review_by: Option<NaiveDate>,
    /// From then on nothing is answered from it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Which articles of an app are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArticleFilter {
    #[default]
    All,
    /// Those whose day of review has come, expired ones too.
    ReviewDue,
    /// Those from which nothing is answered any more.
    Expired,
}

/// What became of a change to an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleChange {
    Added(Article),
    /// Also where nothing differed.
    Replaced(Article),
    Removed,
    /// Nothing: somebody else changed or removed it since the caller looked.
    Outdated,
}

impl Article {
    /// Whether answers are made from it at this time.
    pub fn is_current(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Changes whenever the article does.
    pub fn revision(&self) -> i64 {
        self.updated_at.timestamp_micros()
    }
}

/// Tells the articles that an app answers from at one time from those at every other: SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticlesDigest(String);

impl ArticlesDigest {
    /// Of those that are current.
    pub fn of(articles: &[Article]) -> Self {
        Self::of_revisions(articles.iter().map(|article| (article.id.uuid(), article.updated_at)).collect())
    }

    fn of_revisions(mut revisions: Vec<(Uuid, DateTime<Utc>)>) -> Self {
        revisions.sort_unstable();
        let mut hash = digest::Context::new(&digest::SHA256);
        for (id, updated_at) in revisions {
            hash.update(id.as_bytes());
            hash.update(&updated_at.timestamp_micros().to_be_bytes());
        }
        let hash = hash.finish();
        Self(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
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
            // What a later release wrote is Markdown by now like everything else.
            format: row.format.parse().unwrap_or_default(),
            file_name: row.file_name,
            owner: row.owner,
            review_by: row.review_by,
            expires_at: row.expires_at,
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
        Ok(self.one_article(app, slug).one(self.reader()).await?.map(Article::from))
    }

    /// A page of an app's articles, by slug, after this one.
    pub async fn article_page(
        &self,
        app: Id<id::App>,
        filter: ArticleFilter,
        after: Option<&str>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Article>, StoreError> {
        let asked_for = match filter {
            ArticleFilter::All => Condition::all(),
            ArticleFilter::ReviewDue => Condition::all().add(article::Column::ReviewBy.lte(now.date_naive())),
            ArticleFilter::Expired => Condition::all().add(article::Column::ExpiresAt.lte(now)),
        };
        let rows = article::Entity::find()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .filter(article::Column::Slug.gt(after.unwrap_or_default()))
            .filter(asked_for)
            .order_by_asc(article::Column::Slug)
            .limit(limit)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(Article::from).collect())
    }

    /// Adds an article, or replaces the one of its slug. With a `revision`: only the one that has it.
    pub async fn put_article(
        &self,
        app: Id<id::App>,
        new: NewArticle,
        revision: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<ArticleChange, StoreError> {
        // As exact as it is stored, so that the revision is the same when it is read.
        let now = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let old = self.one_article(app, &new.slug).one(&transaction).await?;
        if revision.is_some_and(|revision| old.as_ref().map(|old| old.updated_at.timestamp_micros()) != Some(revision))
        {
            return Ok(ArticleChange::Outdated);
        }
        let event = NewAuditEvent::new(AuditAction::ArticleWritten, app).with(json!({
            "slug": &new.slug,
            "format": new.format.as_str(),
            "owner": &new.owner,
            "reviewBy": new.review_by,
            "expiresAt": new.expires_at,
        }));
        let change = match old {
            Some(old) if content_of(&old) == new => return Ok(ArticleChange::Replaced(old.into())),
            Some(old) => {
                let mut row = old.into_active_model();
                fill(&mut row, new, now);
                ArticleChange::Replaced(article::Entity::update(row).exec(&transaction).await?.into())
            }
            None => {
                let mut row = self.new_article(app, now);
                fill(&mut row, new, now);
                ArticleChange::Added(article::Entity::insert(row).exec_with_returning(&transaction).await?.into())
            }
        };
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(change)
    }

    /// Removes an article. With a `revision`: only if it has it.
    pub async fn remove_article(
        &self,
        app: Id<id::App>,
        slug: &str,
        revision: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<ArticleChange, StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let old = self.one_article(app, slug).one(&transaction).await?.ok_or(StoreError::NotFound)?;
        if revision.is_some_and(|revision| old.updated_at.timestamp_micros() != revision) {
            return Ok(ArticleChange::Outdated);
        }
        article::Entity::delete_many()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::Id.eq(old.id))
            .exec(&transaction)
            .await?;
        let event = NewAuditEvent::new(AuditAction::ArticleRemoved, app).with(json!({"slug": slug}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok(ArticleChange::Removed)
    }

    fn one_article(&self, app: Id<id::App>, slug: &str) -> Select<article::Entity> {
        article::Entity::find()
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .filter(article::Column::Slug.eq(slug))
    }

    fn new_article(&self, app: Id<id::App>, now: DateTime<Utc>) -> article::ActiveModel {
        article::ActiveModel {
            id: Set(Id::<id::Article>::generate().uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(app.uuid()),
            created_at: Set(now),
            ..Default::default()
        }
    }

    /// The articles that are answered from, under the lock of [`TenantScope::lock_configs`].
    pub(crate) async fn articles_digest(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        now: DateTime<Utc>,
    ) -> Result<ArticlesDigest, StoreError> {
        let is_current =
            Condition::any().add(article::Column::ExpiresAt.is_null()).add(article::Column::ExpiresAt.gt(now));
        let revisions = article::Entity::find()
            .select_only()
            .column(article::Column::Id)
            .column(article::Column::UpdatedAt)
            .filter(article::Column::TenantId.eq(self.id().uuid()))
            .filter(article::Column::AppId.eq(app.uuid()))
            .filter(is_current)
            .into_tuple()
            .all(transaction)
            .await?;
        Ok(ArticlesDigest::of_revisions(revisions))
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
        self.lock_configs(&transaction, app).await?;
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
            let old = self.one_article(app, &new.slug).one(&transaction).await?;
            match old {
                Some(old) if content_of(&old) == new => {}
                Some(old) => {
                    let mut row = old.into_active_model();
                    fill(&mut row, new, now);
                    article::Entity::update(row).exec(&transaction).await?;
                    changes += 1;
                }
                None => {
                    let mut row = self.new_article(app, now);
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

impl From<Article> for NewArticle {
    fn from(article: Article) -> Self {
        let Article {
            id: _,
            slug,
            title,
            summary,
            url,
            questions,
            body,
            locale,
            format,
            file_name,
            owner,
            review_by,
            expires_at,
            updated_at: _,
        } = article;
        Self { slug, title, summary, url, questions, body, locale, format, file_name, owner, review_by, expires_at }
    }
}

fn content_of(row: &article::Model) -> NewArticle {
    Article::from(row.clone()).into()
}

fn fill(row: &mut article::ActiveModel, new: NewArticle, now: DateTime<Utc>) {
    row.slug = Set(new.slug);
    row.title = Set(new.title);
    row.summary = Set(new.summary);
    row.url = Set(new.url);
    row.questions = Set(new.questions.into());
    row.body = Set(new.body);
    row.locale = Set(new.locale);
    row.format = Set(new.format.as_str().to_owned());
    row.file_name = Set(new.file_name);
    row.owner = Set(new.owner);
    row.review_by = Set(new.review_by);
    row.expires_at = Set(new.expires_at);
    row.updated_at = Set(now);
}
