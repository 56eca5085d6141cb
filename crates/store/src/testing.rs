//! Databases for tests: an SQLite file, or a database on a PostgreSQL that the test process starts for itself.
//!
//! The PostgreSQL server has its own data folder and a free port, does not run as root, and ends with the process
//! that started it, however that ends: it waits on a pipe that only this process holds open.

#![allow(clippy::expect_used, reason = "a test that cannot have its database fails right there")]

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use kuzushi_domain::{Id, id};
use sea_orm::{
    ConnectionTrait, Database, DatabaseTransaction,
    sea_query::{Expr, ExprTrait, Query},
};
use tempfile::TempDir;

pub mod canary;

use crate::{
    DatabaseOptions, Engine, StaffScope, Store, StoreError, TenantScope,
    dialect::KEYS,
    queries::emptied_tenants::tables_of_tenants,
    sealed::{KEY_LENGTH, OperatorKey},
};

/// Turns each `async fn name(engine: Engine) { … }` into two tests, `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($engine:ident: Engine) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $name {
                #[allow(unused_imports, reason = "a scenario may need nothing of its file")]
                use super::*;

                async fn scenario($engine: $crate::Engine) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    scenario($crate::Engine::Sqlite).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    scenario($crate::Engine::Postgres).await;
                }
            }
        )*
    };
}

/// The operator key of every test database.
pub const OPERATOR_KEY: [u8; KEY_LENGTH] = [42; KEY_LENGTH];

/// The file of keys beside a test's SQLite file.
const KEYS_FILE: &str = "kuzushi-keys.db";

/// Durability is not what tests look at; speed is what they need.
const UNSYNCED: [&str; 2] = ["fsync=off", "full_page_writes=off"];

/// A fresh, migrated database of one test.
pub struct TestDatabase {
    pub url: String,
    /// Holds the SQLite file; removed with this value.
    folder: Option<TempDir>,
}

impl TestDatabase {
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("kuzushi.db").display());
                let database = Self { url, folder: Some(folder) };
                database.open().await.migrate().await.expect("migrations");
                database
            }
            Engine::Postgres => Self { url: fresh_postgres_database().await, folder: None },
        }
    }

    pub fn options(&self) -> DatabaseOptions {
        DatabaseOptions { url: self.url.clone(), pool_min: 0, pool_max: 4, group_commit_max: 64, keys_file: None }
    }

    pub async fn open(&self) -> Store {
        self.open_with_key(&OPERATOR_KEY).await
    }

    /// The address for another user of the same PostgreSQL.
    pub fn url_of(&self, user: &str) -> String {
        self.url.replacen("postgres://kuzushi@", &format!("postgres://{user}@"), 1)
    }

    /// Opens it as an operator with another key would.
    pub async fn open_with_key(&self, key: &[u8; KEY_LENGTH]) -> Store {
        let key = OperatorKey::from_bytes(key).expect("a key");
        Store::open(&self.options(), key).await.expect("the database opens")
    }

    /// Does something behind the store's back, also to its keys.
    pub async fn execute(&self, statement: &str) {
        match self.folder() {
            Some(folder) => {
                let keys = folder.join(KEYS_FILE);
                execute(&self.url, &format!("ATTACH DATABASE '{}' AS {KEYS}; {statement}", keys.display())).await;
            }
            None => execute(&self.url, statement).await,
        }
    }

    /// Copies the data, and not the keys, as docs/backup.md says.
    pub fn back_up(&self) -> Backup {
        let copy = tempfile::tempdir().expect("a temporary folder");
        match self.folder() {
            Some(folder) => copy_files(folder, copy.path(), |name| !name.contains("-keys")),
            None => self.dump(&copy.path().join("data.dump"), &format!("--exclude-schema={KEYS}")),
        }
        Backup(copy)
    }

    /// Another database: the data as they were backed up, beside the keys as they are now.
    pub async fn restore(&self, backup: &Backup) -> Self {
        if let Some(present) = self.folder() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            copy_files(backup.0.path(), folder.path(), |_| true);
            copy_files(present, folder.path(), |name| name.contains("-keys"));
            let url = format!("sqlite://{}", folder.path().join("kuzushi.db").display());
            return Self { url, folder: Some(folder) };
        }
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("restored_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let url = Postgres::shared().create_database(&name).await;
        let keys = backup.0.path().join("keys.dump");
        self.dump(&keys, &format!("--schema={KEYS}"));
        for dump in [backup.0.path().join("data.dump"), keys] {
            client("pg_restore", |command| command.arg(format!("--dbname={url}")).arg(dump));
        }
        Self { url, folder: None }
    }

    /// Everything in it as it lies there: the files of SQLite, one after the other; PostgreSQL's rows, bytes in hexadecimal.
    pub fn content(&self) -> Vec<u8> {
        let Some(folder) = self.folder() else { return client("pg_dump", |command| command.arg(&self.url)) };
        let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
        files.flat_map(|file| std::fs::read(file).expect("a file can be read")).collect()
    }

    fn dump(&self, file: &Path, which: &str) {
        client("pg_dump", |command| command.args(["--format=custom", which, "--file"]).arg(file).arg(&self.url));
    }

    /// The folder of the SQLite file; None on PostgreSQL.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }
}

/// A copy of a database's data without its keys; removed with this value.
pub struct Backup(TempDir);

fn copy_files(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let name = entry.expect("a file").file_name();
        if wanted(&name.to_string_lossy()) {
            std::fs::copy(from.join(&name), to.join(&name)).expect("a copy");
        }
    }
}

/// Runs a program that comes with PostgreSQL, and returns what it wrote.
fn client(program: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Vec<u8> {
    let output = arguments(&mut Command::new(programs().expect("PostgreSQL").join(program))).output().expect(program);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a scope's queries read through, for statements that none of them makes.
pub fn reads_of(scope: &TenantScope) -> &impl ConnectionTrait {
    scope.reader()
}

/// What the queries on a tenant's staff, or on the operators, read through.
pub fn reads_of_staff(staff: &StaffScope) -> &impl ConnectionTrait {
    staff.reader()
}

/// What a scope's queries write in.
pub async fn write_of(scope: &TenantScope) -> Result<DatabaseTransaction, StoreError> {
    scope.write().await
}

/// How many rows there are of a tenant, by table; audit trail and keys are not counted.
pub async fn rows_of(store: &Store, tenant: Id<id::Tenant>) -> Result<BTreeMap<String, i64>, StoreError> {
    let reader = &store.connections().reader;
    let mut counts = BTreeMap::new();
    for table in tables_of_tenants(store.connections()).await? {
        let count = Query::select()
            .expr_as(Expr::cust("count(*)"), "rows")
            .from(table.clone())
            .and_where(Expr::col("tenant_id").eq(tenant.uuid()))
            .to_owned();
        let row = reader.query_one(&count).await?.ok_or(StoreError::NotFound)?;
        counts.insert(table, row.try_get("", "rows")?);
    }
    Ok(counts)
}

/// What the installation's queries read through.
pub fn reads_of_installation(store: &Store) -> &impl ConnectionTrait {
    &store.connections().reader
}

/// What the installation's queries write in.
pub async fn write_of_installation(store: &Store) -> Result<DatabaseTransaction, StoreError> {
    store.connections().write().await
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(folder) = self.folder().filter(|_| !thread::panicking()) else { return };
        let found = canary::files_with_it(folder).expect("the database's files can be read");
        assert!(found.is_empty(), "what a patient typed is not sealed in {found:?}");
    }
}

async fn execute(url: &str, statement: &str) {
    let connection = Database::connect(url).await.expect("a connection to the database");
    connection.execute_unprepared(statement).await.expect("a statement");
    connection.close().await.expect("the connection closes");
}

/// A database copied from a template that was migrated once.
async fn fresh_postgres_database() -> String {
    static TEMPLATE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = Postgres::shared();
    TEMPLATE
        .get_or_init(|| async {
            let url = server.create_database("template_kuzushi").await;
            let key = OperatorKey::from_bytes(&OPERATOR_KEY).expect("a key");
            let options = DatabaseOptions { url, pool_min: 0, pool_max: 2, group_commit_max: 1, keys_file: None };
            let store = Store::open(&options, key).await.expect("the template opens");
            store.migrate().await.expect("migrations");
            // A template can be copied only while nobody is connected to it.
            store.connections().schema().clone().close().await.expect("the template closes");
        })
        .await;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    server.execute(&format!("CREATE DATABASE {name} TEMPLATE template_kuzushi")).await;
    server.url(&name)
}

/// A PostgreSQL server of this process.
pub struct Postgres {
    port: u16,
    /// Its standard input is what keeps the server alive.
    _keeper: Child,
}

impl Postgres {
    /// The one server all tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start(&UNSYNCED, canary::report().as_deref())
                .unwrap_or_else(|error| panic!("PostgreSQL for the tests: {error}"))
        })
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://kuzushi@127.0.0.1:{}/{database}", self.port)
    }

    async fn execute(&self, statement: &str) {
        execute(&self.url("postgres"), statement).await;
    }

    /// A server that writes as durably as a hospital's, for measurements.
    pub fn durable() -> io::Result<Self> {
        Self::start(&[], None)
    }

    /// A server whose files are looked through for the [canary] when it ends, which this value's end brings about. The
    /// report then ends with a line that begins with `searched`.
    pub fn searched_at_its_end(report: &Path) -> io::Result<Self> {
        Self::start(&UNSYNCED, Some(report))
    }

    /// Another server like the one that tests share, for what concerns a whole server.
    pub fn unsynced() -> io::Result<Self> {
        Self::start(&UNSYNCED, canary::report().as_deref())
    }

    /// A new, empty database; returns its address.
    pub async fn create_database(&self, name: &str) -> String {
        self.execute(&format!("CREATE DATABASE {name}")).await;
        self.url(name)
    }

    fn start(settings: &[&str], report: Option<&Path>) -> io::Result<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("kuzushi-postgres-").tempdir()?.keep();
        let account = account_for_the_server()?;
        if let Some((user, group)) = account {
            chown(&folder, Some(user), Some(group))?;
        }
        let run_as = |command: &mut Command| {
            if let Some((user, group)) = account {
                command.gid(group).uid(user);
            }
        };
        let data = folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--username=kuzushi", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"])
            .arg(&data)
            .current_dir(&folder);
        run_as(&mut initdb);
        let output = initdb.output()?;
        if !output.status.success() {
            return Err(io::Error::other(format!("initdb: {}", String::from_utf8_lossy(&output.stderr))));
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut keeper = Command::new("sh");
        let search = report.map(|report| write_ahead_log_search(report, &folder)).transpose()?;
        keeper
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            .arg(report.unwrap_or(Path::new("")))
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"])
            .arg(&folder)
            .args(["-c", "max_connections=300"])
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(search.iter().flatten().flat_map(|setting| ["-c", setting]))
            .current_dir(&folder)
            // No argument: PostgreSQL writes those into its folder.
            .env("KUZUSHI_CANARY", canary::CANARY)
            .process_group(0)
            .stdin(Stdio::piped());
        run_as(&mut keeper);
        let keeper = keeper.spawn()?;
        for _ in 0..300 {
            if folder.join(format!(".s.PGSQL.{port}")).exists() && TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Self { port, _keeper: keeper });
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        Err(io::Error::other(format!("it did not start: {log}")))
    }
}

/// Runs the server until its own standard input ends, then searches what it left where a report is wanted, and removes it.
const KEEPER: &str = r#"
folder=$1 report=$2; shift 2
"$@" >"$folder/log" 2>&1 & server=$!
read -r _
kill -INT $server
wait $server
if [ -n "$report" ]; then
    grep -rlaF -- "$KUZUSHI_CANARY" "$folder" | sed 's/^/found /' >>"$report"
    echo "searched $(du -sm "$folder" | cut -f1) MB in $folder" >>"$report"
fi
rm -rf "$folder"
"#;

/// Notes the start in the report, and returns the setting that has each full segment of the write-ahead log searched
/// before it is used again.
fn write_ahead_log_search(report: &Path, folder: &Path) -> io::Result<[String; 2]> {
    let mut file = fs::File::options().append(true).open(report)?;
    writeln!(file, "started {}", folder.display())?;
    let report = report.display();
    let command = format!("if grep -qaF -- \"$KUZUSHI_CANARY\" %p; then echo \"found pg_wal/%f\" >>\"{report}\"; fi");
    Ok(["archive_mode=on".to_owned(), format!("archive_command={command}")])
}

/// The folder with `initdb` and `postgres`: Debian keeps them out of the search path.
fn programs() -> io::Result<PathBuf> {
    let debian =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = debian.chain(std::env::split_paths(&path)).collect();
    folders.sort_by_key(|folder| !folder.starts_with("/usr/lib/postgresql"));
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file()).ok_or_else(
        || io::Error::other("initdb was not found; install PostgreSQL (on Debian: apt-get install postgresql)"),
    )
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`. None: as whoever runs the tests.
fn account_for_the_server() -> io::Result<Option<(u32, u32)>> {
    let output = Command::new("id").arg("-u").output()?;
    if output.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            let fields: Vec<_> =
                accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == *name)?;
            Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
        })
        .map(Some)
        .ok_or_else(|| io::Error::other("there is no account `postgres` or `nobody` to run it as"))
}
