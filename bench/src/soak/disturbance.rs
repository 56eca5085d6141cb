//! The servers and the database of a soak, and what befalls them.

use std::{path::Path, time::Duration};

use anyhow::ensure;
use fastrand::Rng;
use tokio::time::sleep;

use super::{Database, Options};
use crate::{
    history::{Rule, Violation},
    server::{
        hospital::Apps,
        postgres::{Durability, Postgres},
        process::{Installation, ServerProcess},
    },
};

/// How long a killed server stays away at most, in milliseconds, when another one is there.
const AWAY_MS: u64 = 1_500;
/// How long a paused server stays paused, in milliseconds, when another one is there to take over.
const PAUSED_MS: std::ops::RangeInclusive<u64> = 500..=14_000;
/// How long the database stays away at most, in milliseconds.
const DATABASE_AWAY_MS: u64 = 1_000;

pub struct Disturber {
    // Before the database, so that they end before it does.
    nodes: Vec<ServerProcess>,
    postgres: Option<Postgres>,
    restarts: u32,
    database_restarts: u32,
    pauses: u32,
}

impl Disturber {
    pub async fn start(options: &Options, folder: &Path) -> anyhow::Result<Self> {
        ensure!(
            options.nodes == 1 || options.database == Database::Postgres,
            "several nodes need a database that they can share: --database postgres"
        );
        let postgres = match options.database {
            Database::Sqlite => None,
            Database::Postgres => Some(Postgres::start(Durability::Process)?),
        };
        let installation = Installation {
            binary: options.binary.clone(),
            folder: folder.to_owned(),
            database_url: postgres.as_ref().map(|postgres| postgres.create_database("soak")).transpose()?,
            environment: vec![(String::from("LOG_LEVEL"), String::from("info"))],
        };
        installation.seed(Apps::BuiltIn).await?;
        let mut nodes = Vec::new();
        for number in 1..=options.nodes {
            let mut node = ServerProcess::new(installation.clone(), &format!("node-{number}"))?;
            node.start().await?;
            nodes.push(node);
        }
        Ok(Self { nodes, postgres, restarts: 0, database_restarts: 0, pauses: 0 })
    }

    pub fn nodes(&self) -> &[ServerProcess] {
        &self.nodes
    }

    /// How often a server was started again, the database was, and a server was paused.
    pub fn counts(&self) -> (u32, u32, u32) {
        (self.restarts, self.database_restarts, self.pauses)
    }

    /// Something at random; afterwards everything runs again.
    pub async fn disturb(&mut self, random: &mut Rng, violations: &mut Vec<Violation>) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            if let Some(status) = node.has_died()? {
                violations.push(of_process(format!("a server ended by itself: {status}")));
                node.start().await?;
            }
        }
        let victim = random.usize(..self.nodes.len());
        match random.u32(0..100) {
            0..12 => self.disturb_database(random).await?,
            12..22 => {
                if !self.nodes[victim].stop().await? {
                    violations.push(of_process(String::from("a server did not end in time when it was told to")));
                }
                self.restarts += 1;
            }
            // It comes back believing that its work is still its own.
            22..30 if self.nodes.len() > 1 => {
                self.nodes[victim].pause()?;
                sleep(Duration::from_millis(random.u64(PAUSED_MS))).await;
                self.nodes[victim].go_on()?;
                self.pauses += 1;
            }
            _ => {
                self.nodes[victim].kill().await?;
                self.restarts += 1;
            }
        }
        if self.nodes[victim].pid().is_none() {
            let away = if self.nodes.len() > 1 { random.u64(..AWAY_MS) } else { random.u64(..100) };
            sleep(Duration::from_millis(away)).await;
            self.nodes[victim].start().await?;
        }
        Ok(())
    }

    async fn disturb_database(&mut self, random: &mut Rng) -> anyhow::Result<()> {
        let Some(postgres) = &self.postgres else {
            // An embedded database dies with its server.
            self.nodes[0].kill().await?;
            self.restarts += 1;
            return Ok(());
        };
        self.database_restarts += 1;
        if random.bool() {
            return postgres.crash_and_restart();
        }
        postgres.crash()?;
        sleep(Duration::from_millis(random.u64(..DATABASE_AWAY_MS))).await;
        postgres.start_again()
    }

    /// Everything is over; a server that cannot stop is a fault too.
    pub async fn stop(&mut self, violations: &mut Vec<Violation>) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            if let Some(status) = node.has_died()? {
                violations.push(of_process(format!("a server ended by itself: {status}")));
            } else if !node.stop().await? {
                violations.push(of_process(String::from("a server did not end in time when it was told to")));
            }
        }
        Ok(())
    }
}

fn of_process(detail: String) -> Violation {
    Violation { rule: Rule::Process, session: String::from("a server"), detail }
}
