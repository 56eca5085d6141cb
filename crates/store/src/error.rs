//! What can go wrong with the store, as far as a caller can act on it.

use kuzushi_domain::StaffRole;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use crate::sealed::{KeyError, SealError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The record does not exist, or belongs to another tenant, which must look the same.
    #[error("no such record")]
    NotFound,
    /// A rule that the database enforces was broken; the text names the constraint.
    #[error("conflict: {0}")]
    Conflict(String),
    /// Somebody else was faster: what the change was meant for is no longer the newest. Holds what is.
    #[error("it was changed in the meantime, to {newest:?}")]
    Changed { newest: Option<i32> },
    /// The legal hold was lifted already.
    #[error("it was lifted in the meantime")]
    Lifted,
    /// A legal hold is on something of the tenant's: it must not be erased as a whole.
    #[error("a legal hold is in force")]
    Held,
    /// New conversations are divided by a split of which the caller does not know. Holds its number.
    #[error("split {number} runs")]
    Divided { number: i32 },
    /// A second person has to approve it.
    #[error("a second person has to approve it")]
    ApprovalNeeded,
    /// A config version has not passed the suite that its app requires.
    #[error("version {} has not passed the suite `{}`", .0.version, .0.requirement.suite)]
    Unproven(Box<crate::Unproven>),
    /// The suite is required of config versions, and cannot be removed.
    #[error("the suite is required")]
    SuiteRequired,
    /// A suite is being asked of one of the app's versions already.
    #[error("an evaluation runs")]
    EvaluationRuns,
    /// Who asked for something cannot approve or refuse it.
    #[error("another person has to decide this")]
    SecondPersonNeeded,
    /// Only who asked for something can withdraw it.
    #[error("somebody else asked for it")]
    NotTheirs,
    /// The request was decided, or is over.
    #[error("the request is {}", state.as_str())]
    RequestClosed { state: crate::RequestState },
    /// What is still open cannot be destroyed.
    #[error("it is not closed")]
    NotClosed,
    /// Nobody would be left who answers for everything: no other of this role can sign in.
    #[error("there is no other {role}")]
    LastInCharge { role: StaffRole },
    /// The database cannot be reached at the moment. Trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Stored content that the keys at hand do not open.
    #[error("stored content cannot be opened: {0}")]
    Sealed(#[from] SealError),
    /// The program that wraps and unwraps keys did not do it. For the operator, not for who asked.
    #[error("{0}")]
    KeyProgram(String),
    /// The store of keys is not the one that belongs to the database.
    #[error("{0}")]
    OtherKeys(&'static str),
    #[error("{0}")]
    Other(String),
}

impl From<KeyError> for StoreError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Seal(error) => Self::Sealed(error),
            KeyError::Program(complaint) => Self::KeyProgram(complaint),
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(constraint) | SqlErr::ForeignKeyConstraintViolation(constraint)) =
            error.sql_err()
        {
            return Self::Conflict(constraint);
        }
        match &error {
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::NotFound,
            DbErr::ConnectionAcquire(_) => Self::Unavailable(error.to_string()),
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause))
                if is_outage(cause) =>
            {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // PostgreSQL: connection exceptions, too many connections, shutting down or starting up.
            // SQLite: busy, locked, I/O error, full, cannot open (primary result codes and extended ones).
            let postgres =
                code.len() == 5 && (code.starts_with("08") || code.starts_with("53") || code.starts_with("57P"));
            let sqlite =
                code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14));
            postgres || sqlite
        }),
        _ => false,
    }
}
