//! Taking up what a process that died left unanswered.

use kuzushi_store::StoreError;

use super::turn::answer_what_waits;
use crate::state::AppState;

/// Answers every question that waits or whose answer was cut off. Called once, before the server takes connections.
pub async fn take_up_open_turns(state: &AppState) -> Result<(), StoreError> {
    let open = state.store.installation().open_turns().await?;
    if !open.is_empty() {
        tracing::info!(conversations = open.len(), "taking up unanswered questions");
    }
    for turn in open {
        let scope = state.store.tenant(turn.tenant).await?;
        answer_what_waits(state, scope, turn.session);
    }
    Ok(())
}
