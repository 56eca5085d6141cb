//! Keys to the administration API, made where nobody can be asked for one yet.

use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use clap::Subcommand;
use kuzushi_domain::{Id, StaffRole, id};
use kuzushi_store::{ApiKey, NewApiKey};

use super::Desk;
use crate::{
    api::{
        admin::api_keys::{CreatedApiKey, WireApiKey},
        wire::Timestamp,
    },
    auth::api_keys,
    commands::print,
    config::Interval,
};

/// Keys that a list shows at most.
const MOST_LISTED: u64 = 200;

#[derive(Subcommand)]
pub enum KeyCommand {
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

pub(super) async fn run(desk: &Desk, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::CreateKey { name, role, tenant, expires_in } => {
            create_key(desk, name, role, tenant.as_deref(), expires_in).await
        }
        KeyCommand::ListKeys { tenant } => list_keys(desk, tenant.as_deref()).await,
        KeyCommand::RevokeKey { key } => revoke_key(desk, key).await,
    }
}

async fn create_key(
    desk: &Desk,
    name: String,
    role: StaffRole,
    tenant: Option<&str>,
    expires_in: Option<Interval>,
) -> anyhow::Result<()> {
    ensure!(!name.trim().is_empty(), "--name: must not be empty");
    let tenant = match (role, tenant) {
        (StaffRole::Operator, None) => None,
        (StaffRole::Operator, Some(_)) => bail!("--tenant: an operator belongs to no tenant; leave it out"),
        (_, Some(tenant)) => Some(desk.tenant(tenant).await?),
        (role, None) => {
            bail!("--tenant: is missing: the role {role} belongs to a tenant, named by id or internet domain")
        }
    };
    let now = desk.now;
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
    let key = desk.installation().create_api_key(new, now).await?;
    if desk.json {
        return desk.show(&CreatedApiKey::new(key, generated.text));
    }
    // Alone on its line, for scripts.
    print(&format!("{}\n", generated.text))
}

async fn list_keys(desk: &Desk, tenant: Option<&str>) -> anyhow::Result<()> {
    let tenant = match tenant {
        Some(tenant) => Some(desk.tenant(tenant).await?),
        None => None,
    };
    let keys = desk.installation().api_keys(tenant, None, MOST_LISTED).await?;
    if desk.json {
        return desk.list("keys", keys.into_iter().map(WireApiKey::from).collect(), &[], None);
    }
    for key in keys {
        print(&format!("{}  {:8}  {:11}  {}\n", key.id, key.role.as_str(), state_of(&key, desk.now), key.name))?;
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

async fn revoke_key(desk: &Desk, key: Id<id::ApiKey>) -> anyhow::Result<()> {
    let installation = desk.installation();
    let (found, _) = installation.api_key(key).await?.with_context(|| format!("there is no key {key}"))?;
    installation.revoke_api_key(found.tenant, key, desk.now).await?;
    print(&format!("{key} is revoked\n"))
}
