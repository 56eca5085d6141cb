//! What every handler can reach.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use gethostname::gethostname;
use kuzushi_assistant::Assistant;
use kuzushi_domain::Clock;
use kuzushi_store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{oidc::Oidc, passwords::Passwords, tokens::Tokens},
    calls::Calls,
    config::{Answering, Config},
    conversation::{AgreementShelf, ClosedTenants, ConfigShelf, Conversations, KnowledgeShelf, SignOuts},
    demo::Demo,
    directory::AppDirectory,
    limits::{ConnectionLimits, RateLimits},
};

/// One pointer to what a server consists of, since every socket and every answer keeps one.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    /// This machine, and the address that this process listens on.
    pub place: String,
    pub tokens: Tokens,
    pub passwords: Passwords,
    /// Who asks identity providers.
    pub oidc: Oidc,
    /// Who answers.
    pub assistant: Assistant,
    /// The names of the FHIR servers that have the records of apps' patients, by the apps' public names.
    pub fhir_servers: BTreeMap<String, String>,
    pub conversations: Conversations,
    pub calls: Calls,
    pub sign_outs: SignOuts,
    pub closed_tenants: ClosedTenants,
    pub agreements: AgreementShelf,
    pub configs: ConfigShelf,
    pub knowledge: KnowledgeShelf,
    pub directory: AppDirectory,
    pub connections: ConnectionLimits,
    pub rates: RateLimits,
    /// How many other nodes live on the same database.
    pub neighbours: AtomicU64,
    /// Cancelled when the server is told to stop: nothing new is begun.
    pub stopping: CancellationToken,
    /// Cancelled when the time for what was running is over: everything ends.
    pub closing: CancellationToken,
    /// Answers in the making: what a graceful stop waits for.
    pub answers: TaskTracker,
    /// Open sockets.
    pub sockets: TaskTracker,
    /// The demo hospital's site; None outside demo mode.
    pub demo: Option<Demo>,
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl AppState {
    pub fn new(
        config: Config,
        store: Store,
        clock: Arc<dyn Clock>,
        tokens: Tokens,
        Answering { assistant, fhir_servers, records: _ }: Answering,
        address: SocketAddr,
        demo: Option<Demo>,
    ) -> Self {
        Self(Arc::new(Parts {
            directory: Default::default(),
            calls: Calls::new(&config),
            connections: ConnectionLimits::new(&config.limits),
            rates: RateLimits::new(&config.limits),
            sign_outs: SignOuts::since(clock.now()),
            closed_tenants: Default::default(),
            config,
            store,
            clock,
            place: format!("{}/{address}", gethostname().to_string_lossy()),
            tokens,
            passwords: Passwords::default(),
            oidc: Oidc::default(),
            assistant,
            fhir_servers,
            conversations: Conversations::default(),
            agreements: Default::default(),
            configs: Default::default(),
            knowledge: Default::default(),
            neighbours: Default::default(),
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
            answers: TaskTracker::new(),
            sockets: TaskTracker::new(),
            demo,
        }))
    }

    /// Whether other nodes write to the same database.
    pub fn has_neighbours(&self) -> bool {
        self.neighbours.load(Ordering::Relaxed) > 0
    }
}
