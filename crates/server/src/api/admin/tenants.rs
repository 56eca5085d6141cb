//! Organisations.

use axum::{Json, extract::State, http::StatusCode};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{NewTenant, StoreError, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems, TenantProblems},
        query::Parameters,
        wire::Timestamp,
    },
    auth::Staff,
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
}

impl From<Tenant> for WireTenant {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant_id: tenant.id.to_string(),
            name: tenant.name,
            domain: tenant.domain,
            created_at: Timestamp(tenant.created_at),
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
    params(
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Tenants in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
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
    let tenants = match staff.key.tenant {
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
    let mut mistakes = Mistakes::default();
    mistakes.name("name", &name);
    mistakes.domain("domain", &domain);
    mistakes.into_result()?;
    let installation = staff.installation(&state);
    let new = NewTenant { name: name.clone(), domain: domain.clone() };
    match installation.create_tenant(new, state.clock.now()).await {
        Ok(tenant) => Ok((StatusCode::CREATED, Json(tenant.into()))),
        Err(StoreError::Conflict(_)) => match installation.tenant_by_domain(&domain).await? {
            Some(tenant) if tenant.name == name => Ok((StatusCode::OK, Json(tenant.into()))),
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
    responses((status = 200, body = WireTenant), StaffProblems, TenantProblems)
)]
pub async fn read_tenant(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
) -> Result<Json<WireTenant>, ApiError> {
    let tenant = staff.tenant(&tenant, Permission::ReadConfigs)?;
    Ok(Json(staff.installation(&state).tenant(tenant).await?.into()))
}
