//! Conversations: beginning, finding, ending, erasing.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{CaseStatement, Expr},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Installation, StoreError, TenantScope,
    dialect::Connections,
    entities::{message, session, turn},
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
    pub config_version: i32,
    /// The `seq` of the newest message; 0 before the first.
    pub last_seq: i64,
    pub created_at: DateTime<Utc>,
    pub last_active_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub metadata: SessionMetadata,
    /// None once the content was erased.
    pub(crate) key: Option<Arc<Key>>,
}

#[derive(Debug, Clone)]
pub struct NewSession {
    pub app: Id<id::App>,
    pub widget_instance_id: String,
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

impl Session {
    /// Whether the content was destroyed.
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
        let row = session::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(new.app.uuid()),
            widget_instance_id: Set(new.widget_instance_id.clone()),
            user_id: Set(None),
            config_version: Set(new.config_version),
            last_seq: Set(0),
            wrapped_key: Set(Some(wrapped_key)),
            metadata: Set(Some(metadata)),
            created_at: Set(now),
            last_active_at: Set(now),
            ended_at: Set(None),
        };
        self.writes().sessions.write(self.id(), CreateSession(row)).await?;
        Ok(Session {
            id,
            tenant: self.id(),
            app: new.app,
            widget_instance_id: new.widget_instance_id,
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
        let row = session::Entity::find_by_id(id.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)?;
        self.open_session(row)
    }

    /// Notes that the conversation is in use.
    pub async fn touch_session(&self, id: Id<id::Session>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        session::Entity::update_many()
            .col_expr(session::Column::LastActiveAt, Expr::value(now))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a conversation and closes its open turns; with `erase` also destroys its key and content.
    /// Ending what has ended keeps the first time. Returns when it ended.
    pub async fn end_session(
        &self,
        id: Id<id::Session>,
        erase: bool,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let transaction = self.write().await?;
        let row = session::Entity::find_by_id(id.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        let ended_at = row.ended_at.unwrap_or(now);
        let mut update = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(ended_at))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(id.uuid()));
        if erase {
            update = update
                .col_expr(session::Column::WrappedKey, Expr::value(None::<Vec<u8>>))
                .col_expr(session::Column::Metadata, Expr::value(None::<Vec<u8>>));
            message::Entity::delete_many()
                .filter(message::Column::TenantId.eq(self.id().uuid()))
                .filter(message::Column::SessionId.eq(id.uuid()))
                .exec(&transaction)
                .await?;
        }
        update.exec(&transaction).await?;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(kuzushi_domain::TurnState::Cancelled.as_str()))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(turn::Column::SessionId.eq(id.uuid()))
            .filter(super::turns::is_open())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended_at)
    }

    pub(crate) fn open_session(&self, row: session::Model) -> Result<Session, StoreError> {
        let id = Id::from_uuid(row.id);
        let key = row
            .wrapped_key
            .map(|wrapped| self.key().unwrap(&wrapped, Place::conversation_key(self.id(), id)))
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
pub(crate) struct CreateSession(session::ActiveModel);

impl GroupWrite for CreateSession {
    type Outcome = ();

    async fn commit(
        connections: &Connections,
        _tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<()>, StoreError> {
        let rows = writes.iter().map(|CreateSession(row)| row.clone());
        // One statement is its own transaction.
        session::Entity::insert_many(rows).exec_without_returning(connections.writer()).await?;
        Ok(vec![(); writes.len()])
    }
}

/// A conversation whose row is locked: what a message needs to know to be stored in it.
pub(crate) struct LockedSession {
    pub last_seq: i64,
    pub has_ended: bool,
    /// Whether messages were added to it in this transaction.
    pub has_news: bool,
}

/// Takes conversations' rows for the rest of the transaction: the lock under which `seq` is given. Those that do not
/// exist are left out. Always in the same order, so that two transactions never wait for each other.
pub(crate) async fn lock_sessions(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    sessions: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, LockedSession>, StoreError> {
    let mut ids: Vec<_> = sessions.collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(Uuid, i64, Option<DateTime<Utc>>)> = session::Entity::find()
        .select_only()
        .columns([session::Column::Id, session::Column::LastSeq, session::Column::EndedAt])
        .filter(session::Column::TenantId.eq(tenant.uuid()))
        .filter(session::Column::Id.is_in(ids))
        .order_by_asc(session::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(transaction)
        .await?;
    let locked = |(id, last_seq, ended_at): (Uuid, i64, Option<DateTime<Utc>>)| {
        (id, LockedSession { last_seq, has_ended: ended_at.is_some(), has_news: false })
    };
    Ok(rows.into_iter().map(locked).collect())
}

/// Notes the newest `seq` of the conversations that have news, in one statement.
pub(crate) async fn note_messages(
    transaction: &DatabaseTransaction,
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut news: Vec<_> =
        sessions.iter().filter(|(_, session)| session.has_news).map(|(id, session)| (*id, session.last_seq)).collect();
    news.sort_unstable();
    let mut last_seq = CaseStatement::new();
    for (id, seq) in &news {
        last_seq = last_seq.case(session::Column::Id.eq(*id), *seq);
    }
    session::Entity::update_many()
        .col_expr(session::Column::LastSeq, last_seq.finally(Expr::col(session::Column::LastSeq)).into())
        .col_expr(session::Column::LastActiveAt, Expr::value(now))
        .filter(session::Column::TenantId.eq(tenant.uuid()))
        .filter(session::Column::Id.is_in(news.iter().map(|(id, _)| *id)))
        .exec(transaction)
        .await?;
    Ok(())
}

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
