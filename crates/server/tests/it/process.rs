//! The `kuzushi` binary as a process of its own, to be stopped, killed and started again.

use std::{
    fs::File,
    net::TcpListener,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kuzushi_store::{
    Engine,
    testing::{OPERATOR_KEY, TestDatabase},
};
use tempfile::TempDir;

use crate::{canary::files_with_it, server::Server};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct ServerProcess {
    server: Server,
    database: TestDatabase,
    folder: TempDir,
    port: u16,
    settings: Vec<(String, String)>,
    child: Option<Child>,
}

impl Deref for ServerProcess {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// `kuzushi` with nothing of this process's environment that it reads.
pub fn kuzushi(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kuzushi"));
    command.env_clear().env("DATA_DIR", folder.join("data")).current_dir(folder).stdin(Stdio::null());
    command
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

impl ServerProcess {
    /// `kuzushi serve` with the small hospital in its database.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Vec::new(), Server::at).await
    }

    /// The same with settings, and with the client that they want.
    pub async fn start_with(
        engine: Engine,
        settings: Vec<(String, String)>,
        client: impl FnOnce(String) -> Server,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let server = client(format!("127.0.0.1:{port}"));
        let mut process =
            Self { server, database: TestDatabase::new(engine).await, folder, port, settings, child: None };
        let hospital = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/hospital");
        let seeded = process.command(&["seed", hospital]).status().expect("kuzushi seed runs");
        assert!(seeded.success());
        process.start_again().await;
        process
    }

    /// Sets a variable for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// `kuzushi admin` on the same database.
    pub fn admin(&self, arguments: &[&str]) {
        let done = self.command(&[&["admin"][..], arguments].concat()).status().expect("kuzushi admin runs");
        assert!(done.success(), "{arguments:?}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let log = File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut command = kuzushi(self.folder.path());
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database.url)
            .env("CONTENT_KEY", STANDARD.encode(OPERATOR_KEY))
            .env("JWT_SECRET", crate::app::SECRET)
            .env("PORT", self.port.to_string())
            .env("LOG_LEVEL", "trace")
            .envs(self.settings.iter().cloned())
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    /// What `kuzushi` says with these arguments, on the same database.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).stdout(Stdio::piped()).output().expect("kuzushi runs");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// As [`TestDatabase::content`].
    pub fn database_content(&self) -> Vec<u8> {
        self.database.content()
    }

    /// What the process has logged, at every level.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The folder of the SQLite file; None on PostgreSQL.
    pub fn database_folder(&self) -> Option<&Path> {
        self.database.folder()
    }

    pub async fn start_again(&mut self) {
        self.child = Some(self.command(&["serve"]).spawn().expect("kuzushi serve starts"));
        let ready = async {
            while self.request(reqwest::Method::GET, "/readyz").send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the server is ready in time");
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the process is killed");
            child.wait().expect("the process is gone");
        }
    }

    /// Sends the running process a signal.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("a running process");
        let told = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    /// SIGTERM, and what the process makes of it.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("a running process");
        let stopped = tokio::task::spawn_blocking(move || child.wait().expect("an exit status"));
        tokio::time::timeout(PATIENCE, stopped).await.expect("the server stops in time").expect("waiting")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            let found = files_with_it(self.folder.path()).expect("its files can be read");
            assert!(found.is_empty(), "what a patient typed lies in {found:?}");
        }
    }
}
