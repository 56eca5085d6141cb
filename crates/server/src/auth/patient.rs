//! A patient: whoever has signed in.

use axum::{extract::FromRequestParts, http::request::Parts};
use kuzushi_domain::{Actor, Id, id};
use kuzushi_store::{Login, Session, StoreError, TenantScope};

use super::{
    logins::note_use,
    origin,
    tokens::{Claims, UserClaims},
    visitor::claims,
};
use crate::{conversation::open_tenant, error::ApiError, state::AppState};

/// The holder of a user's token, with the scope it opens. Their login was live a moment ago.
pub struct Patient {
    pub scope: TenantScope,
    pub login: Login,
}

impl Patient {
    /// Finds the login of a checked token. One that was revoked makes the token worthless.
    pub async fn of_claims(state: &AppState, claims: UserClaims) -> Result<Self, ApiError> {
        let now = state.clock.now();
        let find = async {
            let scope = open_tenant(state, claims.tenant).await?.by(Actor::User(claims.user));
            let login = scope.login(claims.login).await?;
            Ok::<_, StoreError>(Self { scope, login })
        };
        let patient = match find.await {
            Ok(patient) if patient.login.user == claims.user => patient,
            Ok(_) | Err(StoreError::NotFound) => return Err(ApiError::InvalidToken),
            Err(error) => return Err(error.into()),
        };
        if patient.login.is_live(now) {
            return Ok(patient);
        }
        // Only who holds the token hears it.
        Err(patient.login.timed_out(now).map_or(ApiError::InvalidToken, ApiError::TimedOut))
    }

    /// One of the patient's own sessions. Any other does not exist.
    pub async fn session(&self, session: Id<id::Session>) -> Result<Session, StoreError> {
        let session = self.scope.session(session).await?;
        let is_own = session.owner.is_some_and(|owner| owner.user == self.login.user);
        if is_own { Ok(session) } else { Err(StoreError::NotFound) }
    }
}

/// A patient of whom it is not noted that they did something: a program asks for them.
pub struct UnnoticedPatient(pub Patient);

impl FromRequestParts<AppState> for UnnoticedPatient {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Claims::User(claims) = claims(state, &parts.headers)? else { return Err(ApiError::InvalidToken) };
        state.rates.take_request_of_user(claims.user).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
        let patient = Patient::of_claims(state, claims).await?;
        origin::check(state, &patient.scope, patient.login.app, &parts.headers).await?;
        Ok(Self(patient))
    }
}

impl FromRequestParts<AppState> for Patient {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let UnnoticedPatient(patient) = UnnoticedPatient::from_request_parts(parts, state).await?;
        note_use(state, &patient.scope, &patient.login).await?;
        Ok(patient)
    }
}
