//! What other nodes on the same database do to conversations that are open here.

use kuzushi_store::StoreError;

use crate::state::AppState;

/// Tells sockets about events that another node stored, and answers about questions withdrawn there.
pub async fn look_around(state: &AppState) -> Result<(), StoreError> {
    let installation = state.store.installation();
    for (session, question) in installation.withdrawn_turns().await? {
        if let Some(conversation) = state.conversations.find(session) {
            conversation.withdraw(&question);
        }
    }
    let known = state.conversations.newest();
    if known.is_empty() {
        return Ok(());
    }
    for (session, newest) in installation.conversations_changed_since(&known).await? {
        if let Some(conversation) = state.conversations.find(session) {
            conversation.know_of(newest);
            conversation.look_in_the_store();
        }
    }
    Ok(())
}
