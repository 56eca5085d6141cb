//! What is done once, however often it is asked for under the same key.
//!
//! That something was done is noted in the transaction that does it, beside its event in the audit trail. Of two who ask for
//! the same at the same time one does it, and after a crash nobody does it again.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::Expr,
};
use uuid::Uuid;

use crate::{Installation, StaffScope, StoreError, entities::idempotent_request as request, sealed::Place};

/// How long a key is remembered.
pub const IDEMPOTENCY_WINDOW: TimeDelta = TimeDelta::hours(24);

/// What is asked for, and under which key: good for one transaction that changes something.
#[derive(Clone)]
pub struct Once(Arc<Asked>);

struct Asked {
    /// Whom it is asked for. None: the installation.
    tenant: Option<Id<id::Tenant>>,
    key: String,
    /// A hash of what is asked for.
    fingerprint: [u8; 32],
    is_noted: AtomicBool,
    was_done_before: AtomicBool,
}

impl Once {
    pub fn new(tenant: Option<Id<id::Tenant>>, key: String, fingerprint: [u8; 32]) -> Self {
        Self(Arc::new(Asked {
            tenant,
            key,
            fingerprint,
            is_noted: AtomicBool::new(false),
            was_done_before: AtomicBool::new(false),
        }))
    }

    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// Whether something was done under it, this time.
    pub fn is_noted(&self) -> bool {
        self.0.is_noted.load(Ordering::Acquire)
    }

    /// Whether nothing was done because it had been done before.
    pub fn was_done_before(&self) -> bool {
        self.0.was_done_before.load(Ordering::Acquire)
    }

    /// Notes that it is done, in the transaction that does it.
    pub(crate) async fn note(
        &self,
        transaction: &DatabaseTransaction,
        actor: String,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.is_noted() {
            return Ok(());
        }
        let tenant = or_zeros(self.0.tenant);
        let this = of(tenant, &actor, self.key());
        request::Entity::delete_many()
            .filter(this.add(request::Column::CreatedAt.lte(now - IDEMPOTENCY_WINDOW)))
            .exec(transaction)
            .await?;
        let row = request::ActiveModel {
            id: Set(Uuid::now_v7()),
            tenant_id: Set(tenant),
            actor: Set(actor),
            key: Set(self.0.key.clone()),
            fingerprint: Set(self.0.fingerprint.to_vec()),
            answer: Set(None),
            created_at: Set(now),
        };
        match request::Entity::insert(row).exec_without_returning(transaction).await.map_err(StoreError::from) {
            Ok(_) => {
                self.0.is_noted.store(true, Ordering::Release);
                Ok(())
            }
            Err(StoreError::Conflict(constraint)) => {
                self.0.was_done_before.store(true, Ordering::Release);
                Err(StoreError::Conflict(constraint))
            }
            Err(error) => Err(error),
        }
    }
}

/// In place of a tenant, for what is asked of the installation.
fn or_zeros(tenant: Option<Id<id::Tenant>>) -> Uuid {
    tenant.map_or(Uuid::nil(), |tenant| tenant.uuid())
}

fn of(tenant: Uuid, actor: &str, key: &str) -> Condition {
    Condition::all()
        .add(request::Column::TenantId.eq(tenant))
        .add(request::Column::Actor.eq(actor))
        .add(request::Column::Key.eq(key))
}

/// What was done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneBefore {
    pub is_the_same: bool,
    /// What was answered. None: that is not stored yet, or its server died before it was.
    pub answer: Option<Vec<u8>>,
}

impl StaffScope {
    /// What the scope's actor had done under this key in the last day.
    pub async fn done_before(&self, once: &Once, now: DateTime<Utc>) -> Result<Option<DoneBefore>, StoreError> {
        let this = of(or_zeros(self.tenant()), &self.actor().id(), once.key())
            .add(request::Column::CreatedAt.gt(now - IDEMPOTENCY_WINDOW));
        let Some(row) = request::Entity::find().filter(this).one(self.reader()).await? else { return Ok(None) };
        let answer = row.answer.map(|sealed| self.key().open(&sealed, self.answer_place(row.id))).transpose()?;
        Ok(Some(DoneBefore { is_the_same: row.fingerprint == once.0.fingerprint, answer }))
    }

    /// Keeps what was answered to what was done under this key.
    pub async fn keep_answer(&self, once: &Once, answer: &[u8]) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let this = of(or_zeros(self.tenant()), &self.actor().id(), once.key());
        let row = request::Entity::find().filter(this).one(&transaction).await?.ok_or(StoreError::NotFound)?;
        let sealed = self.key().seal(answer, self.answer_place(row.id))?;
        request::Entity::update_many()
            .col_expr(request::Column::Answer, Expr::value(sealed))
            .filter(request::Column::TenantId.eq(or_zeros(self.tenant())))
            .filter(request::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    fn answer_place(&self, row: Uuid) -> Place {
        Place::new(Id::from_uuid(or_zeros(self.tenant())), "idempotent_requests", row, "answer")
    }
}

impl Installation {
    /// Forgets the keys of more than a day ago.
    pub async fn forget_idempotency_keys(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        request::Entity::delete_many()
            .filter(request::Column::CreatedAt.lte(now - IDEMPOTENCY_WINDOW))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
