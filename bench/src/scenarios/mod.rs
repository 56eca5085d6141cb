//! What is measured, one scenario a file.

pub mod clock;
mod history;
mod idle;
mod init;
mod load;
mod messages;
mod overhead;
mod place;
pub mod provider;
pub mod report;
mod stream;

use std::time::Duration;

use crate::{
    protocol::Target,
    server::{postgres::Postgres, usage::Usage},
    soak::Database,
};
use place::Running;
pub use place::{Projects, Started, There};
use report::{Report, Row};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// Memory and CPU time of sockets on which nothing happens.
    Idle,
    /// Answers at reading pace, many at a time.
    Stream,
    /// Answers as fast as they go.
    AtOnce,
    /// Messages acknowledged.
    Messages,
    /// Sessions started.
    Init,
    /// Pages of history read.
    History,
    /// Answers of a language model at reading pace, from the model's word to the visitor's socket.
    Provider,
    /// The same as fast as they go.
    ProviderAtOnce,
    /// What the server adds to a model's answer, few at a time.
    Overhead,
}

/// How much of everything.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Sizes {
    /// Sockets that are open and idle.
    #[arg(long, default_value_t = 10_000)]
    pub sockets: usize,
    /// Seconds for which memory has to stay the same to be measured.
    #[arg(long, default_value_t = 3)]
    pub settle_seconds: u64,
    /// Seconds over which idle sockets are watched.
    #[arg(long, default_value_t = 30)]
    pub rest_seconds: u64,
    /// Answers that stream at the same time at reading pace.
    #[arg(long, default_value_t = 500)]
    pub streams: usize,
    /// Answers in a row on each of those.
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// Answers that stream at the same time as fast as they go.
    #[arg(long, default_value_t = 50)]
    pub fast_streams: usize,
    /// Answers in a row on each of those.
    #[arg(long, default_value_t = 40)]
    pub fast_rounds: usize,
    /// Clients that send messages.
    #[arg(long, default_value_t = 100)]
    pub senders: usize,
    /// Messages that each of them sends.
    #[arg(long, default_value_t = 100)]
    pub messages: usize,
    /// HTTP connections at the same time.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Seconds of HTTP requests.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// How often each measurement is repeated; the median is reported.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
}

/// Where the server to measure comes from.
pub enum Place {
    /// Started here, on this database.
    Started(Started),
    /// There already.
    There(There),
}

/// Runs the scenarios one after the other, each on a server that has just been started, where it is started here.
pub async fn run(place: &Place, scenarios: &[Scenario], sizes: &Sizes, report: &mut Report) -> anyhow::Result<()> {
    if let Place::Started(Started { database: Database::Postgres, database_url: None, .. }) = place
        && !Postgres::is_installed()
    {
        report.leave_out(String::from("PostgreSQL, since it is not installed (on Debian: apt-get install postgresql)"));
        return Ok(());
    }
    for scenario in scenarios {
        println!("  {} on {}", scenario.title(), place.name());
        let rows = match scenario.prepare(place).await? {
            Ok(running) => measure(*scenario, &running, sizes).await,
            Err(reason) => {
                report.leave_out(format!("{} on {}: {reason}", scenario.title(), place.name()));
                continue;
            }
        };
        match rows {
            Ok(rows) => report.add(scenario.title(), place.name(), rows),
            // The others may go well.
            Err(error) => report.fail(format!("{} on {}: {error:#}", scenario.title(), place.name())),
        }
    }
    Ok(())
}

async fn measure(scenario: Scenario, running: &Running, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let projects = &running.projects;
    if scenario == Scenario::Idle {
        return idle::measure(running, sizes).await;
    }
    if let Some(project) = scenario.asked(projects) {
        load::warm_up(running, project).await?;
    }
    let mut runs = Vec::new();
    for _ in 0..sizes.runs.max(1) {
        runs.push(match scenario {
            Scenario::Idle => continue,
            Scenario::Stream => stream::paced(running, &projects.paced, sizes).await?,
            Scenario::AtOnce => stream::at_once(running, &projects.at_once, sizes).await?,
            Scenario::Messages => messages::measure(running, sizes).await?,
            Scenario::Init => init::measure(running, sizes).await?,
            Scenario::History => history::measure(running, sizes).await?,
            Scenario::Provider => stream::from_model(running, &projects.model, sizes).await?,
            Scenario::ProviderAtOnce => stream::at_once(running, &projects.model, sizes).await?,
            Scenario::Overhead => overhead::measure(running, &projects.model, sizes).await?,
        });
    }
    Ok(Row::merge(runs))
}

impl Scenario {
    fn title(self) -> &'static str {
        match self {
            Self::Idle => "idle sockets",
            Self::Stream => "stream, paced",
            Self::AtOnce => "stream, at once",
            Self::Messages => "messages",
            Self::Init => "session/init",
            Self::History => "history",
            Self::Provider => "model, paced",
            Self::ProviderAtOnce => "model, at once",
            Self::Overhead => "model, overhead",
        }
    }

    /// The app that is asked questions.
    fn asked(self, projects: &Projects) -> Option<&str> {
        match self {
            Self::Idle | Self::Init => None,
            Self::Stream => Some(&projects.paced),
            Self::AtOnce => Some(&projects.at_once),
            Self::Messages | Self::History => Some(&projects.short),
            Self::Provider | Self::ProviderAtOnce | Self::Overhead => Some(&projects.model),
        }
    }

    /// A server for this scenario, or why there is none.
    async fn prepare(self, place: &Place) -> anyhow::Result<Result<Running, String>> {
        let gap = match self {
            Self::Provider | Self::Overhead => Some(Duration::from_millis(crate::server::hospital::PACE_MS)),
            Self::ProviderAtOnce => Some(Duration::ZERO),
            _ => None,
        };
        match (place, gap) {
            (Place::There(there), None) => Ok(Ok(there.running().await?)),
            (Place::There(there), Some(_)) if there.projects.model.is_empty() => {
                Ok(Err(String::from("left out, since --model-project names no app that uses a model")))
            }
            (Place::There(there), Some(_)) => Ok(Ok(there.running().await?)),
            (Place::Started(started), None) => Ok(Ok(started.start().await?)),
            (Place::Started(started), Some(gap)) => started.start_with_model(gap).await,
        }
    }
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Self::Started(started) => match started.database {
                Database::Sqlite => "SQLite",
                Database::Postgres => "PostgreSQL",
            },
            Self::There(there) => &there.target.authority,
        }
    }
}

/// CPU time between two points, where the server's process is known.
struct Meter {
    pid: Option<u32>,
    before: Option<Usage>,
}

impl Meter {
    fn start(running: &Running) -> Self {
        Self { pid: running.pid, before: running.pid.and_then(Usage::of) }
    }

    fn cpu_seconds(&self) -> Option<f64> {
        Some(self.pid.and_then(Usage::of)?.cpu_seconds - self.before?.cpu_seconds)
    }
}

/// The address to connect to and how to name it.
pub(crate) type Address = (Target, std::net::SocketAddr);
