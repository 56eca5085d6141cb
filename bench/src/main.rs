//! The command line.

#![allow(clippy::print_stdout, reason = "a command line tool prints its results")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use kuzushi_bench::soak::{self, Database};

/// Measures a server that speaks the chat protocol, and checks what becomes of messages when it dies.
#[derive(Parser)]
#[command(name = "kuzushi-bench", version)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Kill a server again and again under many clients, then check that nothing was lost, doubled or mixed up.
    Soak(Soak),
}

#[derive(Args)]
struct Soak {
    /// The `kuzushi` binary to run.
    #[arg(long)]
    binary: PathBuf,
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Database,
    /// Servers on the one database; more than one needs PostgreSQL.
    #[arg(long, default_value_t = 1)]
    nodes: usize,
    /// How often something is killed.
    #[arg(long, default_value_t = 200)]
    cycles: u32,
    #[arg(long, default_value_t = 40)]
    clients: usize,
    /// Tabs of a client at most.
    #[arg(long, default_value_t = 3)]
    tabs: usize,
    /// Repeats the choices of an earlier run, though not its timing.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let action = Command::parse().action;
    let work = async {
        match action {
            Action::Soak(arguments) => soak(arguments).await,
        }
    };
    // Dropping the work ends the servers and databases that it started.
    let done = tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::FAILURE),
        () = terminated() => Ok(ExitCode::FAILURE),
    };
    done.unwrap_or_else(|error| {
        eprintln!("kuzushi-bench: {error:#}");
        ExitCode::FAILURE
    })
}

async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

async fn soak(arguments: Soak) -> anyhow::Result<ExitCode> {
    let Soak { binary, database, nodes, cycles, clients, tabs, seed } = arguments;
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("soak: {cycles} cycles, {clients} clients, {nodes} node(s), {database:?}, --seed {seed}");
    let binary = binary.canonicalize().map_err(|error| anyhow::anyhow!("{}: {error}", binary.display()))?;
    let summary = soak::run(&soak::Options { binary, database, nodes, cycles, clients, tabs, seed }).await?;
    println!("{summary}");
    Ok(if summary.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
