//! The third wall between tenants, behind the scope's type and the conditions of its queries: on PostgreSQL each statement of
//! a scope runs as a role that owns nothing, in a transaction that says whose rows it may reach. A query that forgot its
//! condition then finds the tenant's own rows and no others. What the role may do is in `policies.rs`.
//!
//! Role and tenant are set for one transaction, so neither outlives it on a pooled connection. SQLite has no roles and no
//! policies: there the types and the queries are all there is, and statements run as they are.

use std::sync::Arc;

use kuzushi_domain::{Id, id};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, TransactionTrait, Values,
    entity::prelude::async_trait,
    sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, Postgres, Transaction, pool::PoolConnection},
};
use sea_query_sqlx::SqlxValues;

use crate::{StoreError, policies::become_tenant};

/// Runs each statement as a tenant, in a transaction of its own.
#[derive(Clone)]
pub(crate) struct TenantConnection {
    connection: DatabaseConnection,
    /// How that transaction begins. None on SQLite: each statement is its own.
    begin: Option<Arc<str>>,
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl TenantConnection {
    pub(crate) fn new(connection: &DatabaseConnection, tenant: Id<id::Tenant>, access: Access) -> Self {
        let begin = match (connection.get_database_backend(), access) {
            (DbBackend::Sqlite, _) => None,
            (_, Access::Read) => Some(format!("BEGIN READ ONLY; {}", become_tenant(tenant)).into()),
            (_, Access::Write) => Some(format!("BEGIN; {}", become_tenant(tenant)).into()),
        };
        Self { connection: connection.clone(), begin, access }
    }

    /// Runs each statement as who is connected: for what is no tenant's.
    pub(crate) fn of_nobody(connection: &DatabaseConnection, access: Access) -> Self {
        Self { connection: connection.clone(), begin: None, access }
    }

    async fn borrow(&self) -> Result<Borrowed, DbErr> {
        let connection = self.connection.get_postgres_connection_pool().acquire().await.map_err(failed)?;
        Ok(Borrowed { connection, is_settled: false })
    }

    async fn end(&self, transaction: Transaction<'_, Postgres>) -> Result<(), DbErr> {
        match self.access {
            // The rollback goes out with what the pool asks of every connection that comes back. Nobody waits for it.
            Access::Read => Ok(()),
            Access::Write => transaction.commit().await.map_err(failed),
        }
    }
}

/// A connection of the pool.
struct Borrowed {
    connection: PoolConnection<Postgres>,
    /// Whether its transaction is known to have begun. Until then, dropping it would leave nobody to end that transaction.
    is_settled: bool,
}

impl Borrowed {
    async fn begin(&mut self, begin: &Arc<str>) -> Result<Transaction<'_, Postgres>, DbErr> {
        let transaction = self.connection.begin_with(AssertSqlSafe(Arc::clone(begin))).await.map_err(failed)?;
        self.is_settled = true;
        Ok(transaction)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if !self.is_settled {
            self.connection.close_on_drop();
        }
    }
}

type Prepared<'q> = sqlx::query::Query<'q, Postgres, SqlxValues>;

/// A connection keeps it prepared under its text, as it does for SeaORM.
fn prepared(statement: Statement) -> Prepared<'static> {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

pub(crate) fn failed(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        other => DbErr::Query(RuntimeErr::SqlxError(other.into())),
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantConnection {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Some(begin) = &self.begin else { return self.connection.execute_raw(statement).await };
        let mut borrowed = self.borrow().await?;
        let mut transaction = borrowed.begin(begin).await?;
        let result = prepared(statement).execute(&mut *transaction).await.map_err(failed)?;
        self.end(transaction).await?;
        Ok(result.into())
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let Some(begin) = &self.begin else { return self.connection.execute_unprepared(sql).await };
        let mut borrowed = self.borrow().await?;
        let mut transaction = borrowed.begin(begin).await?;
        let result = transaction.execute(AssertSqlSafe(sql)).await.map_err(failed)?;
        self.end(transaction).await?;
        Ok(result.into())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let Some(begin) = &self.begin else { return self.connection.query_one_raw(statement).await };
        let mut borrowed = self.borrow().await?;
        let mut transaction = borrowed.begin(begin).await?;
        let row = prepared(statement).fetch_optional(&mut *transaction).await.map_err(failed)?;
        self.end(transaction).await?;
        Ok(row.map(QueryResult::from))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(begin) = &self.begin else { return self.connection.query_all_raw(statement).await };
        let mut borrowed = self.borrow().await?;
        let mut transaction = borrowed.begin(begin).await?;
        let rows = prepared(statement).fetch_all(&mut *transaction).await.map_err(failed)?;
        self.end(transaction).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}

/// Rows of groups are looked up by their keys, however many there are: one plan will do for every group of a size. Otherwise
/// PostgreSQL plans each statement anew five times on each connection, which takes longer than the statement.
const PLAN_ONCE: &str = "SET LOCAL plan_cache_mode = force_generic_plan";

/// Begins a transaction on PostgreSQL as a tenant, in one call. For tasks that nobody stops half-way.
pub(crate) async fn begin_group(
    connection: &DatabaseConnection,
    tenant: Id<id::Tenant>,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let begin = AssertSqlSafe(format!("BEGIN; {PLAN_ONCE}; {}", become_tenant(tenant)));
    Ok(connection.get_postgres_connection_pool().begin_with(begin).await.map_err(failed)?)
}

/// Begins a transaction on PostgreSQL, as a tenant or as who is connected.
///
/// In a task of its own: who waits for it may stop doing so at any moment, and a connection whose transaction nobody knows
/// to have begun would go back to the others with it.
pub(crate) async fn begin(
    connection: &DatabaseConnection,
    tenant: Option<Id<id::Tenant>>,
) -> Result<DatabaseTransaction, StoreError> {
    let connection = connection.clone();
    let begun = tokio::spawn(async move {
        let transaction = connection.begin().await?;
        if let Some(tenant) = tenant {
            transaction.execute_unprepared(&become_tenant(tenant)).await?;
        }
        Ok::<_, DbErr>(transaction)
    });
    Ok(begun.await.map_err(|error| StoreError::Unavailable(error.to_string()))??)
}
