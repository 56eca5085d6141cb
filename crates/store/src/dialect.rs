//! Which database runs. Nothing outside this file, `given.rs` and the migrations may ask.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use kuzushi_domain::{Id, id};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sqlx::{
        self, AssertSqlSafe, Connection, Executor, PgConnection,
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::time::timeout;

use crate::{
    StoreError,
    given::MOST_ROWS,
    group_transaction::{GroupTransaction, SqliteTransaction},
    isolation::{self, Access, TenantConnection},
    policies,
};

/// Where the database is and how many connections to keep.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// `sqlite:///path/to/file` or `postgres://user:password@host/database`.
    pub url: String,
    /// Connections kept open when idle.
    pub pool_min: u32,
    /// Connections at most. On SQLite: readers, beside the one writer.
    pub pool_max: u32,
    /// Writes in one commit at most, up to 1,024; 1 commits each by itself.
    pub group_commit_max: u32,
    /// Where SQLite keeps the keys of conversations and patients. None: in a file beside the database's.
    pub keys_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Open connections. On SQLite one connection writes and several read, because the file has one writer anyway and
/// queueing for it in the process is cheaper and fairer than in the file. On PostgreSQL both are the same pool.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) engine: Engine,
    pub(crate) reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// What one writer alone uses, again and again: it has planned that writer's statements and keeps at hand what they need.
    /// Connections that take turns are each slow at first, and stay slow for long.
    steady: DatabaseConnection,
}

/// How long to wait for a free connection before the database counts as not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages of the SQLite file that the writer, and each reader, keeps. The machine keeps the file in memory anyway; another
/// copy in every reader would only be in the way.
const WRITER_CACHE_KIB: u32 = 2_048;
const READER_CACHE_KIB: u32 = 256;

/// Statements that each connection keeps prepared: those over many rows come in a few sizes each.
const STATEMENTS: usize = 200;

/// The schema of the keys that are kept apart: a schema of its own in PostgreSQL's database, and a file of its own that
/// SQLite's connections attach under this name. So one text of a statement serves both.
pub(crate) const KEYS: &str = "kuzushi_keys";

fn sqlite(options: SqliteConnectOptions, cache_kib: u32) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged message must survive a power cut, not only a crash.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        // What was deleted or replaced is not to be found in the file's free pages.
        .pragma("secure_delete", "ON")
        // What a statement of many rows would have to take back is noted in memory, not in a file of its own each time.
        .pragma("temp_store", "MEMORY")
        // Pages that many writes share go from the log into the file once for all of them. At most 16 MB of log.
        .pragma("wal_autocheckpoint", "4000")
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(MOST_ROWS)
        .pragma("cache_size", format!("-{cache_kib}"))
}

/// Opens the file of keys beside the database, with the same care.
async fn attach(connection: &mut SqliteConnection, keys_file: &str) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("ATTACH DATABASE ? AS {KEYS}")))
        .bind(keys_file)
        .execute(&mut *connection)
        .await?;
    for pragma in ["journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -256"] {
        connection.execute(AssertSqlSafe(format!("PRAGMA {KEYS}.{pragma}"))).await?;
    }
    Ok(())
}

/// The file of keys: the one that is named, or the database's own name with `-keys`.
pub(crate) fn keys_file(options: &DatabaseOptions) -> Result<PathBuf, StoreError> {
    if let Some(file) = &options.keys_file {
        return Ok(file.clone());
    }
    let database: SqliteConnectOptions =
        options.url.parse().map_err(|error: sqlx::Error| StoreError::Other(error.to_string()))?;
    let file = database.get_filename();
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(file.with_file_name(format!("{name}-keys.db")))
}

impl Engine {
    /// Tells the engine by the address.
    pub fn of(url: &str) -> Option<Self> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}

const USERS_OWN_SCHEMAS: &str = r#"
    SELECT array_to_string(ARRAY(SELECT '"' || replace(name, '"', '""') || '"' FROM unnest(current_schemas(false)) AS name), ', ')
    WHERE current_setting('search_path') LIKE '%$user%' AND current_user = ANY (current_schemas(false))"#;

/// Connects once and lets go. A pool would keep trying and, in the end, know only that time was up.
///
/// Returns the schemas to look for tables in, where they depend on who is connected: they have to stay the same when a
/// transaction goes on as another role.
async fn say_why_not(url: &str) -> Result<Option<String>, StoreError> {
    let target: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| StoreError::Other(error.to_string()))?;
    let place = format!("{}:{}", target.get_host(), target.get_port());
    match timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&target)).await {
        Ok(Ok(mut connection)) => {
            let schemas = sqlx::query_scalar(USERS_OWN_SCHEMAS).fetch_optional(&mut connection).await;
            let schemas = schemas.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            connection.close().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            Ok(schemas)
        }
        Ok(Err(error)) => Err(StoreError::Unavailable(format!("{place}: {error}"))),
        Err(_) => Err(StoreError::Unavailable(format!("{place}: no answer"))),
    }
}

/// Whether a connection can be used again. One whose commit failed, and whose rollback failed as well, is in that transaction
/// still: what it wrote next would be part of it, seem committed, and be lost.
async fn is_free(connection: &mut impl Connection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may be on its way; this waits for it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

impl Connections {
    pub(crate) async fn open(options: &DatabaseOptions) -> Result<Self, StoreError> {
        let engine = Engine::of(&options.url)
            .ok_or_else(|| StoreError::Other(String::from("the address must begin with sqlite: or postgres:")))?;
        let mut connect = ConnectOptions::new(&options.url);
        connect
            .sqlx_logging(false)
            // Statements hold no patients' words, but they are noise, and traces must not depend on that.
            .record_stmt_in_spans(false)
            // A ping before each use costs a fifth of the rate; a broken connection is an error that is handled.
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .map_sqlx_postgres_pool_opts(|options| {
                options.before_acquire(|connection, _| Box::pin(is_free(connection)))
            });
        match engine {
            Engine::Postgres => {
                if let Some(schemas) = say_why_not(&options.url).await? {
                    connect.set_schema_search_path(schemas);
                }
                let is_shared = options.pool_max == 1 || options.group_commit_max == 1;
                let most = if is_shared { options.pool_max } else { options.pool_max - 1 };
                let mut steady = connect.clone();
                connect.min_connections(options.pool_min.min(most)).max_connections(most);
                let pool = Database::connect(connect).await?;
                steady.min_connections(1).max_connections(1);
                let steady = if is_shared { pool.clone() } else { Database::connect(steady).await? };
                Ok(Self { engine, reader: pool.clone(), writer: pool, steady })
            }
            Engine::Sqlite => {
                let keys_file: Arc<str> = keys_file(options)?.to_string_lossy().into();
                connect.map_sqlx_sqlite_pool_opts(move |options| {
                    let keys_file = Arc::clone(&keys_file);
                    options.before_acquire(|connection, _| Box::pin(is_free(connection))).after_connect(
                        move |connection, _| {
                            let keys_file = Arc::clone(&keys_file);
                            Box::pin(async move { attach(connection, &keys_file).await })
                        },
                    )
                });
                let mut write = connect.clone();
                write.map_sqlx_sqlite_opts(|options| sqlite(options, WRITER_CACHE_KIB));
                write.min_connections(1).max_connections(1);
                // The writer comes first: it creates the file and turns the journal to WAL.
                let writer = Database::connect(write).await?;
                connect.map_sqlx_sqlite_opts(|options| sqlite(options, READER_CACHE_KIB));
                connect.min_connections(1).max_connections(options.pool_max.max(1));
                let reader = Database::connect(connect).await?;
                Ok(Self { engine, reader, steady: writer.clone(), writer })
            }
        }
    }

    /// A transaction that means to write. On SQLite it takes the write lock at once: one that reads first and
    /// writes later would fail, not wait, when another has written in between.
    ///
    /// It reaches every tenant's rows.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.begin(None).await
    }

    /// The same, for one tenant's rows.
    pub(crate) async fn write_of(&self, tenant: Id<id::Tenant>) -> Result<DatabaseTransaction, StoreError> {
        self.begin(Some(tenant)).await
    }

    async fn begin(&self, tenant: Option<Id<id::Tenant>>) -> Result<DatabaseTransaction, StoreError> {
        match self.engine {
            Engine::Postgres => isolation::begin(&self.writer, tenant).await,
            Engine::Sqlite => {
                let options = TransactionOptions {
                    isolation_level: None::<IsolationLevel>,
                    access_mode: None::<AccessMode>,
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                };
                Ok(self.writer.begin_with_options(options).await?)
            }
        }
    }

    /// The same connections for a writer of groups that is the only one to use the steady one.
    pub(crate) fn of_one_writer(&self) -> Self {
        Self { writer: self.steady.clone(), ..self.clone() }
    }

    /// The transaction of a group of writes, for one tenant's rows.
    pub(crate) async fn group_of(&self, tenant: Id<id::Tenant>) -> Result<GroupTransaction, StoreError> {
        Ok(match self.engine {
            Engine::Postgres => GroupTransaction::Postgres(isolation::begin_group(&self.writer, tenant).await?),
            Engine::Sqlite => {
                let connection = self.writer.get_sqlite_connection_pool().acquire().await.map_err(isolation::failed)?;
                GroupTransaction::Sqlite(SqliteTransaction::on(connection))
            }
        })
    }

    /// For a statement that writes and is its own transaction. It reaches every tenant's rows.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// For statements that read one tenant's rows.
    pub(crate) fn reader_of(&self, tenant: Id<id::Tenant>) -> TenantConnection {
        TenantConnection::new(&self.reader, tenant, Access::Read)
    }

    /// For statements that read what is no tenant's, where a tenant's might be read.
    pub(crate) fn reader_of_nobody(&self) -> TenantConnection {
        TenantConnection::of_nobody(&self.reader, Access::Read)
    }

    /// For a statement that writes one tenant's rows and is its own transaction.
    pub(crate) fn writer_of(&self, tenant: Id<id::Tenant>) -> TenantConnection {
        TenantConnection::new(&self.writer, tenant, Access::Write)
    }

    /// The connection for changes to the schema.
    pub(crate) fn schema(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Whether a transaction writes data and keys together, or not at all. SQLite commits each of its files by itself: there a
    /// key is written before what it seals, and what is erased is on record before its key goes.
    pub(crate) fn commits_keys_with_data(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Leaves nothing of destroyed keys in the file's log. Somebody may be reading: then the next time does it.
    pub(crate) async fn empty_the_log_of_keys(&self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            self.writer.execute_unprepared(&format!("PRAGMA {KEYS}.wal_checkpoint(TRUNCATE)")).await?;
        }
        Ok(())
    }

    /// Leaves nothing of removed rows in the file's log. Somebody may be reading: then the next time does it.
    pub(crate) async fn empty_the_log_of_data(&self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            self.writer.execute_unprepared("PRAGMA main.wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    /// What tells any table's rows apart, as long as a statement runs.
    pub(crate) fn address_of_row(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "rowid",
            Engine::Postgres => "ctid",
        }
    }

    /// The tables whose rows say of which tenant they are, each with the tables that they refer to.
    pub(crate) async fn tables_of_tenants(&self) -> Result<Vec<(String, BTreeSet<String>)>, StoreError> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "SELECT tables.name, coalesce(group_concat(parents.\"table\"), '') AS parents FROM sqlite_master AS tables \
                 JOIN pragma_table_info(tables.name) AS columns ON columns.name = 'tenant_id' \
                 LEFT JOIN pragma_foreign_key_list(tables.name) AS parents ON parents.seq = 0 \
                 WHERE tables.type = 'table' GROUP BY tables.name"
            }
            Engine::Postgres => {
                "SELECT tables.relname::text AS name, coalesce(string_agg(parents.relname::text, ','), '') AS parents \
                 FROM pg_class AS tables \
                 JOIN pg_attribute ON attrelid = tables.oid AND attname = 'tenant_id' AND NOT attisdropped \
                 LEFT JOIN pg_constraint ON conrelid = tables.oid AND contype = 'f' \
                 LEFT JOIN pg_class AS parents ON parents.oid = confrelid \
                 WHERE tables.relnamespace = current_schema()::regnamespace AND tables.relkind IN ('r', 'p') \
                 GROUP BY tables.relname"
            }
        };
        let statement = Statement::from_string(self.reader.get_database_backend(), sql);
        let rows = self.reader.query_all_raw(statement).await?;
        let table = |row: &QueryResult| {
            let parents: String = row.try_get("", "parents")?;
            let parents = parents.split(',').filter(|parent| !parent.is_empty()).map(str::to_owned).collect();
            Ok((row.try_get("", "name")?, parents))
        };
        Ok(rows.iter().map(table).collect::<Result<_, DbErr>>()?)
    }

    /// SQLite's connections bring theirs with them.
    pub(crate) async fn make_schema_of_keys(&self) -> Result<(), DbErr> {
        if self.engine == Engine::Postgres {
            // Asking for it where it exists would take the right to make schemas all the same.
            let sql =
                format!("DO $$ BEGIN IF to_regnamespace('{KEYS}') IS NULL THEN CREATE SCHEMA {KEYS}; END IF; END $$");
            self.writer.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    /// Writes the database's file anew, without what its free pages held from before they were overwritten.
    pub(crate) async fn forget_what_was_freed(&self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            self.writer.execute_unprepared("VACUUM main").await?;
        }
        self.empty_the_log_of_data().await
    }

    /// Whether there may be something to do to the schema beside migrations: on PostgreSQL, where only the tables' owner can,
    /// it is known whether there is.
    pub(crate) async fn wants_its_owner(&self) -> Result<bool, StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(true),
            Engine::Postgres => Ok(!policies::are_built(self.schema()).await?),
        }
    }

    /// What [`Self::keep_tenants_apart`] needs. Done first, it says what the connected user lacks before anything is changed.
    pub(crate) async fn prepare_to_keep_tenants_apart(&self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => policies::prepare(self.schema()).await,
        }
    }

    /// Makes it do so. To be done under the lock for changes to the schema, after them.
    pub(crate) async fn keep_tenants_apart(&self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => policies::build(self.schema()).await,
        }
    }

    /// Lets one node at a time change the schema; released when the transaction ends.
    pub(crate) async fn migration_lock(&self) -> Result<Option<DatabaseTransaction>, StoreError> {
        match self.engine {
            // The file has one writer, and each migration runs in its own transaction.
            Engine::Sqlite => Ok(None),
            Engine::Postgres => {
                let lock = self.writer.begin().await?;
                lock.execute_unprepared("SELECT pg_advisory_xact_lock(7203318805)").await?;
                Ok(Some(lock))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, mem, process};

    use super::*;

    #[tokio::test]
    async fn nothing_is_written_into_a_transaction_that_could_not_be_ended() {
        let folder = env::temp_dir().join(format!("kuzushi-left-in-a-transaction-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("notes.db").display());
        let options = DatabaseOptions { url, pool_min: 1, pool_max: 1, group_commit_max: 1, keys_file: None };
        let connections = Connections::open(&options).await.unwrap();
        connections.writer.execute_unprepared("CREATE TABLE notes (text TEXT)").await.unwrap();
        // How a commit leaves its connection that failed, and whose rollback failed as well.
        let mut connection = connections.writer.get_sqlite_connection_pool().acquire().await.unwrap();
        mem::forget(connection.begin().await.unwrap());
        drop(connection);

        let transaction = connections.write().await.unwrap();
        transaction.execute_unprepared("INSERT INTO notes VALUES ('acknowledged')").await.unwrap();
        transaction.commit().await.unwrap();

        let read = connections.reader.execute_unprepared("DELETE FROM notes").await.unwrap();
        assert_eq!(read.rows_affected(), 1, "another connection sees what was committed");
        fs::remove_dir_all(&folder).unwrap();
    }
}
