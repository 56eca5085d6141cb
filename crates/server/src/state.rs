//! What every handler can reach.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use kuzushi_domain::Clock;
use kuzushi_store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::tokens::Tokens,
    config::Config,
    conversation::{ConfigShelf, Conversations, KnowledgeShelf},
    directory::AppDirectory,
    limits::{ConnectionLimits, RateLimits},
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
    pub directory: Arc<AppDirectory>,
    pub connections: ConnectionLimits,
    pub rates: Arc<RateLimits>,
    /// How many other nodes live on the same database.
    pub neighbours: Arc<AtomicU64>,
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
            directory: Arc::default(),
            connections: ConnectionLimits::new(&config.limits),
            rates: Arc::new(RateLimits::new(&config.limits)),
            config: Arc::new(config),
            store,
            clock,
            tokens,
            conversations: Conversations::default(),
            configs: Arc::default(),
            knowledge: Arc::default(),
            neighbours: Arc::default(),
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
            answers: TaskTracker::new(),
            sockets: TaskTracker::new(),
            demo: None,
        }
    }

    /// Whether other nodes write to the same database.
    pub fn has_neighbours(&self) -> bool {
        self.neighbours.load(Ordering::Relaxed) > 0
    }
}
