//! A tenant's apps.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{App, NewApp, StoreError, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems, TenantProblems},
        query::Parameters,
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
}

impl From<App> for WireApp {
    fn from(app: App) -> Self {
        Self {
            app_id: app.id.to_string(),
            project_id: app.project_id,
            name: app.name,
            description: app.description,
            allowed_origins: app.allowed_origins,
        }
    }
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
pub struct AppChange {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    description: Option<String>,
    #[schema(nullable = false)]
    allowed_origins: Option<Vec<String>>,
}

fn checked(new: NewApp) -> Result<NewApp, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.project_id("projectId", &new.project_id);
    mistakes.name("name", &new.name);
    mistakes.text("description", &new.description);
    mistakes.origins("allowedOrigins", &new.allowed_origins);
    mistakes.into_result().map(|()| new)
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
    params(
        ("tenantId" = String, Path),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Apps in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = AppList), RequestProblems, StaffProblems, TenantProblems)
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
        RequestProblems,
        BodyProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems,
    )
)]
pub async fn create_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(AppToCreate { project_id, name, description, allowed_origins }): JsonBody<AppToCreate>,
) -> Result<(StatusCode, Json<WireApp>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageApps).await?;
    let new = checked(NewApp { project_id, name, description, allowed_origins })?;
    match scope.create_app(new.clone(), state.clock.now()).await {
        Ok(app) => Ok((StatusCode::CREATED, Json(app.into()))),
        Err(StoreError::Conflict(_)) => match scope.app_by_project(&new.project_id).await? {
            Some(app) if is_as_wanted(&app, &new) => Ok((StatusCode::OK, Json(app.into()))),
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
    responses((status = 200, body = WireApp), StaffProblems, TenantProblems)
)]
pub async fn read_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Json<WireApp>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadConfigs).await?;
    Ok(Json(app(&scope, &id).await?.into()))
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}",
    tag = "administration",
    summary = "Change an app's name, description or allowed origins",
    description = "Every node goes by it within a second.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = AppChange,
    security(("apiKey" = [])),
    responses((status = 200, body = WireApp), RequestProblems, BodyProblems, StaffProblems, TenantProblems)
)]
pub async fn change_app(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    JsonBody(change): JsonBody<AppChange>,
) -> Result<Json<WireApp>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageApps).await?;
    let known = app(&scope, &id).await?;
    let new = checked(NewApp {
        project_id: known.project_id,
        name: change.name.unwrap_or(known.name),
        description: change.description.unwrap_or(known.description),
        allowed_origins: change.allowed_origins.unwrap_or(known.allowed_origins),
    })?;
    scope.update_app(known.id, new, state.clock.now()).await?;
    Ok(Json(app(&scope, &id).await?.into()))
}
