//! The audit trail: written in the transaction of what it records, so that nothing happens unrecorded; chained by a
//! keyed hash, so that nothing recorded can be changed, removed or moved unseen. See [`crate::AuditFault`].

use std::sync::Arc;

use aws_lc_rs::hmac;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use kuzushi_domain::{Actor, AuditAction, Id, id};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, OnConflict},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Installation, Once, StaffScope, Store, StoreError, TenantScope,
    entities::{audit_chain, audit_event},
    sealed::{KeyError, OperatorKey, Place},
};

/// The hash before the first event.
pub(crate) const NO_HASH: [u8; 32] = [0; 32];

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// 1, 2, 3… within the chain, without holes.
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The actor's identifier, as [`Actor::id`] gives it.
    pub actor: String,
    pub actor_name: String,
    pub actor_role: String,
    /// As text, since a later version may have written it.
    pub action: String,
    /// The identifier of what it was done to; empty where there is no such thing.
    pub target: String,
    /// Why, where a reason is asked for.
    pub reason: String,
    /// Identifiers and numbers that say more.
    pub details: Value,
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct NewAuditEvent {
    pub action: AuditAction,
    pub target: String,
    pub reason: String,
    /// Identifiers, names of fields and numbers; never what a patient wrote.
    pub details: Value,
}

impl NewAuditEvent {
    pub fn new(action: AuditAction, target: impl ToString) -> Self {
        Self { action, target: target.to_string(), reason: String::new(), details: Value::Null }
    }

    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }

    pub fn with(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// Which events to read, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only events with a smaller `seq`.
    pub before: Option<i64>,
    pub action: Option<AuditAction>,
    /// By the actor's identifier.
    pub actor: Option<String>,
    pub target: Option<String>,
    /// Not before this time.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

impl TryFrom<audit_event::Model> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: audit_event::Model) -> Result<Self, StoreError> {
        let details = serde_json::from_str(&row.details)
            .map_err(|error| StoreError::Other(format!("audit event {}: {error}", row.seq)))?;
        Ok(Self {
            seq: row.seq,
            at: row.recorded_at,
            actor: row.actor,
            actor_name: row.actor_name,
            actor_role: row.actor_role,
            action: row.action,
            target: row.target,
            reason: row.reason,
            details,
        })
    }
}

/// One chain of the audit trail, a tenant's or the installation's own, and whom it names for what is recorded.
#[derive(Clone)]
pub struct AuditTrail {
    store: Store,
    tenant: Option<Id<id::Tenant>>,
    actor: Arc<Actor>,
    once: Option<Once>,
}

impl AuditTrail {
    /// None: the installation's own chain.
    pub(crate) fn new(store: Store, tenant: Option<Id<id::Tenant>>, actor: Arc<Actor>) -> Self {
        Self { store, tenant, actor, once: None }
    }

    /// What is recorded in it is done once only.
    pub(crate) fn once(self, once: Option<Once>) -> Self {
        Self { once, ..self }
    }

    fn chain(&self) -> Uuid {
        self.tenant.map_or(Uuid::nil(), |tenant| tenant.uuid())
    }

    /// Records what changes nothing here, such as a reading. To be done before the reading is handed out.
    pub async fn record(&self, event: NewAuditEvent, now: DateTime<Utc>) -> Result<(), StoreError> {
        let connections = self.store.connections();
        let transaction = match self.tenant {
            Some(tenant) => connections.write_of(tenant).await?,
            None => connections.write().await?,
        };
        self.append(&transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    /// A page of the chain's events, newest first.
    pub async fn events(&self, filter: AuditFilter, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let (connections, rows) = (self.store.connections(), matching(self.chain(), filter).limit(limit));
        let rows = match self.tenant {
            Some(tenant) => rows.all(&connections.reader_of(tenant)).await?,
            None => rows.all(&connections.reader).await?,
        };
        rows.into_iter().map(AuditEvent::try_from).collect()
    }

    /// Takes the chain's row for the rest of the transaction: nothing else is recorded in the chain until that ends.
    pub(crate) async fn lock(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        lock(transaction, self.store.operator_key(), self.chain()).await.map(drop)
    }

    /// Records in the transaction of what was done. The chain's row stays locked until that ends, so this comes last in it.
    async fn append(
        &self,
        transaction: &DatabaseTransaction,
        event: NewAuditEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let chain = self.chain();
        if let Some(once) = &self.once {
            once.note(transaction, self.actor.id(), now).await?;
        }
        let head = lock(transaction, self.store.operator_key(), chain).await?;
        let key = chain_key(self.store.operator_key(), chain, &head.wrapped_key).await?;
        let recorded_at = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        let mut row = audit_event::Model {
            chain_id: chain,
            seq: head.last_seq + 1,
            recorded_at,
            actor: self.actor.id(),
            actor_name: self.actor.name().to_owned(),
            actor_role: self.actor.role().to_owned(),
            action: event.action.as_str().to_owned(),
            target: event.target,
            reason: event.reason,
            details: event.details.to_string(),
            hash: Vec::new(),
        };
        row.hash = hash(&key, &head.last_hash, &row);
        audit_chain::Entity::update_many()
            .col_expr(audit_chain::Column::LastSeq, Expr::value(row.seq))
            .col_expr(audit_chain::Column::LastHash, Expr::value(row.hash.clone()))
            .filter(audit_chain::Column::ChainId.eq(chain))
            .exec(transaction)
            .await?;
        let row: audit_event::ActiveModel = row.into();
        audit_event::Entity::insert(row.reset_all()).exec_without_returning(transaction).await?;
        Ok(())
    }
}

impl TenantScope {
    /// Records in the transaction of what was done.
    pub(crate) async fn audit(
        &self,
        transaction: &DatabaseTransaction,
        event: NewAuditEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.audit_trail().append(transaction, event, now).await
    }

    /// Has everybody else who records something wait until the transaction ends.
    pub(crate) async fn lock_audit(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        self.audit_trail().lock(transaction).await
    }

    /// As [`AuditTrail::record`].
    pub async fn record(&self, event: NewAuditEvent, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.audit_trail().record(event, now).await
    }

    /// As [`AuditTrail::events`].
    pub async fn audit_events(&self, filter: AuditFilter, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        self.audit_trail().events(filter, limit).await
    }
}

impl StaffScope {
    /// Records in the transaction of what was done.
    pub(crate) async fn audit(
        &self,
        transaction: &DatabaseTransaction,
        event: NewAuditEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.audit_trail().append(transaction, event, now).await
    }

    /// As [`AuditTrail::record`].
    pub async fn record(&self, event: NewAuditEvent, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.audit_trail().record(event, now).await
    }
}

impl Installation {
    /// Records in the transaction of what was done to the installation, or to a tenant from outside of its scope.
    pub(crate) async fn audit(
        &self,
        transaction: &DatabaseTransaction,
        tenant: Option<Id<id::Tenant>>,
        event: NewAuditEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.audit_trail_of(tenant).append(transaction, event, now).await
    }

    /// As [`AuditTrail::record`], for the installation's own chain.
    pub async fn record(&self, event: NewAuditEvent, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.audit_trail().record(event, now).await
    }

    /// As [`AuditTrail::events`], for the installation's own chain.
    pub async fn audit_events(&self, filter: AuditFilter, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        self.audit_trail().events(filter, limit).await
    }
}

fn matching(chain: Uuid, filter: AuditFilter) -> Select<audit_event::Entity> {
    use audit_event::Column;
    let AuditFilter { before, action, actor, target, from, to } = filter;
    audit_event::Entity::find()
        .filter(Column::ChainId.eq(chain))
        .apply_if(before, |rows, before| rows.filter(Column::Seq.lt(before)))
        .apply_if(action, |rows, action| rows.filter(Column::Action.eq(action.as_str())))
        .apply_if(actor, |rows, actor| rows.filter(Column::Actor.eq(actor)))
        .apply_if(target, |rows, target| rows.filter(Column::Target.eq(target)))
        .apply_if(from, |rows, from| rows.filter(Column::RecordedAt.gte(from)))
        .apply_if(to, |rows, to| rows.filter(Column::RecordedAt.lt(to)))
        .order_by_desc(Column::Seq)
}

/// The chain's row, locked; a new one before its first event.
async fn lock(
    transaction: &DatabaseTransaction,
    operator_key: &OperatorKey,
    chain: Uuid,
) -> Result<audit_chain::Model, StoreError> {
    let head = || audit_chain::Entity::find_by_id(chain).lock_exclusive().one(transaction);
    if let Some(head) = head().await? {
        return Ok(head);
    }
    let first = audit_chain::ActiveModel {
        chain_id: Set(chain),
        wrapped_key: Set(operator_key.generate_wrapped(Place::audit_key(chain)).await?),
        last_seq: Set(0),
        last_hash: Set(NO_HASH.to_vec()),
    };
    // Somebody else may be at it as well.
    let once = OnConflict::column(audit_chain::Column::ChainId).do_nothing().to_owned();
    audit_chain::Entity::insert(first).on_conflict(once).try_insert().exec_without_returning(transaction).await?;
    head().await?.ok_or_else(|| StoreError::Other(String::from("an audit chain was not begun")))
}

pub(crate) async fn chain_key(operator_key: &OperatorKey, chain: Uuid, wrapped: &[u8]) -> Result<hmac::Key, KeyError> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &operator_key.unwrap(wrapped, Place::audit_key(chain)).await?))
}

/// The hash of an event: over the one before it, and over each of its fields with its length, so that nothing can move
/// from one field into the next.
pub(crate) fn hash(key: &hmac::Key, previous: &[u8], event: &audit_event::Model) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    let mut field = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    field(previous);
    field(event.chain_id.as_bytes());
    field(&event.seq.to_be_bytes());
    field(&event.recorded_at.timestamp_micros().to_be_bytes());
    for text in [
        &event.actor,
        &event.actor_name,
        &event.actor_role,
        &event.action,
        &event.target,
        &event.reason,
        &event.details,
    ] {
        field(text.as_bytes());
    }
    context.sign().as_ref().to_vec()
}
