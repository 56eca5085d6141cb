//! Looking up what an answer is going to need while its question is still being stored.

use kuzushi_store::{Session, TenantScope};

use crate::state::AppState;

/// Begins to read anew what is no longer taken for true of an app, so that the question's answer finds it at hand. Nobody waits
/// for it, and what goes wrong goes wrong again for whoever needs it, who says so.
pub fn look_ahead(state: &AppState, scope: &TenantScope, session: &Session) {
    // The rest is read with the articles, and holds as long. Where there is no index yet the answer makes it, and two would cost twice.
    if !state.knowledge.is_stale(session.app, state.clock.now()) {
        return;
    }
    let (state, scope) = (state.clone(), scope.clone());
    let (app, version) = (session.app, session.config_version);
    tokio::spawn(async move {
        let agreements = async {
            let config = state.configs.version(&scope, app, version).await?;
            match state.config.providers.endpoint(config.assistant.provider) {
                Some(endpoint) => state.agreements.look_up(&scope, &endpoint, state.clock.now().date_naive()).await,
                None => Ok(()),
            }
        };
        let articles = state.knowledge.of_app(&scope, app, state.clock.now());
        let (_, _, _) = tokio::join!(articles, agreements, state.directory.app(&scope, app));
    });
}
