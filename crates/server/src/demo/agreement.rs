//! The demo hospital's agreement with those that it is shown with.

use anyhow::Context;
use kuzushi_domain::{
    Actor,
    agreement::{AgreementKind, Endpoint, Modality},
};
use kuzushi_store::AgreementTerms;

use super::PATIENT_PORTAL;
use crate::{seed, state::AppState};

/// Whoever names a model or a voice for the demo hospital wants to see or hear it answer, and the hospital has no patients.
pub async fn agree_with(state: &AppState, endpoint: Endpoint, modality: Modality) -> anyhow::Result<()> {
    let app = state.store.installation().published_app(PATIENT_PORTAL).await?.context("the demo hospital")?.app;
    let scope = state.store.tenant(app.tenant).await?.by(Actor::CommandLine);
    let terms = AgreementTerms {
        endpoint,
        kind: AgreementKind::OwnMachines,
        modalities: vec![modality],
        signed_on: None,
        valid_until: None,
        reason: String::from("A demonstration: nobody here is a patient"),
    };
    seed::agree(&scope, terms, state.clock.now()).await?;
    Ok(())
}
