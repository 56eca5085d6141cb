//! The lock under which a conversation's messages get their `seq`.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use crate::{
    StoreError,
    given::{self, Given},
};

/// How exactly it is noted when a conversation was last in use: what every message changed would cost as much as the message.
pub(crate) const ACTIVITY_STEP: TimeDelta = TimeDelta::minutes(1);

/// A conversation whose row is locked: what a message needs to know to be stored in it.
pub(crate) struct LockedSession {
    pub last_seq: i64,
    pub has_ended: bool,
    pub last_active_at: DateTime<Utc>,
    /// The login that made it its patient's.
    pub login: Option<Uuid>,
}

impl LockedSession {
    /// Whether a message at this time is worth noting that the conversation is in use.
    pub(crate) fn is_active_again(&self, now: DateTime<Utc>) -> bool {
        now - self.last_active_at > ACTIVITY_STEP
    }
}

type LockedRow = (Uuid, i64, Option<DateTime<Utc>>, DateTime<Utc>, Option<Uuid>);

/// Takes conversations' rows for the rest of the transaction: the lock under which `seq` is given. Those that do not
/// exist are left out. Always in the same order, so that two transactions never wait for each other.
pub(crate) fn locking_sessions(
    tenant: Id<id::Tenant>,
    sessions: impl Iterator<Item = Uuid>,
    backend: DbBackend,
) -> (Given, String) {
    let ids: BTreeSet<_> = sessions.collect();
    let sql = format!(
        "SELECT sessions.id, sessions.last_seq, sessions.ended_at, sessions.last_active_at, sessions.login_id \
         FROM given JOIN sessions ON sessions.tenant_id = given.tenant_id AND sessions.id = given.id \
         ORDER BY sessions.id {}",
        given::locked(backend, "sessions")
    );
    (Given::default().same("tenant_id", tenant.uuid()).each("id", ids.into_iter()), sql)
}

/// What [`locking_sessions`] found.
pub(crate) fn locked_sessions(rows: &[QueryResult]) -> Result<HashMap<Uuid, LockedSession>, StoreError> {
    let locked = |(id, last_seq, ended_at, last_active_at, login): LockedRow| {
        (id, LockedSession { last_seq, has_ended: ended_at.is_some(), last_active_at, login })
    };
    Ok(given::read(rows)?.into_iter().map(locked).collect())
}

/// Locks conversations in a transaction that writes no group.
pub(crate) async fn lock_sessions(
    transaction: &impl ConnectionTrait,
    tenant: Id<id::Tenant>,
    sessions: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, LockedSession>, StoreError> {
    let backend = transaction.get_database_backend();
    let (locking, lock) = locking_sessions(tenant, sessions, backend);
    let (sql, values) = locking.reading(backend, &lock);
    locked_sessions(&transaction.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
}

/// Notes the newest of the messages that were given, for each conversation.
pub(crate) const NOTE_NEWEST: &str = "\
    UPDATE sessions SET last_seq = given.seq FROM given \
    WHERE sessions.tenant_id = given.tenant_id AND sessions.id = given.session_id AND given.is_newest";

/// As [`NOTE_NEWEST`], and that conversations were in use, where it is time to note that. Two indexes are in the order of their use,
/// which SQLite writes anew as soon as the column is named.
pub(crate) const NOTE_NEWEST_AND_USE: &str = "\
    UPDATE sessions SET last_seq = given.seq, \
        last_active_at = CASE WHEN given.is_active THEN given.created_at ELSE sessions.last_active_at END FROM given \
    WHERE sessions.tenant_id = given.tenant_id AND sessions.id = given.session_id AND given.is_newest";
