//! The server as a process of its own, to be measured, stopped, killed and started again.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::hospital::{self, Apps};
use crate::protocol::{Target, http::HttpConnection};

/// How long a server may take to be ready.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Seconds that running answers get when a server is told to stop.
const SHUTDOWN_GRACE: u64 = 3;
/// How long a server may take to stop beyond that.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

const SECRET: &str = "kuzushi-bench: a secret that protects nothing";
/// Thirty-two bytes in base64.
const CONTENT_KEY: &str = "a3V6dXNoaS1iZW5jaC1hLWtleS1mb3Itbm8tc2VjcmU=";

/// What is measured is the work, not how it is rationed: all clients come from one address.
const UNRATIONED: [&str; 9] = [
    "LOGINS_PER_MINUTE_PER_ACCOUNT",
    "LOGINS_PER_MINUTE_PER_ADDRESS",
    "MESSAGES_PER_MINUTE",
    "MESSAGES_PER_MINUTE_PER_ADDRESS",
    "SESSIONS_PER_MINUTE_PER_ADDRESS",
    "REQUESTS_PER_MINUTE_PER_ADDRESS",
    "REQUESTS_PER_MINUTE_PER_SESSION",
    "CONNECTIONS_PER_ADDRESS",
    "WS_MAX_CONNECTIONS",
];
const PLENTY: &str = "10000000";

/// Everything that several starts of a server have in common.
#[derive(Debug, Clone)]
pub struct Installation {
    pub binary: PathBuf,
    /// Where data and logs go.
    pub folder: PathBuf,
    /// None: the embedded database in the folder.
    pub database_url: Option<String>,
    /// Further settings.
    pub environment: Vec<(String, String)>,
}

/// One server, running or not.
pub struct ServerProcess {
    installation: Installation,
    port: u16,
    log: PathBuf,
    child: Option<Child>,
}

impl Installation {
    /// Adds this tool's hospital to the database.
    pub async fn seed(&self, apps: Apps) -> anyhow::Result<()> {
        let files = self.folder.join(match apps {
            Apps::BuiltIn => "hospital",
            Apps::Model => "model-hospital",
        });
        hospital::write(&files, apps)?;
        let output =
            self.command(&self.folder.join("seed.log"))?.arg("seed").arg(&files).stderr(Stdio::piped()).output().await;
        let output = output.with_context(|| format!("{} cannot be run", self.binary.display()))?;
        ensure!(output.status.success(), "seeding: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    /// Lets the model's hospital send what is written to it to this model. Builds from before there were agreements send it anyway.
    pub async fn agree_with(&self, url: &str) -> anyhow::Result<()> {
        let mut command = self.command(&self.folder.join("seed.log"))?;
        command.args(["admin", "agreement", "note", "--tenant", hospital::MODEL_DOMAIN, "--endpoint", url]);
        command.args(["--kind", "own-machines", "--reason", "Made up for this measurement"]).stdout(Stdio::null());
        command.output().await.map(drop).with_context(|| format!("{} cannot be run", self.binary.display()))
    }

    /// A key that opens the whole administration, made on the command line as an operator does.
    pub async fn operator_key(&self) -> anyhow::Result<String> {
        let mut command = self.command(&self.folder.join("keys.log"))?;
        command.args(["admin", "create-key", "--name", "bench"]).stdout(Stdio::piped());
        let output = command.output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let key = text.split_whitespace().find(|word| word.starts_with("key_") && word.matches('_').count() > 1);
        key.map(str::to_owned).with_context(|| format!("no key in: {text}"))
    }

    fn command(&self, log: &Path) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("DATA_DIR", self.folder.join("data"))
            .env("JWT_SECRET", SECRET)
            .env("CONTENT_KEY", CONTENT_KEY)
            .envs(UNRATIONED.map(|name| (name, PLENTY)))
            .env("SHUTDOWN_GRACE", SHUTDOWN_GRACE.to_string())
            .envs(self.database_url.as_ref().map(|url| ("DATABASE_URL", url)))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }
}

impl ServerProcess {
    /// A server on a port of its own, not started yet.
    pub fn new(installation: Installation, name: &str) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = installation.folder.join(format!("{name}.log"));
        Ok(Self { installation, port, log, child: None })
    }

    pub fn target(&self) -> Target {
        Target::local(self.port)
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Everything it has said so far.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Starts it on its data and port, and waits until it is ready.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let mut command = self.installation.command(&self.log)?;
        command.arg("serve").env("PORT", self.port.to_string());
        let child = command.spawn().with_context(|| format!("{} cannot be run", self.installation.binary.display()))?;
        let child = self.child.insert(child);
        let mut http = HttpConnection::new(Target::local(self.port));
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Ok(response) = http.get("/readyz", "").await
                && response.status.is_success()
            {
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended while starting ({status}); its log is {}", self.log.display());
            }
            ensure!(Instant::now() < deadline, "the server was not ready in time; its log is {}", self.log.display());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it ended although nobody told it to.
    pub fn has_died(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.as_mut().map(Child::try_wait).transpose()?.flatten())
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Keeps it from doing anything until [`Self::go_on`], as a machine that hangs does.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).context("the server does not run")?;
        Ok(kill_process(pid, signal)?)
    }

    /// SIGTERM, and waits for the end. False: it had to be killed because it would not go.
    pub async fn stop(&mut self) -> anyhow::Result<bool> {
        if self.pid().is_some() {
            self.signal(Signal::TERM)?;
        }
        let Some(mut child) = self.child.take() else { return Ok(true) };
        let patience = Duration::from_secs(2 * SHUTDOWN_GRACE) + STOP_PATIENCE;
        if let Ok(status) = timeout(patience, child.wait()).await {
            status?;
            return Ok(true);
        }
        child.kill().await?;
        Ok(false)
    }
}
