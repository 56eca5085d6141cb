//! `kuzushi admin`: keys to the administration API, made where nobody can be asked for one yet.

use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use clap::Subcommand;
use kuzushi_domain::{Actor, Clock, Id, StaffRole, SystemClock, id};
use kuzushi_store::{ApiKey, NewApiKey, Store};

use super::{find_tenant, open, print};
use crate::{
    api::wire::Timestamp,
    auth::api_keys,
    config::{Config, Interval},
    logging,
};

/// Keys that a list shows at most.
const MOST_LISTED: u64 = 200;

#[derive(Subcommand)]
pub enum AdminCommand {
    /// Make an API key and print it, once.
    ///
    /// An operator's key opens the whole installation; every other one a single tenant.
    CreateKey {
        /// Who or what will use it.
        #[arg(long)]
        name: String,
        /// operator, owner, editor, agent or auditor.
        #[arg(long, default_value_t = StaffRole::Operator)]
        role: StaffRole,
        /// The tenant it opens, by id (ten_…) or internet domain. Not for an operator.
        #[arg(long)]
        tenant: Option<String>,
        /// How long it is good for, such as 90d. Without it, until it is revoked.
        #[arg(long)]
        expires_in: Option<Interval>,
    },
    /// List API keys, newest first, without their secrets.
    ListKeys {
        /// Those of this tenant, by id or internet domain; without it, those of operators.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Make an API key worthless, at once and on every node.
    RevokeKey {
        /// The key's id: what stands before its second underscore, key_….
        key: Id<id::ApiKey>,
    },
}

pub async fn run(config: Config, command: AdminCommand) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    match command {
        AdminCommand::CreateKey { name, role, tenant, expires_in } => {
            create_key(&store, name, role, tenant.as_deref(), expires_in).await
        }
        AdminCommand::ListKeys { tenant } => list_keys(&store, tenant.as_deref()).await,
        AdminCommand::RevokeKey { key } => revoke_key(&store, key).await,
    }
}

async fn create_key(
    store: &Store,
    name: String,
    role: StaffRole,
    tenant: Option<&str>,
    expires_in: Option<Interval>,
) -> anyhow::Result<()> {
    ensure!(!name.trim().is_empty(), "--name: must not be empty");
    let tenant = match (role, tenant) {
        (StaffRole::Operator, None) => None,
        (StaffRole::Operator, Some(_)) => bail!("--tenant: an operator belongs to no tenant; leave it out"),
        (_, Some(tenant)) => Some(find_tenant(store, tenant).await?),
        (role, None) => {
            bail!("--tenant: is missing: the role {role} belongs to a tenant, named by id or internet domain")
        }
    };
    let now = SystemClock.now();
    let expires_at = match expires_in {
        Some(Interval(duration)) => {
            let end = TimeDelta::from_std(duration).ok().and_then(|duration| now.checked_add_signed(duration));
            Some(end.context("--expires-in: is too long")?)
        }
        None => None,
    };
    let generated = api_keys::generate()?;
    let new = NewApiKey {
        id: generated.id,
        tenant,
        role,
        name,
        secret_hash: generated.secret_hash,
        created_by: String::from("the command line"),
        expires_at,
    };
    store.installation().by(Actor::CommandLine).create_api_key(new, now).await?;
    // Alone on its line, for scripts.
    print(&format!("{}\n", generated.text))
}

async fn list_keys(store: &Store, tenant: Option<&str>) -> anyhow::Result<()> {
    let tenant = match tenant {
        Some(tenant) => Some(find_tenant(store, tenant).await?),
        None => None,
    };
    let now = SystemClock.now();
    for key in store.installation().api_keys(tenant, None, MOST_LISTED).await? {
        print(&format!("{}  {:8}  {:11}  {}\n", key.id, key.role.as_str(), state_of(&key, now), key.name))?;
    }
    Ok(())
}

fn state_of(key: &ApiKey, now: chrono::DateTime<chrono::Utc>) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => String::from("revoked"),
        (None, Some(_)) if !key.is_valid(now) => String::from("expired"),
        (None, Some(expires_at)) => format!("until {}", Timestamp(expires_at).text()),
        (None, None) => String::from("valid"),
    }
}

async fn revoke_key(store: &Store, key: Id<id::ApiKey>) -> anyhow::Result<()> {
    let installation = store.installation().by(Actor::CommandLine);
    let (found, _) = installation.api_key(key).await?.with_context(|| format!("there is no key {key}"))?;
    installation.revoke_api_key(found.tenant, key, SystemClock.now()).await?;
    print(&format!("{key} is revoked\n"))
}
