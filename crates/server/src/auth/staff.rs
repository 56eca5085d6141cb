//! Staff: whoever holds a key to the administration.

use axum::{extract::FromRequestParts, http::request::Parts};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{ApiKey, TenantScope};

use super::{api_keys::PresentedKey, visitor::bearer};
use crate::{error::ApiError, state::AppState};

/// The holder of an API key.
pub struct Staff {
    pub key: ApiKey,
}

impl Staff {
    /// Goes on only for those whose role may do it.
    pub fn need(&self, permission: Permission) -> Result<(), ApiError> {
        let role = self.key.role;
        if role.may(permission) { Ok(()) } else { Err(ApiError::Forbidden { role }) }
    }

    /// The tenant of this id, for those who may do this there. One that is not theirs does not exist.
    pub fn tenant(&self, tenant: &str, permission: Permission) -> Result<Id<id::Tenant>, ApiError> {
        let tenant: Id<id::Tenant> = tenant.parse().map_err(|_| ApiError::NotFound)?;
        if self.key.tenant.is_some_and(|own| own != tenant) {
            return Err(ApiError::NotFound);
        }
        self.need(permission)?;
        Ok(tenant)
    }

    /// The same, opened.
    pub async fn scope(&self, state: &AppState, tenant: &str, permission: Permission) -> Result<TenantScope, ApiError> {
        Ok(state.store.tenant(self.tenant(tenant, permission)?).await?)
    }

    /// Under which name what they do is recorded.
    pub fn name(&self) -> String {
        format!("{} ({})", self.key.name, self.key.id)
    }
}

impl FromRequestParts<AppState> for Staff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let presented = bearer(&parts.headers).and_then(PresentedKey::parse).ok_or(ApiError::InvalidKey)?;
        let known = state.store.installation().api_key(presented.id).await?;
        let (key, hash) = known.ok_or(ApiError::InvalidKey)?;
        if presented.matches(&hash) && key.is_valid(state.clock.now()) {
            Ok(Self { key })
        } else {
            Err(ApiError::InvalidKey)
        }
    }
}
