//! What patients asked and no article covers, gathered by topic for those who write articles.
//!
//! A gap knows where its questions lie, and none of their words; they go when their conversation is erased, and it goes with
//! the last of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, Phi, id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, OnConflict, Query},
};
use uuid::Uuid;

use super::audit::NewAuditEvent;
use crate::{
    Session, StoreError, TenantScope,
    entities::{gap, gap_question, session},
};

/// Whether somebody still has to do something about a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapState {
    Open,
    Resolved,
}

impl GapState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

/// Why a text is not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants open or resolved")]
pub struct UnknownGapState;

impl std::str::FromStr for GapState {
    type Err = UnknownGapState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Open, Self::Resolved].into_iter().find(|state| state.as_str() == text).ok_or(UnknownGapState)
    }
}

/// A topic that patients ask about and no article covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub id: Id<id::Gap>,
    pub app: Id<id::App>,
    /// The article that comes nearest, by its id; it may be gone.
    pub article: Option<Id<id::Article>>,
    pub state: GapState,
    /// How many questions there are that were not erased.
    pub questions: u64,
    pub first_asked_at: DateTime<Utc>,
    pub last_asked_at: DateTime<Utc>,
    /// Who resolved it last, as the audit trail names them, and when.
    pub resolved_by: Option<String>,
    pub resolved_at: Option<DateTime<Utc>>,
}

/// Where a question lies that no article covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapQuestion {
    pub session: Id<id::Session>,
    pub seq: i64,
    pub asked_at: DateTime<Utc>,
}

/// What a question without an answer is about.
#[derive(Debug, Clone)]
pub enum GapTopic {
    /// What this article comes nearest to.
    Near(Id<id::Article>),
    /// What nothing is near: words of the question, of which only a keyed hash is stored.
    Words(Phi<String>),
}

impl TenantScope {
    /// Notes a question that no article covers, once. A gap that was resolved is open again.
    pub async fn record_gap(
        &self,
        session: &Session,
        seq: i64,
        topic: GapTopic,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (text, article) = match &topic {
            GapTopic::Near(article) => (Phi::new(article.to_string()), Some(article.uuid())),
            GapTopic::Words(words) => (words.clone(), None),
        };
        let topic = self.lookup_key().mark("gaps", "topic", text.expose());
        let transaction = self.write().await?;
        // The lock under which a conversation is erased.
        let row = session::Entity::find_by_id(session.id.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?;
        if row.is_none_or(|row| row.erased_at.is_some()) {
            return Ok(());
        }
        let known = |topic: Vec<u8>| {
            gap::Entity::find()
                .filter(gap::Column::TenantId.eq(self.id().uuid()))
                .filter(gap::Column::AppId.eq(session.app.uuid()))
                .filter(gap::Column::Topic.eq(topic))
        };
        let new = gap::ActiveModel {
            id: Set(Id::<id::Gap>::generate().uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(session.app.uuid()),
            topic: Set(topic.clone()),
            article_id: Set(article),
            state: Set(GapState::Open.as_str().to_owned()),
            first_asked_at: Set(now),
            last_asked_at: Set(now),
            resolved_by: Set(None),
            resolved_at: Set(None),
        };
        let mut again = OnConflict::columns([gap::Column::AppId, gap::Column::Topic]);
        again.update_columns([gap::Column::LastAskedAt, gap::Column::State]);
        gap::Entity::insert(new).on_conflict(again).exec_without_returning(&transaction).await?;
        let gap = known(topic).one(&transaction).await?.ok_or(StoreError::NotFound)?;
        let question = gap_question::ActiveModel {
            id: Set(Uuid::now_v7()),
            tenant_id: Set(self.id().uuid()),
            gap_id: Set(gap.id),
            session_id: Set(session.id.uuid()),
            seq: Set(seq),
            asked_at: Set(now),
        };
        let mut once = OnConflict::columns([gap_question::Column::SessionId, gap_question::Column::Seq]);
        once.do_nothing();
        gap_question::Entity::insert(question).on_conflict(once).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gaps of an app, newest first, as far as there are questions left. That they were read is on record.
    pub async fn gaps(
        &self,
        app: Id<id::App>,
        state: Option<GapState>,
        before: Option<Id<id::Gap>>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Gap>, StoreError> {
        let asked = gap_question::Entity::find()
            .select_only()
            .column(gap_question::Column::GapId)
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .into_query();
        let mut query = gap::Entity::find()
            .filter(gap::Column::TenantId.eq(self.id().uuid()))
            .filter(gap::Column::AppId.eq(app.uuid()))
            .filter(gap::Column::Id.in_subquery(asked))
            .order_by_desc(gap::Column::Id)
            .limit(limit);
        if let Some(state) = state {
            query = query.filter(gap::Column::State.eq(state.as_str()));
        }
        if let Some(before) = before {
            query = query.filter(gap::Column::Id.lt(before.uuid()));
        }
        let rows = query.all(self.reader()).await?;
        let counts: Vec<(Uuid, i64)> = gap_question::Entity::find()
            .select_only()
            .column(gap_question::Column::GapId)
            .column_as(gap_question::Column::Id.count(), "count")
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .filter(gap_question::Column::GapId.is_in(rows.iter().map(|row| row.id)))
            .group_by(gap_question::Column::GapId)
            .into_tuple()
            .all(self.reader())
            .await?;
        let counts: HashMap<Uuid, i64> = counts.into_iter().collect();
        self.record(NewAuditEvent::new(AuditAction::GapsRead, app), now).await?;
        let count = |row: &gap::Model| counts.get(&row.id).copied().unwrap_or_default().unsigned_abs();
        rows.into_iter().map(|row| opened(count(&row), row)).collect()
    }

    /// A gap, as far as there are questions left.
    pub async fn gap(&self, app: Id<id::App>, id: Id<id::Gap>) -> Result<Gap, StoreError> {
        let row = self.one_gap(app, id).one(self.reader()).await?.ok_or(StoreError::NotFound)?;
        let questions = gap_question::Entity::find()
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .filter(gap_question::Column::GapId.eq(id.uuid()))
            .count(self.reader())
            .await?;
        if questions == 0 { Err(StoreError::NotFound) } else { opened(questions, row) }
    }

    /// Where a gap's questions lie, the newest first.
    pub async fn gap_questions(
        &self,
        app: Id<id::App>,
        id: Id<id::Gap>,
        limit: u64,
    ) -> Result<Vec<GapQuestion>, StoreError> {
        self.gap(app, id).await?;
        let rows = gap_question::Entity::find()
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .filter(gap_question::Column::GapId.eq(id.uuid()))
            .order_by_desc(gap_question::Column::AskedAt)
            .order_by_desc(gap_question::Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        let question = |row: gap_question::Model| GapQuestion {
            session: Id::from_uuid(row.session_id),
            seq: row.seq,
            asked_at: row.asked_at,
        };
        Ok(rows.into_iter().map(question).collect())
    }

    /// Says that a gap is resolved, or that it is open after all.
    pub async fn set_gap_state(
        &self,
        app: Id<id::App>,
        id: Id<id::Gap>,
        state: GapState,
        now: DateTime<Utc>,
    ) -> Result<Gap, StoreError> {
        let transaction = self.write().await?;
        let row = self.one_gap(app, id).lock_exclusive().one(&transaction).await?.ok_or(StoreError::NotFound)?;
        if row.state != state.as_str() {
            let mut update = gap::Entity::update_many()
                .col_expr(gap::Column::State, Expr::value(state.as_str()))
                .filter(gap::Column::TenantId.eq(self.id().uuid()))
                .filter(gap::Column::Id.eq(id.uuid()));
            if state == GapState::Resolved {
                update = update
                    .col_expr(gap::Column::ResolvedBy, Expr::value(self.actor().id()))
                    .col_expr(gap::Column::ResolvedAt, Expr::value(now));
            }
            update.exec(&transaction).await?;
            let action = match state {
                GapState::Open => AuditAction::GapReopened,
                GapState::Resolved => AuditAction::GapResolved,
            };
            self.audit(&transaction, NewAuditEvent::new(action, id), now).await?;
            transaction.commit().await?;
        }
        self.gap(app, id).await
    }

    /// Forgets which questions of a conversation nothing covers, and gaps of which nothing is left.
    pub(crate) async fn forget_gap_questions(
        &self,
        transaction: &DatabaseTransaction,
        session: Uuid,
    ) -> Result<(), StoreError> {
        let gaps: Vec<Uuid> = gap_question::Entity::find()
            .select_only()
            .column(gap_question::Column::GapId)
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .filter(gap_question::Column::SessionId.eq(session))
            .into_tuple()
            .all(transaction)
            .await?;
        if gaps.is_empty() {
            return Ok(());
        }
        gap_question::Entity::delete_many()
            .filter(gap_question::Column::TenantId.eq(self.id().uuid()))
            .filter(gap_question::Column::SessionId.eq(session))
            .exec(transaction)
            .await?;
        let left = Query::select()
            .column(gap_question::Column::GapId)
            .from(gap_question::Entity)
            .and_where(gap_question::Column::TenantId.eq(self.id().uuid()))
            .to_owned();
        gap::Entity::delete_many()
            .filter(gap::Column::TenantId.eq(self.id().uuid()))
            .filter(gap::Column::Id.is_in(gaps))
            .filter(gap::Column::Id.not_in_subquery(left))
            .exec(transaction)
            .await?;
        Ok(())
    }

    fn one_gap(&self, app: Id<id::App>, id: Id<id::Gap>) -> Select<gap::Entity> {
        gap::Entity::find_by_id(id.uuid())
            .filter(gap::Column::TenantId.eq(self.id().uuid()))
            .filter(gap::Column::AppId.eq(app.uuid()))
    }
}

fn opened(questions: u64, row: gap::Model) -> Result<Gap, StoreError> {
    let state = row.state.parse().map_err(|_| StoreError::Other(String::from("unknown state of a gap")))?;
    Ok(Gap {
        id: Id::from_uuid(row.id),
        app: Id::from_uuid(row.app_id),
        article: row.article_id.map(Id::from_uuid),
        state,
        questions,
        first_asked_at: row.first_asked_at,
        last_asked_at: row.last_asked_at,
        resolved_by: row.resolved_by,
        resolved_at: row.resolved_at,
    })
}
