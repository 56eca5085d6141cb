//! Documents as hospitals have them, as the text of articles.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{ArticleFormat, Id, Permission, id};
use kuzushi_store::{ArticleChange, NewArticle, TenantScope};

use super::{
    articles::{WireArticle, acceptable, answer, converted},
    config_versions::open,
};
use crate::{
    api::{
        entity_tags::if_match,
        problems::{ConflictProblems, WriteProblems},
        query::Parameters,
    },
    auth::Staff,
    documents::{Document, LARGEST},
    error::ApiError,
    segment::Segment,
    state::AppState,
};

/// Characters of a name that a file came under.
const LONGEST_NAME: usize = 200;

/// What is known of a document besides its bytes.
pub struct Upload {
    pub format: ArticleFormat,
    pub file_name: Option<String>,
    /// In place of what the document calls itself.
    pub title: Option<String>,
}

impl Upload {
    /// A file's name is kept to be shown, and never used as one.
    pub fn new(format: ArticleFormat, file_name: Option<&str>, title: Option<&str>) -> Self {
        let last = file_name.and_then(|name| name.rsplit(['/', '\\']).next());
        let shown = last.map(|name| name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME));
        let file_name = shown.map(String::from_iter).filter(|name| !name.trim().is_empty());
        Self { format, file_name, title: title.map(str::to_owned) }
    }
}

/// Makes a document the text of the article of this slug. What else an article says stays as it is.
pub async fn put(
    scope: &TenantScope,
    app: Id<id::App>,
    slug: String,
    upload: Upload,
    document: Document,
    revision: Option<i64>,
    now: DateTime<Utc>,
) -> Result<ArticleChange, ApiError> {
    let Upload { format, file_name, title } = upload;
    let known = scope.article(app, &slug).await?;
    let revision = revision.or(known.as_ref().map(|known| known.revision()));
    let article = match known.map(NewArticle::from) {
        Some(known) => {
            NewArticle { title: title.unwrap_or(known.title), body: document.markdown, format, file_name, ..known }
        }
        None => NewArticle {
            title: title.or(document.title).or_else(|| file_name.clone()).unwrap_or_else(|| slug.clone()),
            slug,
            body: document.markdown,
            locale: String::from("en-US"),
            format,
            file_name,
            ..NewArticle::default()
        },
    };
    Ok(scope.put_article(app, acceptable(article)?, revision, now).await?)
}

/// The format that a request names.
fn format(headers: &HeaderMap) -> Result<ArticleFormat, ApiError> {
    let is_encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    ArticleFormat::of_media_type(essence).filter(|_| !is_encoded).ok_or(ApiError::UnknownDocumentType)
}

#[utoipa::path(
    put,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}/document",
    tag = "administration",
    summary = "Make a document the text of an article",
    description = "A PDF, a web page, plain text or Markdown, as its `Content-Type` says. Its text becomes the article's body, as Markdown with headings; where there is no such article yet, its title as well. Scripts and what a page hides are left out. A PDF may have 300 pages, and needs text: a scan has to go through text recognition first. What the article says besides (summary, questions, owner, dates) stays.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("slug" = String, Path, description = "1 to 100 of a-z, 0-9 and -"),
        ("fileName" = Option<String>, Query, description = "The document's name, to be shown with the article"),
        ("title" = Option<String>, Query, description = "The article's title, in place of what the document or the article says"),
    ),
    request_body(
        content(
            (Vec<u8> = "application/pdf"),
            (String = "text/html"),
            (String = "text/plain"),
            (String = "text/markdown"),
        ),
        description = "At most 10 MiB",
    ),
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireArticle, description = "Replaced, or it was so already"),
        (status = 201, body = WireArticle, description = "Added"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn put_document(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, slug)): Segment<(String, String, String)>,
    parameters: Parameters,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let revision = if_match(&headers)?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteArticles).await?;
    let format = format(&headers)?;
    let upload = Upload::new(format, parameters.text("fileName"), parameters.text("title"));
    // Only those who may write articles have anything of this size read.
    let bytes = Bytes::from_request(request, &state).await.map_err(|_| ApiError::TooLarge { limit: LARGEST })?;
    let document = converted("", format, bytes).await?;
    match put(&scope, app.id, slug, upload, document, revision, state.clock.now()).await? {
        ArticleChange::Added(article) => Ok(answer(StatusCode::CREATED, article)),
        ArticleChange::Replaced(article) => Ok(answer(StatusCode::OK, article)),
        ArticleChange::Removed | ArticleChange::Outdated => Err(ApiError::Outdated),
    }
}
