//! What every handler can reach.

use std::sync::Arc;

use kuzushi_domain::{Clock, Id, id};
use kuzushi_store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::tokens::Tokens,
    chat::limits::{ConnectionLimit, MessageLimit},
    config::Config,
    conversation::{ConfigShelf, Conversations, KnowledgeShelf},
};

/// Cheap to clone: everything in it is shared.
#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub tokens: Tokens,
    pub conversations: Conversations,
    pub configs: Arc<ConfigShelf>,
    pub knowledge: Arc<KnowledgeShelf>,
    pub connections: ConnectionLimit,
    pub message_limit: Arc<MessageLimit>,
    /// Cancelled when the server is told to stop: nothing new is begun.
    pub stopping: CancellationToken,
    /// Cancelled when the time for what was running is over: everything ends.
    pub closing: CancellationToken,
    /// Answers in the making: what a graceful stop waits for.
    pub answers: TaskTracker,
    /// Open sockets.
    pub sockets: TaskTracker,
    /// The demo hospital's site; None outside demo mode.
    pub demo: Option<Arc<crate::demo::Demo>>,
}

impl AppState {
    pub fn new(config: Config, store: Store, clock: Arc<dyn Clock>, tokens: Tokens) -> Self {
        Self {
            connections: ConnectionLimit::new(config.limits.ws_max_connections),
            message_limit: Arc::new(MessageLimit::new(config.limits.messages_per_minute)),
            config: Arc::new(config),
            store,
            clock,
            tokens,
            conversations: Conversations::default(),
            configs: Arc::default(),
            knowledge: Arc::default(),
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
            answers: TaskTracker::new(),
            sockets: TaskTracker::new(),
            demo: None,
        }
    }

    /// Whether the conversation's visitor has sent more messages than one may.
    pub fn is_over_message_limit(&self, session: Id<id::Session>) -> bool {
        !self.message_limit.take(session)
    }
}
