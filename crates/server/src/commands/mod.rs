//! What the subcommands do.

pub mod admin;
pub mod audit;
pub mod csp;
pub mod evaluate;
pub mod keys;
mod run;
pub mod staff;
#[cfg(feature = "voice")]
pub mod voice;

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::Context;
use kuzushi_domain::{Actor, Id, SystemClock, agreement::Modality, id};
use kuzushi_store::{DatabaseOptions, Store, StoreError, sealed::SealError};
use tokio::net::TcpListener;

use crate::{
    auth::tokens::Tokens,
    calls,
    cli::DemoArguments,
    config::Config,
    demo::{self, Demo},
    edge::Certificates,
    logging,
    seed::{self, Source},
    state::AppState,
};

pub async fn serve(config: Config) -> anyhow::Result<()> {
    logging::init(&config.logging);
    config.http.refuse_open_plaintext()?;
    let certificates = certificates(&config)?;
    let listener = run::listen(&config).await?;
    let state = prepare(config, None, &listener).await?;
    tracing::info!(address = %listener.local_addr()?, tls = certificates.is_some(), "listening");
    run::run(listener, certificates, state).await
}

pub async fn demo(config: Config, arguments: DemoArguments) -> anyhow::Result<()> {
    logging::init(&config.logging);
    #[cfg(not(feature = "fake-model"))]
    let model = arguments.model;
    // Here until the end: it answers as long as it is there.
    #[cfg(feature = "fake-model")]
    let mut config = config;
    #[cfg(feature = "fake-model")]
    let (_fake, model) = if arguments.fake_model {
        let (fake, model) = demo::fake_model(&mut config.providers).await.context("the made-up model")?;
        (Some(fake), Some(model))
    } else {
        (None, arguments.model)
    };
    let certificates = certificates(&config)?;
    let listener = run::listen(&config).await?;
    let state = prepare(config, Some(Demo), &listener).await?;
    let provider = model.as_ref().map(|model| model.provider.into());
    let has_calls = calls::are_served(&state.config);
    seed::seed(&state.store, &SystemClock, &Source::Demo { model, has_calls }).await.context("the demo hospital")?;
    let model = provider.and_then(|provider| state.config.providers.endpoint(provider));
    let voice = state.config.voice.provider_url.as_deref().and_then(calls::endpoint_of);
    for (endpoint, modality) in [(model, Modality::Text), (voice, Modality::Voice)] {
        if let Some(endpoint) = endpoint {
            demo::agree_with(&state, endpoint, modality).await.context("the demo hospital")?;
        }
    }
    demo::add_patient(&state).await.context("the demo hospital's patient")?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    print(&format!(
        "\n  St. Mary's Hospital is open:  {address}/demo\n  \
         For its doctors:              {address}/demo/staff\n\n  \
         Data is in {}. Stop with Ctrl-C.\n\n",
        state.config.database.data_dir.display()
    ))?;
    run::run(listener, certificates, state).await
}

pub async fn migrate(config: Config) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    print(&format!("{} migrations applied; the schema is up to date\n", pending.len()))
}

pub async fn seed(config: Config, folder: Option<PathBuf>) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    let demo = Source::Demo { model: None, has_calls: calls::are_served(&config) };
    let source = folder.map_or(demo, Source::Folder);
    let seeded = seed::seed(&store, &SystemClock, &source).await?;
    print(&format!(
        "{} apps; {} config versions published, {} articles changed\n",
        seeded.apps, seeded.configs_published, seeded.articles_changed
    ))?;
    if seeded.evaluations_needed > 0 {
        print(&format!(
            "{} config versions wait until they have passed their app's suite: see kuzushi evaluate\n",
            seeded.evaluations_needed
        ))?;
    }
    if seeded.approvals_asked > 0 {
        print(&format!("{} config versions wait for a second person to approve them\n", seeded.approvals_asked))?;
    }
    Ok(())
}

/// What was asked for waits for a second person.
#[derive(Debug, thiserror::Error)]
#[error("a second person has to approve it: {0}")]
pub struct AwaitsApproval(pub Id<id::ApprovalRequest>);

/// Writes to standard output; a reader that has gone is an error, not a panic.
pub fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("standard output")
}

/// The certificate to speak TLS with, where one is set.
fn certificates(config: &Config) -> anyhow::Result<Option<Arc<Certificates>>> {
    let (Some(chain), Some(key)) = (&config.http.tls_cert_file, &config.http.tls_key_file) else { return Ok(None) };
    Certificates::load(chain, key).map(Some)
}

/// Opens the database and brings its schema up to date.
async fn prepare(config: Config, demo: Option<Demo>, listener: &TcpListener) -> anyhow::Result<AppState> {
    crate::keys::prepare_data_folder(&config)?;
    let secret = crate::keys::jwt_secret(&config, demo.is_some())?;
    let tokens = Tokens::new(&secret, &crate::keys::former_jwt_secrets(&config), config.security.jwt_expiration.0);
    let answering = config.answering(Arc::new(SystemClock))?;
    let store = open(&config).await?;
    let ready = async {
        store.migrate().await?;
        store.installation().check_operator_key().await?;
        // What an earlier process recorded as erased and did not live to carry out.
        store.installation().finish_erasures().await
    };
    ready.await.map_err(|error| match error {
        StoreError::Sealed(cause @ (SealError::NoContentKey | SealError::NoCommand)) => {
            anyhow::anyhow!("a key of the database does not open: {cause}")
        }
        StoreError::Sealed(cause) => anyhow::anyhow!(
            "CONTENT_KEY (or content.key in {}) is not the key this database was written with; if it was changed, name the one before in CONTENT_KEY_PREVIOUS: {cause}",
            config.database.data_dir.display()
        ),
        StoreError::OtherKeys(what) => anyhow::anyhow!(
            "{what}: bring back kuzushi-keys.db (DATABASE_KEYS_FILE), or the schema kuzushi_keys, from its latest copy; docs/backup.md says how"
        ),
        other => other.into(),
    })?;
    if let Some(records) = answering.records.clone() {
        tokio::spawn(async move { records.check().await });
    }
    Ok(AppState::new(config, store, Arc::new(SystemClock), tokens, answering, listener.local_addr()?, demo))
}

async fn open(config: &Config) -> anyhow::Result<Store> {
    crate::keys::prepare_data_folder(config)?;
    let key = crate::keys::operator_key(config)?;
    let options = DatabaseOptions {
        url: config.database_url(),
        pool_min: config.database.pool_min,
        pool_max: config.database.pool_max,
        group_commit_max: config.database.group_commit_max,
        keys_file: config.database.keys_file.clone(),
    };
    Store::open(&options, key).await.context("DATABASE_URL: the database cannot be opened")
}

/// The tenant that `--tenant` names, by id or internet domain.
async fn find_tenant(store: &Store, text: &str) -> anyhow::Result<Id<id::Tenant>> {
    let installation = store.installation().by(Actor::CommandLine);
    Ok(installation.find_tenant(text).await?.with_context(|| format!("--tenant: there is no tenant `{text}`"))?.id)
}
