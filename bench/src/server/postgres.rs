//! A PostgreSQL of this tool's own, not run as root, that ends when this process ends, however that ends.

use std::{
    fs, io,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

/// How careful the database is with its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: what is committed is on the disk.
    Disk,
    /// Committed data survives the database's own death, though not the machine's. Much faster.
    Process,
}

pub struct Postgres {
    programs: PathBuf,
    account: Option<(u32, u32)>,
    folder: PathBuf,
    port: u16,
    options: String,
    /// Stops the database and removes its folder once its standard input ends, which it does with this process.
    keeper: Option<Child>,
}

impl Postgres {
    /// Whether this machine has the programs.
    pub fn is_installed() -> bool {
        programs().is_ok()
    }

    /// Makes a fresh cluster and starts it.
    pub fn start(durability: Durability) -> anyhow::Result<Self> {
        let programs = programs()?;
        let account = account_for_the_server()?;
        let folder = TempDir::with_prefix("kuzushi-bench-postgres-")?.keep();
        if let Some((user, group)) = account {
            chown(&folder, Some(user), Some(group))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let careless = match durability {
            Durability::Disk => "",
            Durability::Process => " -c fsync=off -c full_page_writes=off",
        };
        let options = format!("-p {port} -h 127.0.0.1 -k {} -c max_connections=200{careless}", folder.display());
        let mut postgres = Self { programs, account, folder, port, options, keeper: None };
        postgres.keeper = Some(postgres.keep()?);
        postgres.run(
            "initdb",
            &["--username=kuzushi", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata=data"],
        )?;
        postgres.control(&["start", "-o", &postgres.options])?;
        Ok(postgres)
    }

    /// A new, empty database.
    pub fn create_database(&self, name: &str) -> anyhow::Result<String> {
        let port = self.port.to_string();
        self.run("createdb", &["--host=127.0.0.1", "--port", &port, "--username=kuzushi", name])?;
        Ok(format!("postgres://kuzushi@127.0.0.1:{port}/{name}"))
    }

    /// Ends every database process at once, as a crash does, and starts anew: what was committed is recovered.
    pub fn crash_and_restart(&self) -> anyhow::Result<()> {
        self.control(&["restart", "-m", "immediate", "-o", &self.options])
    }

    /// Ends every database process at once.
    pub fn crash(&self) -> anyhow::Result<()> {
        self.control(&["stop", "-m", "immediate"])
    }

    pub fn start_again(&self) -> anyhow::Result<()> {
        self.control(&["start", "-o", &self.options])
    }

    fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let (action, rest) = arguments.split_first().context("an action")?;
        let all = [&[*action, "-w", "-s", "-D", "data", "-l", "log"], rest].concat();
        self.run("pg_ctl", &all).with_context(|| {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(8).collect();
            format!("PostgreSQL's log, newest first:\n{}", lines.join("\n"))
        })
    }

    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = self.command(&self.programs.join(program));
        // What it starts must not hold this process's output open, so it goes to a file.
        let output = self.folder.join("output");
        let file = fs::File::create(&output)?;
        let status = command.args(arguments).stdout(file.try_clone()?).stderr(file).stdin(Stdio::null()).status()?;
        ensure!(status.success(), "{program}: {}", fs::read_to_string(&output).unwrap_or_default());
        Ok(())
    }

    fn keep(&self) -> io::Result<Child> {
        let script = r#"read -r _; "$1" stop -m immediate -s -D "$2/data" >/dev/null 2>&1; rm -rf "$2""#;
        let mut command = self.command(Path::new("sh"));
        command.args(["-c", script, "sh"]).arg(self.programs.join("pg_ctl")).arg(&self.folder);
        // In a group of its own, so that an interrupt from the keyboard leaves it time to tidy up.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        if let Some((user, group)) = self.account {
            command.gid(group).uid(user);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

/// The folder with `initdb` and `pg_ctl`: Debian keeps them out of the search path.
fn programs() -> anyhow::Result<PathBuf> {
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        debian.into_iter().rev().chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file());
    found.context("initdb was not found; install PostgreSQL (on Debian: apt-get install postgresql)")
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`. None: as whoever runs this.
fn account_for_the_server() -> anyhow::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    for name in ["postgres", "nobody"] {
        for fields in accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()) {
            if let [account, _, user, group, ..] = fields.as_slice()
                && *account == name
            {
                return Ok(Some((user.parse()?, group.parse()?)));
            }
        }
    }
    bail!("PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as")
}
