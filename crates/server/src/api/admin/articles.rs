//! An app's knowledge articles: what its assistant answers from.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use kuzushi_domain::Permission;
use kuzushi_store::{Article, ArticleChange, NewArticle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{config_versions::open, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::{if_match, tagged},
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::Parameters,
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
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
    /// Markdown.
    body: String,
    locale: String,
    updated_at: Timestamp,
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
    /// Markdown: what answers are made from.
    body: String,
    /// BCP 47 language tag.
    #[serde(default = "english")]
    #[schema(default = "en-US")]
    locale: String,
}

fn english() -> String {
    String::from("en-US")
}

/// The article that the body describes, if it may be one.
fn checked(slug: String, article: ArticleToPut) -> Result<NewArticle, ApiError> {
    let ArticleToPut { title, summary, url, questions, body, locale } = article;
    acceptable(NewArticle { slug, title, summary, url, questions, body, locale })
}

/// The article, if it may be one.
pub fn acceptable(article: NewArticle) -> Result<NewArticle, ApiError> {
    let NewArticle { slug, title, summary, url, questions, body, locale } = &article;
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
    mistakes.into_result()?;
    Ok(article)
}

/// Of this server, and of no other: `//elsewhere` is an address too.
fn is_path(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//") && !url.contains('\\')
}

/// An article with its revision as the entity tag.
fn answer(status: StatusCode, article: Article) -> Response {
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
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let articles = scope.article_page(app.id, parameters.text("after"), limit).await?;
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
    description = "Every node answers from it within a second. `If-Match` with the `ETag` that the author has seen makes the second of two authors hear of the first.",
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
    let article = checked(slug, article)?;
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
