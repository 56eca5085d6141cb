//! Looking up what an answer is going to need before it is needed: as a visitor comes, and while a question is still being stored.

use kuzushi_domain::{Id, id};
use kuzushi_store::{Session, TenantScope};

use crate::state::AppState;

/// Begins to read anew what is no longer taken for true of an app, so that the question's answer finds it at hand. Nobody waits
/// for it, and what goes wrong goes wrong again for whoever needs it, who says so.
pub fn look_ahead(state: &AppState, scope: &TenantScope, session: &Session) {
    // The rest is read with the articles, and holds as long.
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

/// Begins to read an app's articles where this server has not yet, so that it knows what they mean by the time somebody asks: that takes
/// seconds, and the first questions would each wait for their part of it.
pub fn read_articles(state: &AppState, scope: &TenantScope, app: Id<id::App>) {
    if !state.knowledge.is_missing(app) {
        return;
    }
    let (state, scope) = (state.clone(), scope.clone());
    tokio::spawn(async move {
        if let Err(error) = state.knowledge.of_app(&scope, app, state.clock.now()).await {
            tracing::debug!(%app, %error, "articles are read when somebody asks");
        }
    });
}
