//! Staff: whoever holds a key to the administration.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use kuzushi_domain::{Actor, Id, Permission, id};
use kuzushi_store::{ApiKey, Installation, Once, TenantScope};

use super::{ClientAddress, api_keys::PresentedKey, visitor::bearer};
use crate::{error::ApiError, state::AppState};

/// The holder of an API key.
#[derive(Clone)]
pub struct Staff {
    pub key: ApiKey,
    /// Under which key what they ask for is done, once.
    once: Option<Once>,
}

impl Staff {
    /// Goes on only for those whose role may do it.
    pub fn need(&self, permission: Permission) -> Result<(), ApiError> {
        let role = self.key.role;
        if role.may(permission) { Ok(()) } else { Err(ApiError::Forbidden { role }) }
    }

    /// The tenant of this id, for those who may do this there. One that is not theirs does not exist.
    pub fn tenant(&self, tenant: &str, permission: Permission) -> Result<Id<id::Tenant>, ApiError> {
        let tenant = self.own_tenant(tenant.parse().map_err(|_| ApiError::NotFound)?)?;
        self.need(permission)?;
        Ok(tenant)
    }

    /// The tenant, where it is theirs.
    pub fn own_tenant(&self, tenant: Id<id::Tenant>) -> Result<Id<id::Tenant>, ApiError> {
        if self.key.tenant.is_some_and(|own| own != tenant) { Err(ApiError::NotFound) } else { Ok(tenant) }
    }

    /// The same, opened.
    pub async fn scope(&self, state: &AppState, tenant: &str, permission: Permission) -> Result<TenantScope, ApiError> {
        let scope = state.store.tenant(self.tenant(tenant, permission)?).await?.by(self.actor());
        Ok(match &self.once {
            Some(once) => scope.once(once.clone()),
            None => scope,
        })
    }

    /// The whole installation, for those who may do this to it.
    pub fn installation(&self, state: &AppState) -> Installation {
        let installation = state.store.installation().by(self.actor());
        match &self.once {
            Some(once) => installation.once(once.clone()),
            None => installation,
        }
    }

    /// Whom the audit trail names for what they do.
    pub fn actor(&self) -> Actor {
        Actor::Key { id: self.key.id, role: self.key.role, name: self.key.name.clone() }
    }
}

impl FromRequestParts<AppState> for Staff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let once = parts.extensions.get::<Once>().cloned();
        // Who it is was found out already, and counted.
        if let Some(staff) = parts.extensions.get::<Self>() {
            return Ok(Self { once, ..staff.clone() });
        }
        let limited = |retry_after| ApiError::RateLimited { retry_after };
        match opened(state, &parts.headers).await? {
            Some(key) => {
                state.rates.take_request_of_key(key.id).map_err(limited)?;
                Ok(Self { key, once })
            }
            None => {
                // Good keys go on from an address that has sent too many bad ones: one forgotten script must not lock out
                // everybody else in the building, and nobody guesses 256 bits in any number of attempts.
                let address = ClientAddress::of_request(&parts.extensions, &parts.headers, state);
                state.rates.take_failed_key(address).map_err(limited)?;
                Err(ApiError::InvalidKey)
            }
        }
    }
}

/// The key that was sent, if it is one that opens something.
async fn opened(state: &AppState, headers: &HeaderMap) -> Result<Option<ApiKey>, ApiError> {
    let Some(presented) = bearer(headers).and_then(PresentedKey::parse) else { return Ok(None) };
    let known = state.store.installation().api_key(presented.id).await?;
    let now = state.clock.now();
    Ok(known.filter(|(key, hash)| presented.matches(hash) && key.is_valid(now)).map(|(key, _)| key))
}
