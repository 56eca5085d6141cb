//! An app's config versions: written, compared, activated, rolled back.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{
    Permission,
    config::AppConfig,
    differences::{Difference, differences},
};
use kuzushi_store::{Activation, App, ConfigVersion, NewConfig, Replaces, TenantScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{apps::app, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems, TenantProblems},
        query::{Parameters, wrong},
        wire::Timestamp,
    },
    auth::Staff,
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
        Ok(Self { summary: version.into(), config_data: document(&version.config)? })
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

#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionToActivate {
    /// The active version as far as the caller knows. Where another is, nothing changes.
    #[schema(nullable = false)]
    replaces: Option<i32>,
    /// The number of the split that runs as far as the caller knows. Left out beside `replaces`: none does. Where it is
    /// otherwise, nothing changes.
    #[schema(nullable = false)]
    replaces_split: Option<i32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireActivation {
    /// 1, 2, 3… within the app.
    number: i32,
    version: i32,
    activated_by: String,
    activated_at: Timestamp,
}

impl From<Activation> for WireActivation {
    fn from(activation: Activation) -> Self {
        Self {
            number: activation.number,
            version: activation.version,
            activated_by: activation.activated_by,
            activated_at: Timestamp(activation.activated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ActivationList {
    activations: Vec<WireActivation>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
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

impl From<Difference> for WireDifference {
    fn from(Difference { pointer, before, after }: Difference) -> Self {
        Self { pointer, before, after }
    }
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
fn number(text: &str) -> Result<i32, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs",
    tag = "administration",
    summary = "An app's config versions, newest first",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Versions in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = VersionList), RequestProblems, StaffProblems, TenantProblems)
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
    responses(
        (status = 201, body = WireConfigVersion),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems,
    )
)]
pub async fn create_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    JsonBody(VersionToCreate { config_data, note, based_on }): JsonBody<VersionToCreate>,
) -> Result<(StatusCode, Json<WireConfigVersion>), ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteConfigs).await?;
    let mut mistakes = Mistakes::default();
    mistakes.text("note", &note);
    mistakes.into_result()?;
    let config = AppConfig::parse_strictly(&config_data).map_err(|errors| {
        let fields = errors.0.into_iter().map(|error| match error.pointer.as_str() {
            "" => FieldError::new("configData", error.message),
            _ => FieldError::new(error.pointer, error.message),
        });
        ApiError::InvalidBody(fields.collect())
    })?;
    let new = NewConfig { config, created_by: staff.actor().to_string(), note };
    let version = scope.create_config(app.id, new, based_on, state.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(WireConfigVersion::try_from(&version)?)))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}",
    tag = "administration",
    summary = "A config version with its document",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("version" = i32, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireConfigVersion), StaffProblems, TenantProblems)
)]
pub async fn read_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, version)): Segment<(String, String, String)>,
) -> Result<Json<WireConfigVersion>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let version = scope.config_version(app.id, number(&version)?).await?;
    Ok(Json(WireConfigVersion::try_from(&version)?))
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
    responses((status = 200, body = Comparison), RequestProblems, StaffProblems, TenantProblems)
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
    let before = document(&scope.config_version(app.id, from).await?.config)?;
    let after = document(&scope.config_version(app.id, to).await?.config)?;
    let differences = differences(&before, &after).into_iter().map(WireDifference::from).collect();
    Ok(Json(Comparison { from, to, differences }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}/activate",
    tag = "administration",
    summary = "Let new conversations have this config version",
    description = "Every node goes by it within a second; conversations that have begun keep theirs. A split ends. Activating the active one without a split changes nothing.",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("version" = i32, Path)),
    request_body = VersionToActivate,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireConfigVersion),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems,
    )
)]
pub async fn activate_version(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, version)): Segment<(String, String, String)>,
    JsonBody(VersionToActivate { replaces, replaces_split }): JsonBody<VersionToActivate>,
) -> Result<Json<WireConfigVersion>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let (version, now) = (number(&version)?, state.clock.now());
    let replaces = Replaces { version: replaces, split: replaces_split };
    let active = scope.activate_config(app.id, version, replaces, &staff.actor().to_string(), now).await?;
    Ok(Json(WireConfigVersion::try_from(&active)?))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/activations",
    tag = "administration",
    summary = "Which config version was active from when, and by whom; newest first",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Activations in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = ActivationList), RequestProblems, StaffProblems, TenantProblems)
)]
pub async fn list_activations(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<ActivationList>, ApiError> {
    let page = parameters.page()?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadConfigs).await?;
    let activations = scope.activations(app.id, page.before, page.limit).await?;
    let before = page.next(&activations, |last| (last.number > 1).then(|| last.number.to_string()));
    Ok(Json(ActivationList { activations: activations.into_iter().map(WireActivation::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/roll-back",
    tag = "administration",
    summary = "Return to the config version that was active before the one that is",
    description = "While a split runs, that ends, and the active version is the one for all again. Twice in a row leads back to where one was. Without an earlier version there is nothing to return to: 404.",
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireConfigVersion), StaffProblems, TenantProblems)
)]
pub async fn roll_back(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
) -> Result<Json<WireConfigVersion>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ActivateConfigs).await?;
    let active = scope.roll_back_config(app.id, &staff.actor().to_string(), state.clock.now()).await?;
    Ok(Json(WireConfigVersion::try_from(&active)?))
}
