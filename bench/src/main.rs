//! The command line.

#![allow(clippy::print_stdout, reason = "a command line tool prints its results")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kuzushi_bench::{
    logins,
    protocol::Target,
    scenarios::{self, Place, Projects, Scenario, Sizes, Started, There, provider, report::Report},
    server::hospital,
    sign_outs,
    soak::{self, Database},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Measures a server that speaks the chat protocol, and checks what becomes of messages when it dies.
#[derive(Parser)]
#[command(name = "kuzushi-bench", version)]
struct Command {
    /// Threads of this tool. It shares the machine with the server, so that more is not always better.
    #[arg(long, global = true)]
    threads: Option<usize>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measure, and print a table.
    Run(Box<Run>),
    /// Kill a server again and again under many clients, then check that nothing was lost, doubled or mixed up.
    Soak(Soak),
    /// Refuse sign-ins at known and unknown addresses, and test whether the times they take tell them apart.
    Logins(Logins),
    /// Sign patients out on one node, and see how long their sockets stay open on another.
    SignOuts(SignOuts),
    /// Serve a made-up language model that writes the time into every token.
    FakeProvider(FakeProvider),
}

#[derive(Args)]
struct Run {
    /// What to measure; everything unless named.
    #[arg(long, value_enum, value_delimiter = ',')]
    scenario: Vec<Scenario>,
    /// The `kuzushi` binary to start.
    #[arg(long, required_unless_present = "url", conflicts_with = "url")]
    binary: Option<PathBuf>,
    /// On which databases to start it. PostgreSQL is started too.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres", conflicts_with = "url")]
    database: Vec<Database>,
    /// A PostgreSQL database to use instead; it gets the hospitals that this tool makes up.
    #[arg(long, conflicts_with = "url")]
    database_url: Option<String>,
    /// A server that runs already, such as http://127.0.0.1:3001.
    #[arg(long, requires = "project")]
    url: Option<Target>,
    /// Its app for everything that has no app of its own below; should answer at once.
    #[arg(long)]
    project: Option<String>,
    /// Its app that answers word by word.
    #[arg(long)]
    paced_project: Option<String>,
    /// The milliseconds between two words of that app.
    #[arg(long, default_value_t = hospital::PACE_MS)]
    pace_ms: u64,
    /// Its app that answers with the model of `kuzushi-bench fake-provider`.
    #[arg(long)]
    model_project: Option<String>,
    /// An origin that these apps allow.
    #[arg(long, default_value = hospital::ORIGIN)]
    origin: String,
    /// Its process, to read memory and CPU time from.
    #[arg(long)]
    pid: Option<u32>,
    #[command(flatten)]
    sizes: Sizes,
}

#[derive(Args)]
struct FakeProvider {
    /// 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Milliseconds between two tokens.
    #[arg(long, default_value_t = hospital::PACE_MS)]
    gap_ms: u64,
    /// Tokens in an answer.
    #[arg(long, default_value_t = hospital::ANSWER_WORDS)]
    tokens: usize,
}

#[derive(Args)]
struct SignOuts {
    /// The `kuzushi` binary to start, twice, on a PostgreSQL that is started too.
    #[arg(long)]
    binary: PathBuf,
    #[arg(long, default_value_t = 50)]
    patients: usize,
}

#[derive(Args)]
struct Logins {
    /// The `kuzushi` binary to start.
    #[arg(long)]
    binary: PathBuf,
    /// Attempts with known and with unknown addresses each.
    #[arg(long, default_value_t = 500)]
    attempts: usize,
    /// Repeats the order of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
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

fn main() -> ExitCode {
    let Command { threads, action } = Command::parse();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or(cores.div_ceil(2)).max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let done = runtime.context("threads").and_then(|runtime| runtime.block_on(act(action)));
    done.unwrap_or_else(|error| {
        eprintln!("kuzushi-bench: {error:#}");
        ExitCode::FAILURE
    })
}

async fn act(action: Action) -> anyhow::Result<ExitCode> {
    let work = async {
        match action {
            Action::Run(arguments) => run(*arguments).await,
            Action::Soak(arguments) => soak(arguments).await,
            Action::SignOuts(SignOuts { binary, patients }) => {
                println!("{}", sign_outs::run(existing(binary)?, patients).await?);
                Ok(ExitCode::SUCCESS)
            }
            Action::Logins(Logins { binary, attempts, seed }) => {
                let seed = seed.unwrap_or_else(|| fastrand::u64(..));
                println!("logins: {attempts} attempts each, --seed {seed}");
                println!("{}", logins::run(&logins::Options { binary: existing(binary)?, attempts, seed }).await?);
                Ok(ExitCode::SUCCESS)
            }
            Action::FakeProvider(FakeProvider { port, gap_ms, tokens }) => {
                provider::serve(port, Duration::from_millis(gap_ms), tokens).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    };
    // Dropping the work ends the servers and databases that it started.
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::FAILURE),
        () = terminated() => Ok(ExitCode::FAILURE),
    }
}

async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

async fn run(arguments: Run) -> anyhow::Result<ExitCode> {
    let sizes = arguments.sizes.clone();
    let scenarios =
        if arguments.scenario.is_empty() { Scenario::value_variants().to_vec() } else { arguments.scenario.clone() };
    raise_file_limit(sizes.sockets)?;
    let mut report = Report::default();
    for place in places(arguments)? {
        scenarios::run(&place, &scenarios, &sizes, &mut report).await?;
    }
    println!("\n{report}");
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn places(arguments: Run) -> anyhow::Result<Vec<Place>> {
    if let (Some(target), Some(project)) = (arguments.url, arguments.project) {
        let projects = Projects {
            paced: arguments.paced_project.unwrap_or_else(|| project.clone()),
            model: arguments.model_project.unwrap_or_default(),
            short: project.clone(),
            at_once: project,
        };
        let target = target.with_origin(&arguments.origin);
        let pace = Duration::from_millis(arguments.pace_ms);
        return Ok(vec![Place::There(There { target, projects, pace, pid: arguments.pid })]);
    }
    let binary = existing(arguments.binary.unwrap_or_default())?;
    let started = |database| {
        let (binary, database_url) = (binary.clone(), arguments.database_url.clone());
        Place::Started(Started { binary, database, database_url })
    };
    Ok(arguments.database.iter().copied().map(started).collect())
}

fn existing(binary: PathBuf) -> anyhow::Result<PathBuf> {
    binary.canonicalize().with_context(|| format!("--binary {}", binary.display()))
}

/// Every socket is a file to the system; servers started here inherit the limit.
fn raise_file_limit(sockets: usize) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).context("open files")?;
    let wanted = sockets as u64 + 500;
    let most = limit.maximum.unwrap_or(u64::MAX);
    ensure!(most >= wanted, "this user may open {most} files, and {wanted} are needed: ulimit -Hn, or fewer --sockets");
    Ok(())
}

async fn soak(arguments: Soak) -> anyhow::Result<ExitCode> {
    let Soak { binary, database, nodes, cycles, clients, tabs, seed } = arguments;
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("soak: {cycles} cycles, {clients} clients, {nodes} node(s), {database:?}, --seed {seed}");
    let binary = existing(binary)?;
    let summary = soak::run(&soak::Options { binary, database, nodes, cycles, clients, tabs, seed }).await?;
    println!("{summary}");
    Ok(if summary.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
