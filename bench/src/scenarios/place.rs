//! Servers to measure: started here, or there already.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::process::Child;

use super::{Address, provider};
use crate::{
    protocol::Target,
    server::{
        hospital::{self, Apps},
        postgres::{Durability, Postgres},
        process::{Installation, ServerProcess},
    },
    soak::Database,
};

/// The apps to talk to.
#[derive(Debug, Clone)]
pub struct Projects {
    /// Answers as fast as they go.
    pub at_once: String,
    /// Answers at reading pace.
    pub paced: String,
    /// Answers shortly.
    pub short: String,
    /// Answers with a language model. Empty: there is none.
    pub model: String,
}

/// A server to be started for each scenario, on a database of its own unless one is named.
pub struct Started {
    pub binary: PathBuf,
    pub database: Database,
    /// A PostgreSQL database to use instead of one started here.
    pub database_url: Option<String>,
}

/// A server that runs already.
pub struct There {
    pub target: Target,
    pub projects: Projects,
    /// The pause between two words of the paced app.
    pub pace: Duration,
    /// Its process, where it is on this machine.
    pub pid: Option<u32>,
}

/// A server that can be measured now.
pub struct Running {
    pub address: Address,
    pub projects: Projects,
    pub pace: Duration,
    pub pid: Option<u32>,
    // In the order in which they have to go.
    _server: Option<ServerProcess>,
    _model: Option<Child>,
    _postgres: Option<Postgres>,
    _folder: Option<TempDir>,
}

impl There {
    pub async fn running(&self) -> anyhow::Result<Running> {
        Ok(Running {
            address: (self.target.clone(), self.target.address().await?),
            projects: self.projects.clone(),
            pace: self.pace,
            pid: self.pid,
            _server: None,
            _model: None,
            _postgres: None,
            _folder: None,
        })
    }
}

impl Started {
    pub async fn start(&self) -> anyhow::Result<Running> {
        let (installation, folder, postgres) = self.install()?;
        installation.seed(Apps::BuiltIn).await?;
        serve(installation, folder, postgres, None).await
    }

    /// A server that asks a made-up model, whose words are `gap` apart. The inner error: this server knows no models.
    pub async fn start_with_model(&self, gap: Duration) -> anyhow::Result<Result<Running, String>> {
        let (mut installation, folder, postgres) = self.install()?;
        let (model, url) = provider::spawn(gap).await?;
        installation.environment.extend([
            (String::from("OPENAI_BASE_URL"), url.clone()),
            (String::from("OPENAI_API_KEY"), String::from("bench")),
        ]);
        match installation.seed(Apps::Model).await {
            Ok(()) => {
                installation.agree_with(&url).await?;
                Ok(Ok(serve(installation, folder, postgres, Some(model)).await?))
            }
            Err(error) => Ok(Err(format!("the server takes no app with a model ({error:#})"))),
        }
    }

    fn install(&self) -> anyhow::Result<(Installation, TempDir, Option<Postgres>)> {
        let folder = TempDir::with_prefix("kuzushi-bench-")?;
        let (postgres, database_url) = match (self.database, &self.database_url) {
            (Database::Sqlite, _) => (None, None),
            (Database::Postgres, Some(url)) => (None, Some(url.clone())),
            (Database::Postgres, None) => {
                let postgres = Postgres::start(Durability::Disk)?;
                let url = postgres.create_database("bench")?;
                (Some(postgres), Some(url))
            }
        };
        let installation = Installation {
            binary: self.binary.clone(),
            folder: folder.path().to_owned(),
            database_url,
            environment: vec![(String::from("LOG_LEVEL"), String::from("warn"))],
        };
        Ok((installation, folder, postgres))
    }
}

async fn serve(
    installation: Installation,
    folder: TempDir,
    postgres: Option<Postgres>,
    model: Option<Child>,
) -> anyhow::Result<Running> {
    let mut server = ServerProcess::new(installation, "server")?;
    server.start().await?;
    let target = server.target();
    Ok(Running {
        address: (target.clone(), target.address().await?),
        projects: Projects {
            at_once: hospital::AT_ONCE.to_owned(),
            paced: hospital::PACED.to_owned(),
            short: hospital::EMPTY.to_owned(),
            model: hospital::MODEL.to_owned(),
        },
        pace: Duration::from_millis(hospital::PACE_MS),
        pid: server.pid(),
        _server: Some(server),
        _model: model,
        _postgres: postgres,
        _folder: Some(folder),
    })
}
