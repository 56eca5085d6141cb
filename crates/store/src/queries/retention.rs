//! Conversations whose time is over.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, endings::Closing, holds::no_hold_on_session, session_locks::ACTIVITY_STEP};
use crate::{StoreError, TenantScope, entities::session};

impl TenantScope {
    /// Ends and erases conversations of the app in which nothing was said for so many days, `limit` of them at most.
    /// Returns those; where they are as many as that, there may be more.
    pub async fn erase_older_than(
        &self,
        app: Id<id::App>,
        days: u32,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Id<id::Session>>, StoreError> {
        // Never too early, however exactly it is noted.
        let Some(until) = now.checked_sub_signed(TimeDelta::days(days.into()) + ACTIVITY_STEP) else {
            return Ok(Vec::new());
        };
        let is_due = Condition::all()
            .add(session::Column::TenantId.eq(self.id().uuid()))
            .add(session::Column::AppId.eq(app.uuid()))
            .add(session::Column::LastActiveAt.lte(until))
            .add(session::Column::ErasedAt.is_null())
            .add(session::Column::ErasureDueAt.is_null())
            .add(no_hold_on_session());
        let due: Vec<Uuid> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(is_due.clone())
            .limit(limit)
            .into_tuple()
            .all(self.reader())
            .await?;
        for id in &due {
            let transaction = self.write().await?;
            let row = session::Entity::find_by_id(*id)
                // Something may have been said since, or another node have been here.
                .filter(is_due.clone())
                .lock_exclusive()
                .one(&transaction)
                .await?;
            let Some(row) = row else { continue };
            if self.how_to_erase(&transaction, &row).await? == Closing::Defer {
                continue;
            }
            self.close(&transaction, &row, Closing::Erase, now).await?;
            let why = json!({"because": "retention", "days": days});
            let event =
                NewAuditEvent::new(AuditAction::ConversationErased, Id::<id::Session>::from_uuid(*id)).with(why);
            self.audit(&transaction, event, now).await?;
            transaction.commit().await?;
        }
        self.destroy_keys().await?;
        Ok(due.into_iter().map(Id::from_uuid).collect())
    }
}
