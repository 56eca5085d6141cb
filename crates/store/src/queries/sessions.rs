//! Conversations: beginning and finding them.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, SelectTwo, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{own_keys::INSERT_KEYS, session_locks::ACTIVITY_STEP};
use crate::{
    Installation, StoreError, TenantScope,
    dialect::Connections,
    entities::{key, session},
    given::Given,
    group_commit::GroupWrite,
    sealed::{Key, Place},
};

/// A conversation, with the key that opens what was said in it.
#[derive(Clone)]
pub struct Session {
    pub id: Id<id::Session>,
    pub tenant: Id<id::Tenant>,
    pub app: Id<id::App>,
    pub widget_instance_id: String,
    /// Whose conversation it is, once somebody has signed in.
    pub owner: Option<SessionOwner>,
    pub config_version: i32,
    /// The `seq` of the newest message; 0 before the first.
    pub last_seq: i64,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_active_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub metadata: SessionMetadata,
    /// None once the content was erased.
    pub(crate) key: Option<Arc<Key>>,
}

/// The patient whose conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionOwner {
    pub user: Id<id::User>,
    /// The login that made it theirs. The session's own token is worth what this login is worth.
    pub login: Id<id::Login>,
}

#[derive(Debug, Clone)]
pub struct NewSession {
    pub app: Id<id::App>,
    pub widget_instance_id: String,
    /// None: nobody is signed in.
    pub owner: Option<SessionOwner>,
    pub config_version: i32,
    pub metadata: SessionMetadata,
}

/// Where and with what a conversation began, as the page told it. Sealed like its messages.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SessionMetadata {
    /// Without query and fragment, which may carry anything.
    pub page_url: Option<String>,
    pub host_origin: Option<String>,
    pub user_agent: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
}

impl std::fmt::Debug for SessionMetadata {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Whether what waits to be erased is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Closed,
    Open,
}

impl Session {
    /// Whether the content was destroyed, or hidden until it may be destroyed.
    pub fn is_erased(&self) -> bool {
        self.key.is_none()
    }
}

/// How metadata lies in its sealed column.
#[derive(Serialize, Deserialize)]
struct StoredMetadata {
    page_url: Option<String>,
    host_origin: Option<String>,
    user_agent: Option<String>,
    locale: Option<String>,
}

fn metadata_place(tenant: Id<id::Tenant>, session: Id<id::Session>) -> Place {
    Place::new(tenant, "sessions", session.uuid(), "metadata")
}

impl TenantScope {
    pub async fn create_session(&self, new: NewSession, now: DateTime<Utc>) -> Result<Session, StoreError> {
        let id = Id::generate();
        let (key, wrapped_key) = self.key().generate_wrapped(Place::conversation_key(self.id(), id))?;
        let metadata = seal_metadata(&key, metadata_place(self.id(), id), new.metadata.clone())?;
        let write = CreateSession {
            id: id.uuid(),
            app: new.app.uuid(),
            widget_instance_id: new.widget_instance_id.clone(),
            owner: new.owner,
            config_version: new.config_version,
            wrapped_key,
            metadata,
            now,
        };
        self.writes().sessions.write(self.id(), write).await?;
        Ok(Session {
            id,
            tenant: self.id(),
            app: new.app,
            widget_instance_id: new.widget_instance_id,
            owner: new.owner,
            config_version: new.config_version,
            last_seq: 0,
            created_at: now,
            last_active_at: now,
            ended_at: None,
            metadata: new.metadata,
            key: Some(Arc::new(key)),
        })
    }

    pub async fn session(&self, id: Id<id::Session>) -> Result<Session, StoreError> {
        let found = self.sessions_with_keys().filter(session::Column::Id.eq(id.uuid())).one(self.reader()).await?;
        let (row, key) = found.ok_or(StoreError::NotFound)?;
        self.open_session(row, key, Hidden::Closed)
    }

    /// The same, opened also where it is hidden because it is to be erased and a legal hold is on it.
    pub async fn session_under_hold(&self, id: Id<id::Session>) -> Result<Session, StoreError> {
        let found = self.sessions_with_keys().filter(session::Column::Id.eq(id.uuid())).one(self.reader()).await?;
        let (row, key) = found.ok_or(StoreError::NotFound)?;
        self.open_session(row, key, Hidden::Open)
    }

    /// A page of a user's conversations, newest first.
    pub async fn sessions_of(
        &self,
        user: Id<id::User>,
        before: Option<Id<id::Session>>,
        limit: u64,
    ) -> Result<Vec<Session>, StoreError> {
        let mut rows = self
            .sessions_with_keys()
            .filter(session::Column::UserId.eq(user.uuid()))
            .order_by_desc(session::Column::Id)
            .limit(limit);
        if let Some(before) = before {
            rows = rows.filter(session::Column::Id.lt(before.uuid()));
        }
        rows.all(self.reader())
            .await?
            .into_iter()
            .map(|(row, key)| self.open_session(row, key, Hidden::Closed))
            .collect()
    }

    /// The tenant's conversations, each with its key where there is one.
    pub(crate) fn sessions_with_keys(&self) -> SelectTwo<session::Entity, key::Entity> {
        let own_key = session::Entity::belongs_to(key::Entity)
            .from((session::Column::TenantId, session::Column::Id))
            .to((key::Column::TenantId, key::Column::Id));
        session::Entity::find()
            .select_also(key::Entity)
            .join(JoinType::LeftJoin, own_key.into())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
    }

    /// Notes that the conversation is in use, where that was not noted lately.
    pub async fn touch_session(&self, session: &Session, now: DateTime<Utc>) -> Result<(), StoreError> {
        if now - session.last_active_at <= ACTIVITY_STEP {
            return Ok(());
        }
        let transaction = self.write().await?;
        session::Entity::update_many()
            .col_expr(session::Column::LastActiveAt, Expr::value(now))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(session.id.uuid()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes which language the visitor wants from now on. Returns the conversation as it is then; what is erased stays as it is.
    pub async fn change_locale(&self, mut session: Session, locale: String) -> Result<Session, StoreError> {
        let Some(key) = session.key.clone() else { return Ok(session) };
        session.metadata.locale = Some(locale);
        let metadata = seal_metadata(&key, metadata_place(self.id(), session.id), session.metadata.clone())?;
        session::Entity::update_many()
            .col_expr(session::Column::Metadata, Expr::value(metadata))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(session.id.uuid()))
            .filter(session::Column::ErasedAt.is_null())
            .exec(&self.writer())
            .await?;
        Ok(session)
    }

    fn open_session(
        &self,
        row: session::Model,
        key: Option<key::Model>,
        hidden: Hidden,
    ) -> Result<Session, StoreError> {
        let id = Id::from_uuid(row.id);
        let key = key
            .filter(|_| row.erased_at.is_none() && (row.erasure_due_at.is_none() || hidden == Hidden::Open))
            .map(|key| self.key().unwrap(&key.wrapped_key, Place::conversation_key(self.id(), id)))
            .transpose()?;
        let metadata = match (&key, &row.metadata) {
            (Some(key), Some(sealed)) => open_metadata(key, metadata_place(self.id(), id), sealed)?,
            _ => SessionMetadata::default(),
        };
        Ok(Session {
            id,
            tenant: self.id(),
            app: Id::from_uuid(row.app_id),
            widget_instance_id: row.widget_instance_id,
            owner: row
                .user_id
                .zip(row.login_id)
                .map(|(user, login)| SessionOwner { user: Id::from_uuid(user), login: Id::from_uuid(login) }),
            config_version: row.config_version,
            last_seq: row.last_seq,
            created_at: row.created_at,
            last_active_at: row.last_active_at,
            ended_at: row.ended_at,
            metadata,
            key: key.map(Arc::new),
        })
    }
}

/// A new conversation's row.
pub(crate) struct CreateSession {
    id: Uuid,
    app: Uuid,
    widget_instance_id: String,
    owner: Option<SessionOwner>,
    config_version: i32,
    wrapped_key: Vec<u8>,
    /// Sealed.
    metadata: Vec<u8>,
    now: DateTime<Utc>,
}

impl GroupWrite for CreateSession {
    type Outcome = ();

    async fn commit(connections: &Connections, tenant: Id<id::Tenant>, writes: &[Self]) -> Result<Vec<()>, StoreError> {
        // On PostgreSQL one statement is all of the transaction; on SQLite the keys come first.
        Given::default()
            .same("tenant_id", tenant.uuid())
            .each("id", writes.iter().map(|write| write.id))
            .each("app_id", writes.iter().map(|write| write.app))
            .each("widget_instance_id", writes.iter().map(|write| write.widget_instance_id.clone()))
            .some("user_id", writes.iter().map(|write| write.owner.map(|owner| owner.user.uuid())))
            .some("login_id", writes.iter().map(|write| write.owner.map(|owner| owner.login.uuid())))
            .each("config_version", writes.iter().map(|write| write.config_version))
            .each("wrapped_key", writes.iter().map(|write| write.wrapped_key.clone()))
            .each("metadata", writes.iter().map(|write| write.metadata.clone()))
            .each("now", writes.iter().map(|write| write.now))
            .execute(&connections.writer_of(tenant), &[INSERT_KEYS, INSERT_SESSIONS])
            .await?;
        Ok(vec![(); writes.len()])
    }
}

const INSERT_SESSIONS: &str = "\
    INSERT INTO sessions (id, tenant_id, app_id, widget_instance_id, user_id, login_id, config_version, last_seq, \
                          metadata, created_at, last_active_at) \
    SELECT id, tenant_id, app_id, widget_instance_id, user_id, login_id, config_version, 0, metadata, now, now FROM given";

impl Installation {
    /// Of these conversations, those that have newer messages than the given `seq`, or have ended; with their newest.
    pub async fn conversations_changed_since(
        &self,
        known: &HashMap<Id<id::Session>, i64>,
    ) -> Result<Vec<(Id<id::Session>, i64)>, StoreError> {
        let rows: Vec<(Uuid, i64, Option<DateTime<Utc>>)> = session::Entity::find()
            .select_only()
            .columns([session::Column::Id, session::Column::LastSeq, session::Column::EndedAt])
            .filter(session::Column::Id.is_in(known.keys().map(|id| id.uuid())))
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, last_seq, ended_at)| (Id::from_uuid(id), last_seq, ended_at))
            .filter(|(id, last_seq, ended_at)| {
                ended_at.is_some() || known.get(id).is_some_and(|known| last_seq > known)
            })
            .map(|(id, last_seq, _)| (id, last_seq))
            .collect())
    }
}

fn seal_metadata(key: &Key, place: Place, metadata: SessionMetadata) -> Result<Vec<u8>, StoreError> {
    let SessionMetadata { page_url, host_origin, user_agent, locale } = metadata;
    let stored = StoredMetadata { page_url, host_origin, user_agent, locale };
    let json = serde_json::to_vec(&stored).map_err(|error| StoreError::Other(error.to_string()))?;
    Ok(key.seal(&json, place)?)
}

fn open_metadata(key: &Key, place: Place, sealed: &[u8]) -> Result<SessionMetadata, StoreError> {
    let StoredMetadata { page_url, host_origin, user_agent, locale } =
        serde_json::from_slice(&key.open(sealed, place)?).map_err(|error| StoreError::Other(error.to_string()))?;
    Ok(SessionMetadata { page_url, host_origin, user_agent, locale })
}
