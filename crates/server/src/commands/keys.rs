//! `kuzushi keys`: the content key is changed, and whether everything opens.

use anyhow::{Context, bail};
use clap::Subcommand;
use kuzushi_domain::{Actor, Clock, SystemClock};

use super::{open, print};
use crate::{config::Config, logging};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Wrap every tenant's key anew with the present content key.
    ///
    /// Wants the former one in CONTENT_KEY_PREVIOUS. Safe while servers run, as long as each of them knows both; safe to break off
    /// and to run again. Nothing that patients wrote is read.
    Rotate,
    /// Open every tenant's, audit chain's and conversation's key, and name those that do not open.
    Verify,
}

pub async fn run(config: Config, command: KeysCommand) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    let installation = store.installation().by(Actor::CommandLine);
    match command {
        KeysCommand::Rotate => {
            let rotated = installation
                .rotate_keys(SystemClock.now())
                .await
                .context("a key does not open: name every former content key in CONTENT_KEY_PREVIOUS")?;
            print(&format!(
                "{} tenants and {} audit chains are under the present content key now; {} were before\n",
                rotated.tenants, rotated.audit_chains, rotated.as_they_were
            ))
        }
        KeysCommand::Verify => {
            let checked = installation.check_keys().await?;
            for fault in &checked.faults {
                print(&format!("{fault}\n"))?;
            }
            print(&format!(
                "{} tenants, {} audit chains and {} conversations open\n",
                checked.tenants, checked.audit_chains, checked.conversations
            ))?;
            if !checked.faults.is_empty() {
                bail!(
                    "{} keys do not open; is a former content key missing in CONTENT_KEY_PREVIOUS?",
                    checked.faults.len()
                );
            }
            match checked.by_former_keys {
                0 => print("CONTENT_KEY_PREVIOUS is not needed\n"),
                left => print(&format!("{left} keys want CONTENT_KEY_PREVIOUS until `kuzushi keys rotate` has run\n")),
            }
        }
    }
}
