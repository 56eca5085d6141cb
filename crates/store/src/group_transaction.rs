//! The transaction of a group of writes, in as few calls as will do.
//!
//! A call is a round trip on PostgreSQL. On SQLite it is handed to the connection's own thread and back, which costs more than
//! most statements do: there a transaction begins with what is asked first, and ends with what is written last.
//!
//! Only the writers of groups use it, in tasks of their own that nobody stops half-way.

use futures_util::TryStreamExt;
use sea_orm::{
    DbBackend, DbErr, QueryResult, Value, Values,
    sqlx::{self, AssertSqlSafe, Either, Executor as _, Postgres, Sqlite, Transaction, pool::PoolConnection},
};
use sea_query_sqlx::SqlxValues;

use crate::{
    StoreError,
    given::{Given, in_turn},
    isolation::failed,
};

/// Begun by [`crate::dialect::Connections::group_of`]. Dropped, it is taken back.
pub(crate) enum GroupTransaction {
    /// As the tenant.
    Postgres(Transaction<'static, Postgres>),
    Sqlite(SqliteTransaction),
}

/// A connection of SQLite's. sqlx knows nothing of the transaction, which begins and ends in the midst of other statements.
pub(crate) struct SqliteTransaction {
    connection: PoolConnection<Sqlite>,
    /// Whether it may have begun and not ended: then the connection must not go back to the others.
    is_open: bool,
}

type Rows = Vec<QueryResult>;

impl GroupTransaction {
    pub(crate) fn backend(&self) -> DbBackend {
        match self {
            Self::Postgres(_) => DbBackend::Postgres,
            Self::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    /// Runs statements one after the other, each on the rows that it is given, and returns the rows of each.
    pub(crate) async fn ask<const COUNT: usize>(
        &mut self,
        statements: [(Given, &str); COUNT],
    ) -> Result<[Rows; COUNT], StoreError> {
        let rows = self.ask_all(statements.into()).await?;
        rows.try_into().map_err(|_| StoreError::Other(String::from("as many results as statements were expected")))
    }

    /// The same for a number of statements that is not always the same.
    pub(crate) async fn ask_all(&mut self, statements: Vec<(Given, &str)>) -> Result<Vec<Rows>, StoreError> {
        let backend = self.backend();
        let statements = statements.into_iter().map(|(given, statement)| given.reading(backend, statement));
        Ok(match self {
            Self::Postgres(transaction) => {
                let mut rows = Vec::with_capacity(statements.len());
                for (sql, values) in statements {
                    let statement = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(Values(values)));
                    let found = statement.fetch_all(&mut **transaction).await.map_err(failed)?;
                    rows.push(found.into_iter().map(QueryResult::from).collect());
                }
                rows
            }
            Self::Sqlite(transaction) => transaction.ask(in_turn(statements)).await?,
        })
    }

    /// Runs statements that write what they are given, each without looking at what the others write, and commits.
    pub(crate) async fn write_and_commit(self, given: Given, statements: &[&str]) -> Result<(), StoreError> {
        let (sql, values) = given.writing(self.backend(), statements);
        match self {
            Self::Postgres(mut transaction) => {
                let statement = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(Values(values)));
                statement.execute(&mut *transaction).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)?;
            }
            Self::Sqlite(transaction) => transaction.commit_after((sql + "; COMMIT", values)).await?,
        }
        Ok(())
    }

    /// Commits what was written by what was asked.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await.map_err(failed)?,
            Self::Sqlite(transaction) => transaction.commit_after((String::from("COMMIT"), Vec::new())).await?,
        }
        Ok(())
    }
}

impl SqliteTransaction {
    pub(crate) fn on(connection: PoolConnection<Sqlite>) -> Self {
        Self { connection, is_open: false }
    }

    async fn ask(&mut self, (sql, values): (String, Vec<Value>)) -> Result<Vec<Rows>, DbErr> {
        if self.is_open {
            return self.call((sql, values)).await;
        }
        // At once with the lock for writing: a transaction that reads first and writes later would fail, not wait, when another
        // has written in between.
        let mut rows = self.call((format!("BEGIN IMMEDIATE; {sql}"), values)).await?;
        rows.remove(0);
        Ok(rows)
    }

    async fn commit_after(mut self, (sql, values): (String, Vec<Value>)) -> Result<(), DbErr> {
        // Where nothing was asked it begins here.
        let sql = if self.is_open { sql } else { format!("BEGIN IMMEDIATE; {sql}") };
        self.call((sql, values)).await?;
        self.is_open = false;
        Ok(())
    }

    /// Returns the rows of each statement.
    async fn call(&mut self, (sql, values): (String, Vec<Value>)) -> Result<Vec<Rows>, DbErr> {
        self.is_open = true;
        let mut steps = self.connection.fetch_many(sqlx::query_with(AssertSqlSafe(sql), SqlxValues(Values(values))));
        let (mut all, mut rows) = (Vec::new(), Vec::new());
        while let Some(step) = steps.try_next().await.map_err(failed)? {
            match step {
                Either::Left(_) => all.push(std::mem::take(&mut rows)),
                Either::Right(row) => rows.push(QueryResult::from(row)),
            }
        }
        Ok(all)
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if self.is_open {
            // Closing it takes the transaction back.
            self.connection.close_on_drop();
        }
    }
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::{Clock, SystemClock};

    use super::*;
    use crate::{NewApp, NewTenant, given, on_both_engines, testing::TestDatabase};

    const RENAME: &str = "UPDATE apps SET name = given.name FROM given \
                          WHERE apps.tenant_id = given.tenant_id AND apps.id = given.id RETURNING apps.name";

    on_both_engines! {
        async fn what_is_not_committed_is_taken_back_and_holds_up_nobody(engine: Engine) {
            let database = TestDatabase::new(engine).await;
            let store = database.open().await;
            let now = SystemClock.now();
            let tenant = NewTenant { name: "Hospital".into(), domain: "hospital.example".into() };
            let tenant = store.installation().create_tenant(tenant, now).await.unwrap().id;
            let scope = store.tenant(tenant).await.unwrap();
            let new = NewApp {
                project_id: "portal".into(),
                name: "Portal".into(),
                description: String::new(),
                allowed_origins: Vec::new(),
            };
            let app = scope.create_app(new, now).await.unwrap().id;
            let renamed = |name: &str| {
                Given::default()
                    .same("tenant_id", tenant.uuid())
                    .each("id", [app.uuid()].into_iter())
                    .each("name", [name.to_owned()].into_iter())
            };
            let name = async || scope.app(app).await.unwrap().name;

            let mut left = store.connections().group_of(tenant).await.unwrap();
            let [first, second] = left.ask([(renamed("Left"), RENAME), (renamed("Right"), RENAME)]).await.unwrap();
            assert_eq!(given::read::<String>(&first).unwrap(), ["Left"]);
            assert_eq!(given::read::<String>(&second).unwrap(), ["Right"]);
            drop(left);

            let mut failing = store.connections().group_of(tenant).await.unwrap();
            failing.ask([(renamed("Failed"), RENAME)]).await.unwrap();
            let nonsense = failing.write_and_commit(renamed("Worse"), &["UPDATE apps SET id = NULL"]);
            assert!(nonsense.await.is_err());
            assert_eq!(name().await, "Portal");

            let mut committed = store.connections().group_of(tenant).await.unwrap();
            committed.ask([(renamed("Written"), RENAME)]).await.unwrap();
            committed.commit().await.unwrap();
            assert_eq!(name().await, "Written");
        }
    }
}
