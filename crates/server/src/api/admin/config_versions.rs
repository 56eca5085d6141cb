//! An app's config versions: written and compared.

use std::fmt;

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{
    Permission,
    config::AppConfig,
    differences::{Difference, differences},
};
use kuzushi_store::{App, ConfigVersion, NewConfig, TenantScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{apps::app, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters, wrong},
        wire::Timestamp,
    },
    auth::Staff,
    conversation::warnings,
    error::{ApiError, FieldError},
    segment::Segment,
    state::AppState,
};

/// A version without its document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionSummary {
    config_id: String,
    /// 1, 2, 3… within the app.
    version: i32,
    is_active: bool,
    created_by: String,
    note: String,
    created_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireConfigVersion {
    #[serde(flatten)]
    summary: VersionSummary,
    /// The whole document, with the defaults of what its author left out.
    config_data: Value,
    /// What keeps it from working as it says, such as a provider that nothing may be sent to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

impl From<&ConfigVersion> for VersionSummary {
    fn from(version: &ConfigVersion) -> Self {
        Self {
            config_id: version.id.to_string(),
            version: version.version,
            is_active: version.is_active,
            created_by: version.created_by.clone(),
            note: version.note.clone(),
            created_at: Timestamp(version.created_at),
        }
    }
}

impl TryFrom<&ConfigVersion> for WireConfigVersion {
    type Error = ApiError;

    fn try_from(version: &ConfigVersion) -> Result<Self, ApiError> {
        Ok(Self { summary: version.into(), config_data: document(&version.config)?, warnings: Vec::new() })
    }
}

impl WireConfigVersion {
    /// The same, with what its readers should know before patients talk to it.
    pub fn with(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }
}

fn document(config: &AppConfig) -> Result<Value, ApiError> {
    serde_json::to_value(config).map_err(|error| {
        tracing::error!(%error, "a config cannot be written as JSON");
        ApiError::Internal
    })
}

#[derive(Serialize, ToSchema)]
pub struct VersionList {
    versions: Vec<VersionSummary>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionToCreate {
    /// What differs from the defaults.
    #[schema(value_type = Object)]
    config_data: Value,
    /// What it is for.
    #[serde(default)]
    note: String,
    /// The newest version that its author has seen. Where there is a newer one, this one is refused.
    #[schema(nullable = false)]
    based_on: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub struct Comparison {
    from: i32,
    to: i32,
    differences: Vec<WireDifference>,
}

/// A place in which two versions differ.
#[derive(Serialize, ToSchema)]
pub struct WireDifference {
    /// JSON pointer into `configData`.
    #[schema(example = "/theme/primaryColor")]
    pointer: String,
    /// What the first version has there; absent where it has nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    before: Option<Value>,
    /// What the second version has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    after: Option<Value>,
}

/// A line for each place: its pointer, what it was and what it is.
impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| String::from("nothing"), Value::to_string);
        for WireDifference { pointer, before, after } in &self.differences {
            writeln!(formatter, "{pointer}: {} → {}", text(before), text(after))?;
        }
        Ok(())
    }
}

impl From<Difference> for WireDifference {
    fn from(Difference { pointer, before, after }: Difference) -> Self {
        Self { pointer, before, after }
    }
}

/// The version that a document makes, if it may be one.
pub fn checked(config_data: &Value, note: String, created_by: String) -> Result<NewConfig, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.text("note", &note);
    mistakes.into_result()?;
    let config = AppConfig::parse_strictly(config_data).map_err(|errors| {
        let fields = errors.0.into_iter().map(|error| match error.pointer.as_str() {
            "" => FieldError::new("configData", error.message),
            _ => FieldError::new(error.pointer, error.message),
        });
        ApiError::InvalidBody(fields.collect())
    })?;
    Ok(NewConfig { config, created_by, note })
}

/// What differs between two versions.
pub async fn compare(scope: &TenantScope, app: &App, from: i32, to: i32) -> Result<Comparison, ApiError> {
    let before = document(&scope.config_version(app.id, from).await?.config)?;
    let after = document(&scope.config_version(app.id, to).await?.config)?;
    let differences = differences(&before, &after).into_iter().map(WireDifference::from).collect();
    Ok(Comparison { from, to, differences })
}

/// The app at an address, for those who may do this with its versions.
pub async fn open(
    state: &AppState,
    staff: &Staff,
    tenant: &str,
    id: &str,
    permission: Permission,
) -> Result<(TenantScope, App), ApiError> {
    let scope = staff.scope(state, tenant, permission).await?;
    let app = app(&scope, id).await?;
    Ok((scope, app))
}

/// A version number in an address. What is none names nothing.
pub fn number(text: &str) -> Result<i32, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs",
    tag = "administration",
    summary = "An app's config versions, newest first",
    params(("tenantId" = String, Path), ("appId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = VersionList), QueryProblems)
)]
pub async fn list_versions(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<VersionList>, ApiError> {
    let page = parameters.page()?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let versions = scope.config_versions(app.id, page.before, page.limit).await?;
    let before = page.next(&versions, |last| (last.version > 1).then(|| last.version.to_string()));
    Ok(Json(VersionList { versions: versions.iter().map(VersionSummary::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs",
    tag = "administration",
    summary = "Write the next config version",
    description = "It is held to the schema at `/config.schema.json`, never changes, and is used once it is activated. Mistakes are named by their JSON pointers, all at once.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    request_body = VersionToCreate,
    security(("apiKey" = [])),
    responses((status = 201, body = WireConfigVersion), WriteProblems, ConflictProblems)
)]
pub async fn create_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(VersionToCreate { config_data, note, based_on }): JsonBody<VersionToCreate>,
) -> Result<(StatusCode, Json<WireConfigVersion>), ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteConfigs).await?;
    let new = checked(&config_data, note, scope.actor().to_string())?;
    let version = scope.create_config(app.id, new, based_on, state.clock.now()).await?;
    let warnings = warnings(&state, &scope, &version.config).await?;
    Ok((StatusCode::CREATED, Json(WireConfigVersion::try_from(&version)?.with(warnings))))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}",
    tag = "administration",
    summary = "A config version with its document",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("version" = i32, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireConfigVersion), ReadProblems)
)]
pub async fn read_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, version)): Segment<(String, String, String)>,
) -> Result<Json<WireConfigVersion>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let version = scope.config_version(app.id, number(&version)?).await?;
    let warnings = warnings(&state, &scope, &version.config).await?;
    Ok(Json(WireConfigVersion::try_from(&version)?.with(warnings)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/config-differences",
    tag = "administration",
    summary = "What differs between two config versions",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("from" = i32, Query, description = "The version to compare with"),
        ("to" = i32, Query, description = "The version that is looked at"),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = Comparison), QueryProblems)
)]
pub async fn compare_versions(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Comparison>, ApiError> {
    let version = |name: &str| {
        let number: Option<i32> = parameters.parsed(name, "a version number")?;
        number.ok_or_else(|| wrong(name, "is missing: wants a version number"))
    };
    let (from, to) = (version("from")?, version("to")?);
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    Ok(Json(compare(&scope, &app, from, to).await?))
}
