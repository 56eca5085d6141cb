//! `kuzushi keys`: the content key is changed, and whether everything opens.

use anyhow::{Context, bail};
use clap::Subcommand;
use kuzushi_domain::{Actor, Clock, SystemClock};

use super::{open, print};
use crate::{config::Config, logging};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Wrap every tenant's key anew with the present content key, or by the present program.
    ///
    /// Wants the former one in CONTENT_KEY_PREVIOUS or CONTENT_KEY_COMMAND_PREVIOUS. Safe while servers run, as long as each of them knows both; safe to break off
    /// and to run again. Nothing that patients wrote is read.
    Rotate,
    /// Open every tenant's, audit chain's, conversation's and patient's key, and name those that do not open.
    Verify,
    /// After a restore, erase what was erased since the backup was made.
    ///
    /// Its keys are gone already, so it opens for nobody; what is left of it in the restored database is removed, on record.
    /// Without --confirm this only says how much it is. Look at it first: keys that are older than the data miss those of the
    /// newest conversations, and then the remedy is a newer copy of the keys.
    Reconcile {
        /// Do it.
        #[arg(long)]
        confirm: bool,
    },
}

pub async fn run(config: Config, command: KeysCommand) -> anyhow::Result<()> {
    logging::init(&config.logging);
    let store = open(&config).await?;
    store.migrate().await?;
    let installation = store.installation().by(Actor::CommandLine);
    match command {
        KeysCommand::Rotate => {
            let rotated = installation.rotate_keys(SystemClock.now()).await.context(
                "a key does not open: name what wrapped it in CONTENT_KEY_PREVIOUS or CONTENT_KEY_COMMAND_PREVIOUS",
            )?;
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
                "{} tenants, {} audit chains, {} conversations and {} patients open\n",
                checked.tenants, checked.audit_chains, checked.conversations, checked.patients
            ))?;
            if !checked.faults.is_empty() {
                bail!(
                    "{} keys do not open or are not there; is a former one missing in CONTENT_KEY_PREVIOUS or CONTENT_KEY_COMMAND_PREVIOUS, or was a backup restored?",
                    checked.faults.len()
                );
            }
            match checked.by_former_keys {
                0 => print("CONTENT_KEY_PREVIOUS is not needed, nor is CONTENT_KEY_COMMAND_PREVIOUS\n"),
                left => print(&format!(
                    "{left} keys want CONTENT_KEY_PREVIOUS or CONTENT_KEY_COMMAND_PREVIOUS until `kuzushi keys rotate` has run\n"
                )),
            }
        }
        KeysCommand::Reconcile { confirm } => {
            let (found, done) = if confirm {
                (installation.erase_what_has_no_key(SystemClock.now()).await?, "were erased")
            } else {
                (installation.without_keys().await?, "would be erased; --confirm does it")
            };
            print(&format!(
                "{} conversations and {} patients without a key {done}\n",
                found.conversations, found.patients
            ))
        }
    }
}
