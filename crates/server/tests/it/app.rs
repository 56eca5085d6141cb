//! The production server on a database and a port of its own, with a small hospital in it.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use confique::Config as _;
use kuzushi_domain::{
    Clock, SystemClock,
    agreement::{AgreementKind, Endpoint, Modality},
    config::Provider,
};
use kuzushi_server::{
    apart,
    auth::tokens::Tokens,
    config::{Config, SecondFactor},
    conversation,
    demo::Demo,
    router,
    seed::{Source, agree, seed},
    state::AppState,
};
use kuzushi_store::{AgreementTerms, Engine, testing::TestDatabase};
use tokio::net::TcpListener;

use crate::{canary::shared_log, server::Server};

pub const SECRET: &str = "a test's secret of at least 32 bytes";

pub struct TestApp {
    server: Server,
    pub clock: TestClock,
    pub state: AppState,
    /// Holds the database while the server runs.
    pub database: Arc<TestDatabase>,
}

/// The machine's clock, set forward by a test.
#[derive(Clone, Default)]
pub struct TestClock {
    ahead_seconds: Arc<AtomicI64>,
}

impl TestClock {
    pub fn advance(&self, seconds: i64) {
        self.ahead_seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.ahead_seconds.load(Ordering::Relaxed))
    }
}

impl Deref for TestApp {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let found = shared_log().found();
        assert!(found.is_empty() || std::thread::panicking(), "the log holds what a patient typed: {found:?}");
    }
}

/// What is set where a test sets nothing: its staff sign in with a password alone.
fn defaults() -> Config {
    let mut config = Config::builder().load().expect("defaults");
    config.staff.staff_second_factor = SecondFactor::Nobody;
    config
}

/// The small hospital's files.
pub fn hospital() -> Source {
    Source::Folder(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/hospital")))
}

/// Every tenant lets its words go to the models that a test has set up.
async fn agree_with_providers(state: &AppState) {
    let endpoints = Provider::ALL.into_iter().filter_map(|provider| state.config.providers.endpoint(provider));
    for endpoint in endpoints {
        for tenant in state.store.installation().tenants(None, 10).await.expect("tenants") {
            let scope = state.store.tenant(tenant.id).await.expect("a tenant");
            agree(&scope, own_machines(endpoint.clone()), SystemClock.now()).await.expect("an agreement");
        }
    }
}

/// What is said of a model that a test runs.
pub fn own_machines(endpoint: Endpoint) -> AgreementTerms {
    AgreementTerms {
        endpoint,
        kind: AgreementKind::OwnMachines,
        modalities: Modality::ALL.to_vec(),
        signed_on: None,
        valid_until: None,
        reason: "It runs in the test".into(),
    }
}

impl TestApp {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::new(engine).await;
        let mut config = defaults();
        change(&mut config);
        Self::on(Arc::new(database), config, TestClock::default(), hospital()).await
    }

    /// On a database that is reached in another way than directly.
    pub async fn start_on(database: TestDatabase) -> Self {
        let config = defaults();
        Self::on(Arc::new(database), config, TestClock::default(), hospital()).await
    }

    /// Another node on the same database.
    pub async fn start_beside(&self) -> Self {
        let config = Config::clone(&self.state.config);
        Self::on(Arc::clone(&self.database), config, self.clock.clone(), hospital()).await
    }

    /// With the demo hospital and its site instead of the small one.
    pub async fn start_demo(engine: Engine) -> Self {
        let database = TestDatabase::new(engine).await;
        let config = defaults();
        Self::on(Arc::new(database), config, TestClock::default(), Source::Demo { model: None, has_calls: false }).await
    }

    async fn on(database: Arc<TestDatabase>, config: Config, clock: TestClock, source: Source) -> Self {
        shared_log();
        apart::use_program(env!("CARGO_BIN_EXE_kuzushi"));
        let store = database.open().await;
        let tokens = Tokens::new(SECRET, &[], config.security.jwt_expiration.0);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let demo = matches!(source, Source::Demo { .. }).then_some(Demo);
        let answering = config.answering(Arc::new(clock.clone())).expect("who answers");
        let state = AppState::new(config, store, Arc::new(clock.clone()), tokens, answering, address, demo);
        seed(&state.store, &SystemClock, &source).await.expect("the hospital is seeded");
        agree_with_providers(&state).await;
        conversation::take_place(&state).await.expect("open turns are taken up");
        tokio::spawn(conversation::keep_place(state.clone()));
        let service = router::service(state.clone());
        tokio::spawn(async move { axum::serve(listener, service).await.expect("serving") });
        Self { server: Server::at(address.to_string()), clock, state, database }
    }
}
