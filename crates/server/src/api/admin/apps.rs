//! A tenant's apps.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{App, AppChange, NewApp, StoreError, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{fields::Mistakes, suites::WireRequirement};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::{IfMatch, if_match, tagged},
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters},
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireApp {
    app_id: String,
    project_id: String,
    name: String,
    description: String,
    allowed_origins: Vec<String>,
    /// Whether a second person has to approve what changes what new conversations get.
    approval_required: bool,
    /// What a config version has to pass before new conversations get it; absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    required_suite: Option<WireRequirement>,
    /// 1, 2, 3…: rises with every change of the app itself. Also the answer's `ETag`.
    revision: i32,
}

impl From<App> for WireApp {
    fn from(app: App) -> Self {
        Self {
            app_id: app.id.to_string(),
            project_id: app.project_id,
            name: app.name,
            description: app.description,
            allowed_origins: app.allowed_origins,
            approval_required: app.approval_required,
            required_suite: app.requirement.as_ref().map(WireRequirement::from),
            revision: app.revision,
        }
    }
}

/// An app with its revision as the entity tag.
fn answer(status: StatusCode, app: App) -> Response {
    tagged(status, app.revision, WireApp::from(app))
}

#[derive(Serialize, ToSchema)]
pub struct AppList {
    apps: Vec<WireApp>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppToCreate {
    /// What pages embed it by; unique in the installation, and for good.
    project_id: String,
    name: String,
    #[serde(default)]
    description: String,
    /// Origins that may embed it: `https://www.example.org`, `https://*.example.org`, `http://localhost:*`.
    allowed_origins: Vec<String>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AppChange)]
pub struct AppToChange {
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[schema(nullable = false)]
    pub description: Option<String>,
    #[schema(nullable = false)]
    pub allowed_origins: Option<Vec<String>>,
}

fn checked(new: NewApp) -> Result<NewApp, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.project_id("projectId", &new.project_id);
    mistakes.name("name", &new.name);
    mistakes.text("description", &new.description);
    mistakes.origins("allowedOrigins", &new.allowed_origins);
    mistakes.into_result().map(|()| new)
}

/// The change that a body describes, if it may be made.
pub fn checked_change(change: AppToChange) -> Result<AppChange, ApiError> {
    let AppToChange { name, description, allowed_origins } = change;
    let mut mistakes = Mistakes::default();
    if let Some(name) = &name {
        mistakes.name("name", name);
    }
    mistakes.text("description", description.as_deref().unwrap_or_default());
    mistakes.origins("allowedOrigins", allowed_origins.as_deref().unwrap_or_default());
    mistakes.into_result()?;
    Ok(AppChange { name, description, allowed_origins })
}

/// The app of this id, which has to be the tenant's own.
pub async fn app(scope: &TenantScope, id: &str) -> Result<App, ApiError> {
    let id: Id<id::App> = id.parse().map_err(|_| ApiError::NotFound)?;
    Ok(scope.app(id).await?)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps",
    tag = "administration",
    summary = "A tenant's apps, newest first",
    params(("tenantId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = AppList), QueryProblems)
)]
pub async fn list_apps(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<AppList>, ApiError> {
    let page = parameters.page()?;
    let apps = staff.scope(&state, &tenant, Permission::ReadConfigs).await?.apps(page.before, page.limit).await?;
    let before = page.next(&apps, |last| Some(last.id.to_string()));
    Ok(Json(AppList { apps: apps.into_iter().map(WireApp::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps",
    tag = "administration",
    summary = "Add an app",
    description = "It answers nobody until a config version is active. The same request again answers with the app that it made.",
    params(("tenantId" = String, Path)),
    request_body = AppToCreate,
    security(("apiKey" = [])),
    responses(
        (status = 201, body = WireApp),
        (status = 200, body = WireApp, description = "It was there already"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn create_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(AppToCreate { project_id, name, description, allowed_origins }): JsonBody<AppToCreate>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageApps).await?;
    let new = NewApp { project_id, name, description, allowed_origins };
    let (status, app) = match add(&scope, new, state.clock.now()).await? {
        Added::Now(app) => (StatusCode::CREATED, app),
        Added::Before(app) => (StatusCode::OK, app),
    };
    Ok(answer(status, app))
}

/// Something that is there now.
pub enum Added<T> {
    Now(T),
    /// It was there already, just so.
    Before(T),
}

impl<T> Added<T> {
    pub fn into_inner(self) -> T {
        match self {
            Self::Now(thing) | Self::Before(thing) => thing,
        }
    }
}

/// Adds an app, unless it is there already.
pub async fn add(scope: &TenantScope, new: NewApp, now: DateTime<Utc>) -> Result<Added<App>, ApiError> {
    let new = checked(new)?;
    match scope.create_app(new.clone(), now).await {
        Ok(app) => Ok(Added::Now(app)),
        Err(StoreError::Conflict(_)) => match scope.app_by_project(&new.project_id).await? {
            Some(app) if is_as_wanted(&app, &new) => Ok(Added::Before(app)),
            _ => Err(ApiError::AlreadyExists { field: "projectId" }),
        },
        Err(error) => Err(error.into()),
    }
}

fn is_as_wanted(app: &App, new: &NewApp) -> bool {
    app.name == new.name && app.description == new.description && app.allowed_origins == new.allowed_origins
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}",
    tag = "administration",
    summary = "An app",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireApp), ReadProblems)
)]
pub async fn read_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadConfigs).await?;
    Ok(answer(StatusCode::OK, app(&scope, &id).await?))
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}",
    tag = "administration",
    summary = "Change an app's name, description or allowed origins",
    description = "Every node goes by it within a second.",
    params(("tenantId" = String, Path), ("appId" = String, Path), IfMatch),
    request_body = AppToChange,
    security(("apiKey" = [])),
    responses((status = 200, body = WireApp), WriteProblems, ConflictProblems)
)]
pub async fn change_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    headers: HeaderMap,
    JsonBody(change): JsonBody<AppToChange>,
) -> Result<Response, ApiError> {
    let revision = if_match(&headers)?;
    let scope = staff.scope(&state, &tenant, Permission::ManageApps).await?;
    let id = app(&scope, &id).await?.id;
    Ok(answer(StatusCode::OK, scope.change_app(id, checked_change(change)?, revision, state.clock.now()).await?))
}
