//! The demo hospital's one patient, whose password is for everybody to see.

use anyhow::Context;
use kuzushi_domain::{EmailAddress, Phi};
use kuzushi_store::NewUser;

use super::PATIENT_PORTAL;
use crate::state::AppState;

pub const NAME: &str = "Jane Miller";
pub const EMAIL: &str = "jane.miller@example.org";
pub const PASSWORD: &str = "hello-brightwater";

/// Adds the patient, unless she is there.
pub async fn add_patient(state: &AppState) -> anyhow::Result<()> {
    let app = state.store.installation().published_app(PATIENT_PORTAL).await?.context("the demo hospital")?.app;
    let scope = state.store.tenant(app.tenant).await?;
    let email: EmailAddress = EMAIL.parse()?;
    if scope.user_by_email(&email).await?.is_none() {
        let hash = state.passwords.hash(Phi::from(PASSWORD)).await?;
        let new = NewUser { email, name: Phi::from(NAME), password_hash: Some(hash) };
        scope.create_user(new, state.clock.now()).await?;
    }
    Ok(())
}
