//! The demo hospital's agreement with the model that it is shown with.

use anyhow::Context;
use kuzushi_domain::{
    Actor,
    agreement::{AgreementKind, Modality},
    config::Provider,
};
use kuzushi_store::AgreementTerms;

use super::PATIENT_PORTAL;
use crate::{seed, state::AppState};

/// Whoever names a model for the demo hospital wants to see it answer, and the hospital has no patients.
pub async fn agree_with(state: &AppState, provider: Provider) -> anyhow::Result<()> {
    let Some(endpoint) = state.config.providers.endpoint(provider) else { return Ok(()) };
    let app = state.store.installation().published_app(PATIENT_PORTAL).await?.context("the demo hospital")?.app;
    let scope = state.store.tenant(app.tenant).await?.by(Actor::CommandLine);
    let terms = AgreementTerms {
        endpoint,
        kind: AgreementKind::OwnMachines,
        modalities: vec![Modality::Text],
        signed_on: None,
        valid_until: None,
        reason: String::from("A demonstration: nobody here is a patient"),
    };
    seed::agree(&scope, terms, state.clock.now()).await?;
    Ok(())
}
