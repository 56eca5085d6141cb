//! Calls: that they took place, and how. What was said in them is in the conversation.

use chrono::{DateTime, Utc};
use kuzushi_domain::{CallOutcome, CallQuality, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{nodes::other_nodes_alive, session_locks::lock_sessions};
use crate::{Installation, Session, StoreError, TenantScope, entities::voice_session};

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: Id<id::Call>,
    pub session: Id<id::Session>,
    /// Who serves it: `builtin`, `external` or `openai`.
    pub provider: String,
    pub started_at: DateTime<Utc>,
    /// How it ended. None: it goes on.
    pub end: Option<EndedCall>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EndedCall {
    pub at: DateTime<Utc>,
    /// Whole seconds from its beginning to its end.
    pub seconds: i64,
    pub outcome: CallOutcome,
    pub quality: CallQuality,
}

/// The figures as they lie in their column.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredQuality {
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_after_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_received: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_lost: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruptions: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    median_response_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slowest_response_ms: Option<i64>,
}

impl TenantScope {
    /// Puts on record that a call begins, and that another one of the same conversation is over. None: the conversation has
    /// ended.
    pub async fn begin_call(
        &self,
        session: &Session,
        provider: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Call>, StoreError> {
        let transaction = self.write().await?;
        // Under the conversation's lock, one beginning comes after the other.
        let sessions = lock_sessions(&transaction, self.id(), std::iter::once(session.id.uuid())).await?;
        if sessions.get(&session.id.uuid()).is_none_or(|locked| locked.has_ended) {
            return Ok(None);
        }
        let going_on = voice_session::Entity::find()
            .filter(voice_session::Column::TenantId.eq(self.id().uuid()))
            .filter(voice_session::Column::SessionId.eq(session.id.uuid()))
            .filter(voice_session::Column::EndedAt.is_null())
            .all(&transaction)
            .await?;
        for call in going_on {
            end(&transaction, &call, CallOutcome::Replaced, CallQuality::default(), now).await?;
        }
        let call =
            Call { id: Id::generate(), session: session.id, provider: provider.to_owned(), started_at: now, end: None };
        let row = voice_session::ActiveModel {
            id: Set(call.id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(session.app.uuid()),
            session_id: Set(session.id.uuid()),
            node_id: Set(self.node().uuid()),
            provider: Set(call.provider.clone()),
            started_at: Set(now),
            ended_at: Set(None),
            duration_seconds: Set(None),
            outcome: Set(None),
            metadata: Set(None),
        };
        voice_session::Entity::insert(row).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(call))
    }

    /// Puts on record how a call ended. Whoever says so first is right.
    pub async fn end_call(
        &self,
        id: Id<id::Call>,
        outcome: CallOutcome,
        quality: CallQuality,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let row = voice_session::Entity::find_by_id(id.uuid())
            .filter(voice_session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::NotFound)?;
        end(&transaction, &row, outcome, quality, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A conversation's calls, the newest first.
    pub async fn calls(&self, session: Id<id::Session>, limit: u64) -> Result<Vec<Call>, StoreError> {
        let rows = voice_session::Entity::find()
            .filter(voice_session::Column::TenantId.eq(self.id().uuid()))
            .filter(voice_session::Column::SessionId.eq(session.uuid()))
            .order_by_desc(voice_session::Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        rows.into_iter().map(opened).collect()
    }
}

impl Installation {
    /// The calls of this node that nobody has ended: those that go on, as far as the database knows.
    pub async fn own_calls(&self) -> Result<Vec<Id<id::Call>>, StoreError> {
        let ids: Vec<Uuid> = voice_session::Entity::find()
            .select_only()
            .column(voice_session::Column::Id)
            .filter(voice_session::Column::NodeId.eq(self.node().uuid()))
            .filter(voice_session::Column::EndedAt.is_null())
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(ids.into_iter().map(Id::from_uuid).collect())
    }

    /// Puts on record that the calls of nodes that died are lost. Returns how many there were.
    pub async fn end_lost_calls(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let transaction = self.write().await?;
        let lost = voice_session::Entity::find()
            .filter(voice_session::Column::EndedAt.is_null())
            .filter(voice_session::Column::NodeId.ne(self.node().uuid()))
            .filter(voice_session::Column::NodeId.not_in_subquery(other_nodes_alive(self.node(), now)))
            .all(&transaction)
            .await?;
        for call in &lost {
            end(&transaction, call, CallOutcome::Lost, CallQuality::default(), now).await?;
        }
        transaction.commit().await?;
        Ok(lost.len())
    }
}

/// Ends a call that goes on; its quality is noted in any case.
async fn end(
    transaction: &impl ConnectionTrait,
    row: &voice_session::Model,
    outcome: CallOutcome,
    quality: CallQuality,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut update = voice_session::Entity::update_many()
        .filter(voice_session::Column::TenantId.eq(row.tenant_id))
        .filter(voice_session::Column::Id.eq(row.id));
    if quality != CallQuality::default() {
        let json = serde_json::to_string(&StoredQuality::from(quality));
        let json = json.map_err(|error| StoreError::Other(error.to_string()))?;
        update = update.col_expr(voice_session::Column::Metadata, Expr::value(json));
    } else if row.ended_at.is_some() {
        return Ok(());
    }
    if row.ended_at.is_none() {
        let seconds = (now - row.started_at).num_seconds().max(0);
        update = update
            .col_expr(voice_session::Column::EndedAt, Expr::value(now))
            .col_expr(voice_session::Column::DurationSeconds, Expr::value(seconds))
            .col_expr(voice_session::Column::Outcome, Expr::value(outcome.as_str()));
    }
    update.exec(transaction).await?;
    Ok(())
}

fn opened(row: voice_session::Model) -> Result<Call, StoreError> {
    let unreadable = |what: String| StoreError::Other(format!("a call's record: {what}"));
    let quality = match row.metadata {
        None => CallQuality::default(),
        Some(json) => {
            serde_json::from_str::<StoredQuality>(&json).map_err(|error| unreadable(error.to_string()))?.into()
        }
    };
    let end = match (row.ended_at, row.outcome) {
        (Some(at), Some(outcome)) => Some(EndedCall {
            at,
            seconds: row.duration_seconds.unwrap_or_default(),
            outcome: outcome.parse().map_err(|error: kuzushi_domain::UnknownName| unreadable(error.to_string()))?,
            quality,
        }),
        _ => None,
    };
    Ok(Call {
        id: Id::from_uuid(row.id),
        session: Id::from_uuid(row.session_id),
        provider: row.provider,
        started_at: row.started_at,
        end,
    })
}

impl From<CallQuality> for StoredQuality {
    fn from(quality: CallQuality) -> Self {
        let CallQuality {
            connected_after_ms,
            packets_received,
            packets_lost,
            round_trip_ms,
            turns,
            interruptions,
            median_response_ms,
            slowest_response_ms,
        } = quality;
        Self {
            connected_after_ms,
            packets_received,
            packets_lost,
            round_trip_ms,
            turns,
            interruptions,
            median_response_ms,
            slowest_response_ms,
        }
    }
}

impl From<StoredQuality> for CallQuality {
    fn from(stored: StoredQuality) -> Self {
        let StoredQuality {
            connected_after_ms,
            packets_received,
            packets_lost,
            round_trip_ms,
            turns,
            interruptions,
            median_response_ms,
            slowest_response_ms,
        } = stored;
        Self {
            connected_after_ms,
            packets_received,
            packets_lost,
            round_trip_ms,
            turns,
            interruptions,
            median_response_ms,
            slowest_response_ms,
        }
    }
}
