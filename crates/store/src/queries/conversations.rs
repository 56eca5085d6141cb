//! Which conversations a tenant had, without what was said in them.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::{
    StoreError, TenantScope,
    entities::{key, session},
};

/// A conversation from outside: nothing in it has to be opened to know this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: Id<id::Session>,
    pub app: Id<id::App>,
    /// The patient whose it is. None: nobody has signed in.
    pub user: Option<Id<id::User>>,
    pub config_version: i32,
    /// Messages in it; 0 once they were erased.
    pub messages: i64,
    pub created_at: DateTime<Utc>,
    pub last_active_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub is_erased: bool,
    /// Whether it is to be erased once no legal hold is on it any more. Until then it is hidden.
    pub is_erasure_due: bool,
}

/// Which conversations, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConversationFilter {
    /// Only what began before this one.
    pub before: Option<Id<id::Session>>,
    pub app: Option<Id<id::App>>,
    pub user: Option<Id<id::User>>,
    /// Begun not before this time.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this time.
    pub to: Option<DateTime<Utc>>,
}

impl From<(session::Model, Option<key::Model>)> for Conversation {
    fn from((row, key): (session::Model, Option<key::Model>)) -> Self {
        let is_erased = row.erased_at.is_some() || key.is_none();
        Self {
            id: Id::from_uuid(row.id),
            app: Id::from_uuid(row.app_id),
            user: row.user_id.map(Id::from_uuid),
            config_version: row.config_version,
            messages: if is_erased || row.erasure_due_at.is_some() { 0 } else { row.last_seq },
            created_at: row.created_at,
            last_active_at: row.last_active_at,
            ended_at: row.ended_at,
            is_erased,
            is_erasure_due: !is_erased && row.erasure_due_at.is_some(),
        }
    }
}

impl TenantScope {
    /// A page of the tenant's conversations, newest first.
    pub async fn conversations(&self, filter: ConversationFilter, limit: u64) -> Result<Vec<Conversation>, StoreError> {
        use session::Column;
        let ConversationFilter { before, app, user, from, to } = filter;
        let rows = self
            .sessions_with_keys()
            .apply_if(before, |rows, before| rows.filter(Column::Id.lt(before.uuid())))
            .apply_if(app, |rows, app| rows.filter(Column::AppId.eq(app.uuid())))
            .apply_if(user, |rows, user| rows.filter(Column::UserId.eq(user.uuid())))
            .apply_if(from, |rows, from| rows.filter(Column::CreatedAt.gte(from)))
            .apply_if(to, |rows, to| rows.filter(Column::CreatedAt.lt(to)))
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(Conversation::from).collect())
    }

    pub async fn conversation(&self, id: Id<id::Session>) -> Result<Conversation, StoreError> {
        let row = self.sessions_with_keys().filter(session::Column::Id.eq(id.uuid())).one(self.reader()).await?;
        row.map(Conversation::from).ok_or(StoreError::NotFound)
    }
}
