//! An app's knowledge articles: what its assistant answers from.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use kuzushi_domain::{ArticleFormat, Permission};
use kuzushi_store::{Article, ArticleChange, ArticleFilter, NewArticle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{config_versions::open, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::{if_match, tagged},
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{Parameters, wrong},
        wire::Timestamp,
    },
    auth::Staff,
    documents::{self, Document, Unusable},
    error::{ApiError, FieldError},
    segment::Segment,
    state::AppState,
};

/// Ways to ask for one article, at most.
const MOST_QUESTIONS: usize = 100;
/// Characters of an article's text, at most.
const BODY_LIMIT: usize = 100_000;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Article)]
pub struct WireArticle {
    article_id: String,
    /// Names it within the app.
    slug: String,
    title: String,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    url: Option<String>,
    questions: Vec<String>,
    /// Markdown, whatever it was written in.
    body: String,
    locale: String,
    /// What it was written in.
    #[schema(value_type = WireArticleFormat)]
    format: &'static str,
    /// The name of the file that it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    file_name: Option<String>,
    /// Who answers for it; may be empty.
    owner: String,
    /// The day on which somebody has to look at it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, value_type = String, format = Date, example = "2027-03-31")]
    review_by: Option<NaiveDate>,
    /// From then on nothing is answered from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    expires_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// What an article was written in.
#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
#[schema(as = ArticleFormat)]
pub enum WireArticleFormat {
    #[default]
    Markdown,
    Html,
    Text,
    Pdf,
}

impl From<WireArticleFormat> for ArticleFormat {
    fn from(format: WireArticleFormat) -> Self {
        match format {
            WireArticleFormat::Markdown => Self::Markdown,
            WireArticleFormat::Html => Self::Html,
            WireArticleFormat::Text => Self::Text,
            WireArticleFormat::Pdf => Self::Pdf,
        }
    }
}

impl From<Article> for WireArticle {
    fn from(article: Article) -> Self {
        Self {
            article_id: article.id.to_string(),
            slug: article.slug,
            title: article.title,
            summary: article.summary,
            url: article.url,
            questions: article.questions,
            body: article.body,
            locale: article.locale,
            format: article.format.as_str(),
            file_name: article.file_name,
            owner: article.owner,
            review_by: article.review_by,
            expires_at: article.expires_at.map(Timestamp),
            updated_at: Timestamp(article.updated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ArticleList {
    /// By slug.
    articles: Vec<WireArticle>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    after: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleToPut {
    #[schema(example = "Visiting hours")]
    title: String,
    /// One or two sentences.
    #[serde(default)]
    summary: String,
    /// Where the hospital publishes it: an `https` address, or a path on this server such as `/demo/visiting`.
    #[schema(nullable = false)]
    url: Option<String>,
    /// Ways in which people ask for it.
    #[serde(default)]
    questions: Vec<String>,
    /// What answers are made from, in `format`.
    body: String,
    /// BCP 47 language tag.
    #[serde(default = "english")]
    #[schema(default = "en-US")]
    locale: String,
    /// What `body` is written in. It is kept as Markdown. A PDF is sent as it is, to `…/document`.
    #[serde(default)]
    #[schema(default = "markdown")]
    format: WireArticleFormat,
    /// Who answers for it: a name, for colleagues.
    #[serde(default)]
    owner: String,
    /// The day on which somebody has to look at it again. It is listed from then on, and answered from all the same.
    #[schema(nullable = false, value_type = Option<String>, format = Date, example = "2027-03-31")]
    review_by: Option<NaiveDate>,
    /// From then on nothing is answered from it.
    #[schema(nullable = false)]
    expires_at: Option<DateTime<Utc>>,
}

fn english() -> String {
    String::from("en-US")
}

/// The article that the body describes, if it may be one.
async fn checked(slug: String, article: ArticleToPut) -> Result<NewArticle, ApiError> {
    let ArticleToPut { title, summary, url, questions, body, locale, format, owner, review_by, expires_at } = article;
    let format = ArticleFormat::from(format);
    let mut article = NewArticle {
        slug,
        title,
        summary,
        url,
        questions,
        body,
        locale,
        format,
        file_name: None,
        owner,
        review_by,
        expires_at,
    };
    if format == ArticleFormat::Pdf {
        return Err(mistake("format", "wants markdown, html or text; a PDF is sent as it is, to .../document"));
    }
    if format != ArticleFormat::Markdown {
        let body = std::mem::take(&mut article.body);
        article.body = converted("body", format, body.into()).await?.markdown;
    }
    acceptable(article)
}

pub(super) fn mistake(field: &str, message: impl Into<String>) -> ApiError {
    ApiError::InvalidBody(vec![FieldError::new(field, message)])
}

/// A document's text.
pub(super) async fn converted(field: &str, format: ArticleFormat, document: Bytes) -> Result<Document, ApiError> {
    documents::convert(format, document).await.map_err(|unusable| match unusable {
        Unusable::Busy => ApiError::Unavailable,
        _ => mistake(field, unusable.to_string()),
    })
}

/// The article, if it may be one.
pub fn acceptable(mut article: NewArticle) -> Result<NewArticle, ApiError> {
    // As exact as it is told, so that what was read can be written back unchanged.
    article.expires_at = article.expires_at.map(|expires_at| expires_at.trunc_subsecs(3));
    let NewArticle {
        slug,
        title,
        summary,
        url,
        questions,
        body,
        locale,
        format: _,
        file_name,
        owner,
        review_by: _,
        expires_at: _,
    } = &article;
    let mut mistakes = Mistakes::default();
    mistakes.project_id("slug", slug);
    mistakes.name("title", title);
    mistakes.text("summary", summary);
    if url.as_ref().is_some_and(|url| !(url.starts_with("https://") || is_path(url))) {
        mistakes.note("url", "must be an https address, or a path such as /visiting");
    }
    if questions.len() > MOST_QUESTIONS {
        mistakes.note("questions", format!("must be at most {MOST_QUESTIONS}"));
    }
    for (position, question) in questions.iter().enumerate() {
        mistakes.name(&format!("questions.{position}"), question);
    }
    if body.trim().is_empty() {
        mistakes.note("body", "must not be empty");
    } else if body.chars().count() > BODY_LIMIT {
        mistakes.note("body", format!("must have at most {BODY_LIMIT} characters"));
    }
    mistakes.name("locale", locale);
    if !owner.is_empty() {
        mistakes.name("owner", owner);
    }
    if let Some(file_name) = file_name {
        mistakes.name("fileName", file_name);
    }
    mistakes.into_result()?;
    Ok(article)
}

/// Of this server, and of no other: `//elsewhere` is an address too.
fn is_path(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//") && !url.contains('\\')
}

/// An article with its revision as the entity tag.
pub(super) fn answer(status: StatusCode, article: Article) -> Response {
    tagged(status, article.revision(), WireArticle::from(article))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/articles",
    tag = "administration",
    summary = "An app's articles, by slug",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("due" = Option<String>, Query, description = "`review`: only those whose day of review has come; `expired`: only those from which nothing is answered any more"),
        ("after" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Articles in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = ArticleList), QueryProblems)
)]
pub async fn list_articles(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<ArticleList>, ApiError> {
    let limit = parameters.limit()?;
    let filter = match parameters.text("due") {
        None => ArticleFilter::All,
        Some("review") => ArticleFilter::ReviewDue,
        Some("expired") => ArticleFilter::Expired,
        Some(_) => return Err(wrong("due", "wants review or expired")),
    };
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let articles = scope.article_page(app.id, filter, parameters.text("after"), limit, state.clock.now()).await?;
    let after = articles.last().filter(|_| articles.len() as u64 == limit).map(|last| last.slug.clone());
    Ok(Json(ArticleList { articles: articles.into_iter().map(WireArticle::from).collect(), after }))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}",
    tag = "administration",
    summary = "An article",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("slug" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireArticle), ReadProblems)
)]
pub async fn read_article(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, slug)): Segment<(String, String, String)>,
) -> Result<Response, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let article = scope.article(app.id, &slug).await?.ok_or(ApiError::NotFound)?;
    Ok(answer(StatusCode::OK, article))
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}",
    tag = "administration",
    summary = "Add an article, or replace the one of this slug",
    description = "Every node answers from it within a second, until it expires. HTML and plain text are kept as Markdown: scripts and what a page hides are left out. `If-Match` with the `ETag` that the author has seen makes the second of two authors hear of the first.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("slug" = String, Path, description = "1 to 100 of a-z, 0-9 and -")),
    request_body = ArticleToPut,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireArticle, description = "Replaced, or it was so already"),
        (status = 201, body = WireArticle, description = "Added"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn put_article(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, slug)): Segment<(String, String, String)>,
    headers: HeaderMap,
    JsonBody(article): JsonBody<ArticleToPut>,
) -> Result<Response, ApiError> {
    let revision = if_match(&headers)?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteArticles).await?;
    let article = checked(slug, article).await?;
    match scope.put_article(app.id, article, revision, state.clock.now()).await? {
        ArticleChange::Added(article) => Ok(answer(StatusCode::CREATED, article)),
        ArticleChange::Replaced(article) => Ok(answer(StatusCode::OK, article)),
        ArticleChange::Removed | ArticleChange::Outdated => Err(ApiError::Outdated),
    }
}

#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}",
    tag = "administration",
    summary = "Remove an article",
    description = "Answers that were given from it keep naming it.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("slug" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 204, description = "It is gone"), QueryProblems, ConflictProblems)
)]
pub async fn remove_article(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, slug)): Segment<(String, String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let revision = if_match(&headers)?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteArticles).await?;
    match scope.remove_article(app.id, &slug, revision, state.clock.now()).await? {
        ArticleChange::Outdated => Err(ApiError::Outdated),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
