//! Staff: whoever holds a key to the administration, or has signed in to it.

use axum::{extract::FromRequestParts, http::request::Parts};
use kuzushi_domain::{Actor, Id, Permission, StaffRole, id};
use kuzushi_store::{ApiKey, Installation, Once, StaffLogin, StaffMember, StaffScope, StoreError, TenantScope};
use uuid::Uuid;

use super::{
    ClientAddress,
    api_keys::PresentedKey,
    logins::is_worth_noting,
    tokens::{Claims, StaffClaims},
    visitor::bearer,
};
use crate::{conversation::is_closed, error::ApiError, state::AppState};

/// Who uses the administration: a person or a program.
#[derive(Clone)]
pub struct Staff {
    pub role: StaffRole,
    /// The tenant that is open to them; None for operators, to whom all are.
    pub own_tenant: Option<Id<id::Tenant>>,
    credential: Credential,
    /// Under which key what they ask for is done, once.
    once: Option<Once>,
}

/// What lets them in.
#[derive(Clone)]
enum Credential {
    Key(ApiKey),
    Login(Box<(StaffLogin, StaffMember)>),
}

impl Staff {
    fn with_key(key: ApiKey) -> Self {
        Self { role: key.role, own_tenant: key.tenant, credential: Credential::Key(key), once: None }
    }

    fn with_login(login: StaffLogin, member: StaffMember) -> Self {
        let (role, own_tenant) = (member.role, member.tenant);
        Self { role, own_tenant, credential: Credential::Login(Box::new((login, member))), once: None }
    }

    /// Goes on only for those whose role may do it.
    pub fn need(&self, permission: Permission) -> Result<(), ApiError> {
        let role = self.role;
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
        if self.own_tenant.is_some_and(|own| own != tenant) { Err(ApiError::NotFound) } else { Ok(tenant) }
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
        match &self.credential {
            Credential::Key(key) => Actor::Key { id: key.id, role: key.role, name: key.name.clone() },
            Credential::Login(signed_in) => signed_in.1.actor(),
        }
    }

    /// Whether it is this person.
    pub fn is(&self, member: Id<id::StaffMember>) -> bool {
        matches!(&self.credential, Credential::Login(signed_in) if signed_in.1.id == member)
    }

    /// What their requests are counted by.
    fn who(&self) -> Uuid {
        match &self.credential {
            Credential::Key(key) => key.id.uuid(),
            Credential::Login(signed_in) => signed_in.1.id.uuid(),
        }
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
        let staff = Self::let_in(parts, state).await?;
        if staff.lacks_second_factor(state) { Err(ApiError::SecondFactorRequired) } else { Ok(Self { once, ..staff }) }
    }
}

impl Staff {
    /// Whether they have signed in with a password alone, where that is not enough.
    fn lacks_second_factor(&self, state: &AppState) -> bool {
        let is_weak = matches!(&self.credential, Credential::Login(signed_in) if !signed_in.0.is_strong);
        is_weak && state.config.staff.staff_second_factor.is_for(self.role)
    }

    /// Whoever it is, for what they may do with their own account.
    async fn let_in(parts: &Parts, state: &AppState) -> Result<Self, ApiError> {
        let limited = |retry_after| ApiError::RateLimited { retry_after };
        let opened = match bearer(&parts.headers) {
            Some(text) => opened(state, text).await?,
            None => None,
        };
        match opened {
            Some(staff) => {
                state.rates.take_request_of_staff(staff.who()).map_err(limited)?;
                let is_shut_out = staff.own_tenant.is_some_and(|tenant| is_closed(state, tenant));
                if is_shut_out { Err(ApiError::TenantClosed) } else { Ok(staff) }
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

/// Whom the key or token that was sent lets in, if anybody.
async fn opened(state: &AppState, text: &str) -> Result<Option<Staff>, StoreError> {
    let now = state.clock.now();
    if let Some(presented) = PresentedKey::parse(text) {
        let known = state.store.installation().api_key(presented.id).await?;
        let key = known.filter(|(key, hash)| presented.matches(hash) && key.is_valid(now)).map(|(key, _)| key);
        return Ok(key.map(Staff::with_key));
    }
    let Ok(Claims::Staff(claims)) = state.tokens.verify(text, now) else { return Ok(None) };
    let Some((scope, login, member)) = live_login(state, claims).await? else { return Ok(None) };
    if is_worth_noting(login.last_seen_at, login.idle, now) {
        scope.touch_staff_login(&login, now).await?;
    }
    Ok(Some(Staff::with_login(login, member)))
}

/// The login of a checked token, while it counts: it was not ended, and whose it is was not disabled, deleted or moved.
async fn live_login(
    state: &AppState,
    claims: StaffClaims,
) -> Result<Option<(StaffScope, StaffLogin, StaffMember)>, StoreError> {
    let find = async {
        let scope = staff_scope(state, claims.tenant).await?;
        let (login, member) = scope.staff_login(claims.login).await?;
        Ok((scope, login, member))
    };
    match find.await {
        Ok((scope, login, member)) => {
            let counts = login.is_live(state.clock.now()) && member.id == claims.member && member.disabled_at.is_none();
            Ok(counts.then_some((scope, login, member)))
        }
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The staff of a tenant, or the operators.
pub async fn staff_scope(state: &AppState, tenant: Option<Id<id::Tenant>>) -> Result<StaffScope, StoreError> {
    match tenant {
        Some(tenant) => Ok(state.store.tenant(tenant).await?.staff()),
        None => state.store.installation().staff().await,
    }
}

/// The same for somebody who wants to sign in. Nobody of a closed tenant does: it is as one that does not exist.
pub async fn scope_to_sign_in_to(state: &AppState, tenant: Option<Id<id::Tenant>>) -> Result<StaffScope, StoreError> {
    match tenant {
        Some(tenant) if is_closed(state, tenant) => Err(StoreError::NotFound),
        _ => staff_scope(state, tenant).await,
    }
}

/// A person who has signed in, perhaps with a password alone where that is not enough yet, with the scope that they belong to.
pub struct SignedInStaff {
    pub scope: StaffScope,
    pub login: StaffLogin,
    pub member: StaffMember,
}

impl FromRequestParts<AppState> for SignedInStaff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let staff = Staff::let_in(parts, state).await?;
        let actor = staff.actor();
        let Credential::Login(signed_in) = staff.credential else { return Err(ApiError::NoAccount) };
        let (login, member) = *signed_in;
        Ok(Self { scope: staff_scope(state, member.tenant).await?.by(actor), login, member })
    }
}
