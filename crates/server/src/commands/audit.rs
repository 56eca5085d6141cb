//! `kuzushi audit`: whether the audit trail is whole, and what is in it.

use std::{fs, path::PathBuf, pin::pin};

use anyhow::{Context, bail};
use clap::Subcommand;
use futures_util::TryStreamExt;
use kuzushi_domain::{Actor, Clock, Id, SystemClock, id};
use kuzushi_store::{AuditFilter, AuditHead, Store};

use super::{find_tenant, open, print};
use crate::{
    audit_file::Format,
    audit_heads::{self, HEADS_FILE},
    config::Config,
    logging,
};

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check every event of every chain, and that none is missing.
    ///
    /// Fails, and names the first event at fault, where anything was edited, removed, moved or cut off. What the server notes
    /// in DATA_DIR is compared as well, and so is a file that `checkpoint` wrote.
    Verify {
        /// A file that `kuzushi audit checkpoint` printed, from where nobody who can write to the database can change it.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the newest event of every chain, to be kept outside of the database.
    Checkpoint,
    /// Print a chain, newest event first.
    Export {
        /// The tenant, by id (ten_…) or internet domain; without it, the installation's own chain.
        #[arg(long)]
        tenant: Option<String>,
        /// jsonl or csv.
        #[arg(long, default_value = "jsonl")]
        format: Format,
    },
}

pub async fn run(config: Config, command: AuditCommand) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    match command {
        AuditCommand::Verify { checkpoint } => {
            let mut noted = audit_heads::read(&config.database.data_dir.join(HEADS_FILE))?.unwrap_or_default();
            if let Some(file) = checkpoint {
                let text = fs::read_to_string(&file).with_context(|| format!("--checkpoint {}", file.display()))?;
                noted.extend(audit_heads::parse(&text).with_context(|| format!("--checkpoint {}", file.display()))?);
            }
            verify(&store, &noted).await
        }
        AuditCommand::Checkpoint => {
            let heads = store.installation().audit_heads().await?;
            print(&audit_heads::text(&heads, SystemClock.now())?)
        }
        AuditCommand::Export { tenant, format } => export(&store, tenant.as_deref(), format).await,
    }
}

async fn verify(store: &Store, noted: &[AuditHead]) -> anyhow::Result<()> {
    let checked = store.installation().check_audit(noted).await?;
    let (mut events, mut faults) = (0, 0);
    for chain in &checked {
        let name = chain_name(chain.tenant);
        events += chain.intact;
        match chain.fault {
            None => print(&format!("{name}: {} events, whole\n", chain.intact))?,
            Some(fault) => {
                faults += 1;
                print(&format!("{name}: {fault}; {} events before that are whole\n", chain.intact))?;
            }
        }
    }
    if faults > 0 {
        bail!("{faults} of {} chains are not as they were written", checked.len());
    }
    print(&format!("{} chains, {events} events, compared with {} noted ones: whole\n", checked.len(), noted.len()))
}

fn chain_name(tenant: Option<Id<id::Tenant>>) -> String {
    tenant.map_or_else(|| String::from("installation"), |tenant| tenant.to_string())
}

async fn export(store: &Store, tenant: Option<&str>, format: Format) -> anyhow::Result<()> {
    let tenant = match tenant {
        Some(tenant) => Some(find_tenant(store, tenant).await?),
        None => None,
    };
    // Not by the tenant's scope, which a tenant whose key was destroyed has no more.
    let trail = store.installation().by(Actor::CommandLine).audit_trail_of(tenant);
    let mut pieces = pin!(format.export(trail, AuditFilter::default(), SystemClock.now()).await?);
    while let Some(piece) = pieces.try_next().await? {
        print(&piece)?;
    }
    Ok(())
}
