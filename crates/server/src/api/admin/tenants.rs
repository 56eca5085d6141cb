//! Organisations.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{Installation, NewTenant, StoreError, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{apps::Added, fields::Mistakes};
use crate::{
    api::{
        body::JsonBody,
        problems::{
            BodyProblems, ConflictProblems, QueryProblems, ReadProblems, RequestProblems, StaffProblems, WriteProblems,
        },
        query::{PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::Staff,
    conversation::close_for_closed_tenants,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireTenant {
    tenant_id: String,
    name: String,
    domain: String,
    created_at: Timestamp,
    /// From then on its apps answer nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    closed_at: Option<Timestamp>,
    /// From then on nothing that its patients wrote opens any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    erased_at: Option<Timestamp>,
}

impl From<Tenant> for WireTenant {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant_id: tenant.id.to_string(),
            name: tenant.name,
            domain: tenant.domain,
            created_at: Timestamp(tenant.created_at),
            closed_at: tenant.closed_at.map(Timestamp),
            erased_at: tenant.erased_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct TenantList {
    tenants: Vec<WireTenant>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct TenantToCreate {
    name: String,
    /// The organisation's internet domain; unique in the installation.
    domain: String,
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants",
    tag = "administration",
    summary = "All tenants, newest first",
    description = "For operators. Anybody else sees the one tenant of their key.",
    params(PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = TenantList), RequestProblems, StaffProblems)
)]
pub async fn list_tenants(
    State(state): State<AppState>,
    staff: Staff,
    parameters: Parameters,
) -> Result<Json<TenantList>, ApiError> {
    let page = parameters.page::<Id<id::Tenant>>()?;
    let installation = staff.installation(&state);
    let tenants = match staff.own_tenant {
        Some(_) if page.before.is_some() => Vec::new(),
        Some(own) => vec![installation.tenant(own).await?],
        None => {
            staff.need(Permission::ManageTenants)?;
            installation.tenants(page.before, page.limit).await?
        }
    };
    let before = page.next(&tenants, |last| Some(last.id.to_string()));
    Ok(Json(TenantList { tenants: tenants.into_iter().map(WireTenant::from).collect(), before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants",
    tag = "administration",
    summary = "Add a tenant, with a key of its own for what its patients write",
    description = "For operators. The same request again answers with the tenant that it made.",
    request_body = TenantToCreate,
    security(("apiKey" = [])),
    responses(
        (status = 201, body = WireTenant),
        (status = 200, body = WireTenant, description = "It was there already"),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        ConflictProblems,
    )
)]
pub async fn create_tenant(
    State(state): State<AppState>,
    staff: Staff,
    JsonBody(TenantToCreate { name, domain }): JsonBody<TenantToCreate>,
) -> Result<(StatusCode, Json<WireTenant>), ApiError> {
    staff.need(Permission::ManageTenants)?;
    match add(&staff.installation(&state), name, domain, state.clock.now()).await? {
        Added::Now(tenant) => Ok((StatusCode::CREATED, Json(tenant.into()))),
        Added::Before(tenant) => Ok((StatusCode::OK, Json(tenant.into()))),
    }
}

/// Adds a tenant, unless it is there already.
pub async fn add(
    installation: &Installation,
    name: String,
    domain: String,
    now: DateTime<Utc>,
) -> Result<Added<Tenant>, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.name("name", &name);
    mistakes.domain("domain", &domain);
    mistakes.into_result()?;
    let new = NewTenant { name: name.clone(), domain: domain.clone() };
    match installation.create_tenant(new, now).await {
        Ok(tenant) => Ok(Added::Now(tenant)),
        Err(StoreError::Conflict(_)) => match installation.tenant_by_domain(&domain).await? {
            Some(tenant) if tenant.name == name => Ok(Added::Before(tenant)),
            _ => Err(ApiError::AlreadyExists { field: "domain" }),
        },
        Err(error) => Err(error.into()),
    }
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}",
    tag = "administration",
    summary = "A tenant",
    params(("tenantId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireTenant), ReadProblems)
)]
pub async fn read_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ReadConfigs)?;
    Ok(Json(staff.installation(&state).tenant(tenant).await?.into()))
}

#[derive(Deserialize, ToSchema)]
pub struct TenantToRename {
    name: String,
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}",
    tag = "administration",
    summary = "Rename a tenant",
    description = "For operators.",
    params(("tenantId" = String, Path)),
    request_body = TenantToRename,
    security(("apiKey" = [])),
    responses((status = 200, body = WireTenant), WriteProblems)
)]
pub async fn rename_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(TenantToRename { name }): JsonBody<TenantToRename>,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ManageTenants)?;
    Ok(Json(rename(&staff.installation(&state), tenant, name, state.clock.now()).await?.into()))
}

pub async fn rename(
    installation: &Installation,
    tenant: Id<id::Tenant>,
    name: String,
    now: DateTime<Utc>,
) -> Result<Tenant, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.name("name", &name);
    mistakes.into_result()?;
    Ok(installation.rename_tenant(tenant, name, now).await?)
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/close",
    tag = "administration",
    summary = "Close a tenant: its apps answer nobody any more",
    description = "For operators. On every node within a second: pages get 404 for its projects, sockets close, tokens are worthless; its staff's keys and tokens get 403 `TENANT_CLOSED`, and nobody signs in to it. Nothing is lost, and operators go on reading; `reopen` makes it as it was. Again changes nothing.",
    params(("tenantId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireTenant), QueryProblems)
)]
pub async fn close_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ManageTenants)?;
    let closed = staff.installation(&state).close_tenant(tenant, state.clock.now()).await?;
    close_for_closed_tenants(&state).await;
    Ok(Json(closed.into()))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/reopen",
    tag = "administration",
    summary = "Let a closed tenant's apps answer again",
    description = "For operators. 404 where its key was destroyed.",
    params(("tenantId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireTenant), QueryProblems)
)]
pub async fn reopen_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ManageTenants)?;
    let reopened = staff.installation(&state).reopen_tenant(tenant, state.clock.now()).await?;
    close_for_closed_tenants(&state).await;
    Ok(Json(reopened.into()))
}

#[derive(Deserialize, ToSchema)]
pub struct TenantToErase {
    /// The tenant's name, as a sign that this one is meant.
    name: String,
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/erase",
    tag = "administration",
    summary = "Destroy a closed tenant's key and remove what it has, for good",
    description = "For operators. Nothing that its patients wrote, nor their names and addresses, opens any more, wherever copies of it lie, and its rows are removed: apps, config versions, articles, staff, API keys and what else there is. Its name and domain, and its audit trail, remain. 409 `NOT_CLOSED` where it is open, `LEGAL_HOLD` where a hold is in force.",
    params(("tenantId" = String, Path)),
    request_body = TenantToErase,
    security(("apiKey" = [])),
    responses((status = 200, body = WireTenant), WriteProblems, ConflictProblems)
)]
pub async fn erase_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(TenantToErase { name }): JsonBody<TenantToErase>,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ManageTenants)?;
    let erased = erase(&staff.installation(&state), tenant, &name, state.clock.now()).await?;
    close_for_closed_tenants(&state).await;
    Ok(Json(erased.into()))
}

/// Destroys the key of the tenant that is called so, and removes what it has.
pub async fn erase(
    installation: &Installation,
    tenant: Id<id::Tenant>,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Tenant, ApiError> {
    if installation.tenant(tenant).await?.name != name {
        let mut mistakes = Mistakes::default();
        mistakes.note("name", "is not the tenant's name: say it to show that this tenant is meant");
        mistakes.into_result()?;
    }
    let erased = installation.erase_tenant(tenant, now).await?;
    // What it is broken off at goes with the next look.
    installation.empty_erased_tenants(now).await?;
    Ok(erased)
}
