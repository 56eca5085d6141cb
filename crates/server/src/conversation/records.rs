//! Where the hospital keeps what it knows of the patient who is signed in, for tools that look it up.

use kuzushi_domain::{PatientRecord, config::AppConfig};
use kuzushi_store::{Session, StoreError, TenantScope};

use crate::state::AppState;

/// None: the app's config lets nobody look, the app has no server for it, nobody is signed in any more, or the hospital's site
/// has not said who they are there.
pub async fn record_of(
    state: &AppState,
    scope: &TenantScope,
    session: &Session,
    config: &AppConfig,
) -> Result<Option<PatientRecord>, StoreError> {
    let is_wanted = config.assistant.tools.iter().any(|tool| tool.reads_records());
    let Some(owner) = session.owner.filter(|_| is_wanted && !state.fhir_servers.is_empty()) else { return Ok(None) };
    let app = state.directory.app(scope, session.app).await?;
    let Some(server) = state.fhir_servers.get(&app.project_id) else { return Ok(None) };
    // A conversation stays the patient's when they have signed out. Their record is closed then.
    if !scope.login(owner.login).await?.is_live(state.clock.now()) {
        return Ok(None);
    }
    Ok(scope.patient_record(owner.user).await?.filter(|record| record.server == *server))
}
