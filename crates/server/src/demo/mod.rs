//! The demo hospital's website: pages of its own, with the widget embedded as any hospital would.

mod agreement;
#[cfg(feature = "fake-model")]
mod fake_model;
mod patient;
mod template;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kuzushi_store::{Article, StoreError};
use pulldown_cmark::{Event, Options, Parser};
use rust_embed::RustEmbed;

#[cfg(feature = "fake-model")]
pub use self::fake_model::fake_model;
use self::template::{Page, Value};
pub use self::{agreement::agree_with, patient::add_patient};
use crate::{error::ApiError, segment::Segment, state::AppState};

/// The apps of the demo hospital: for patients, and for doctors.
const PATIENT_PORTAL: &str = "stmarys-patient-portal";
const DOCTOR_DASHBOARD: &str = "stmarys-doctor-dashboard";

/// What such a site would send: nothing may be loaded but from the site itself, no script or style stands in the
/// page, and no text becomes markup or script by assignment.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(RustEmbed)]
#[folder = "../../demo/site/"]
struct SiteFiles;

/// The site; it is there when the server runs in demo mode.
#[derive(Debug)]
pub struct Demo;

/// `GET /demo`.
pub async fn home(state: State<AppState>) -> Response {
    page(state, Segment(String::from("home"))).await
}

/// `GET /demo/{page}`.
pub async fn page(State(state): State<AppState>, Segment(name): Segment) -> Response {
    let known = name.chars().all(|character| character.is_ascii_lowercase() || character == '-');
    let Some(page) = Page::load::<SiteFiles>(&format!("pages/{name}.html")).filter(|_| known) else {
        return missing();
    };
    let project = if name == "staff" { DOCTOR_DASHBOARD } else { PATIENT_PORTAL };
    let articles = match article_list(&state, project).await {
        Ok(articles) => articles,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let main = page.fill(&[
        ("articles", Value::Html(&articles)),
        ("patient", Value::Text(patient::NAME)),
        ("email", Value::Text(patient::EMAIL)),
        ("password", Value::Text(patient::PASSWORD)),
    ]);
    html(StatusCode::OK, project, &name, &page.title, &page.description, &main)
}

/// `GET /demo/articles/{slug}`: an article as the hospital publishes it, which is where citations lead.
pub async fn article(State(state): State<AppState>, Segment(slug): Segment) -> Response {
    for project in [PATIENT_PORTAL, DOCTOR_DASHBOARD] {
        match find_article(&state, project, &slug).await {
            Ok(Some(article)) => {
                let Some(template) = Page::load::<SiteFiles>("article.html") else { return missing() };
                let updated = article.updated_at.format("%B %-d, %Y").to_string();
                let body = markdown(&article.body);
                let main = template.fill(&[
                    ("title", Value::Text(&article.title)),
                    ("summary", Value::Text(&article.summary)),
                    ("updated", Value::Text(&updated)),
                    ("body", Value::Html(&body)),
                ]);
                return html(StatusCode::OK, project, "guides", &article.title, &article.summary, &main);
            }
            Ok(None) => {}
            Err(error) => return ApiError::from(error).into_response(),
        }
    }
    missing()
}

/// `GET /demo/assets/{path}`.
pub async fn asset(Segment(path): Segment, headers: HeaderMap) -> Response {
    match SiteFiles::get(&format!("assets/{path}")) {
        Some(file) => crate::assets::respond(file, &path, "public, max-age=300", &headers),
        None => missing(),
    }
}

async fn find_article(state: &AppState, project: &str, slug: &str) -> Result<Option<Article>, StoreError> {
    let Some(published) = state.store.installation().published_app(project).await? else { return Ok(None) };
    state.store.tenant(published.app.tenant).await?.article(published.app.id, slug).await
}

async fn article_list(state: &AppState, project: &str) -> Result<String, StoreError> {
    let Some(published) = state.store.installation().published_app(project).await? else { return Ok(String::new()) };
    let mut articles = state.store.tenant(published.app.tenant).await?.articles(published.app.id).await?;
    articles.sort_by(|one, other| one.title.cmp(&other.title));
    let items = articles.iter().map(|article| {
        let url = article.url.clone().unwrap_or_default();
        format!(
            "<li><a href=\"{}\">{}</a><p>{}</p></li>",
            template::escape(&url),
            template::escape(&article.title),
            template::escape(&article.summary)
        )
    });
    Ok(items.collect())
}

/// Markdown as HTML. Markup inside it is shown, not obeyed.
fn markdown(text: &str) -> String {
    let events =
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES).map(|event| match event {
            Event::Html(markup) | Event::InlineHtml(markup) => Event::Text(markup),
            other => other,
        });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

fn missing() -> Response {
    let Some(page) = Page::load::<SiteFiles>("404.html") else { return ApiError::NotFound.into_response() };
    html(StatusCode::NOT_FOUND, PATIENT_PORTAL, "missing", &page.title, &page.description, &page.fill(&[]))
}

fn html(status: StatusCode, project: &str, page: &str, title: &str, description: &str, main: &str) -> Response {
    let layout = if project == DOCTOR_DASHBOARD { "layout-staff.html" } else { "layout.html" };
    let Some(layout) = Page::load::<SiteFiles>(layout) else { return ApiError::NotFound.into_response() };
    let body = layout.fill(&[
        ("title", Value::Text(title)),
        ("description", Value::Text(description)),
        ("page", Value::Text(page)),
        ("project_id", Value::Text(project)),
        ("main", Value::Html(main)),
    ]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    ];
    (status, headers, body).into_response()
}
