//! The keys that the content key wraps: wrapped anew when it changes, and tried.

use std::fmt;

use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityName, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, TableRef},
};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, tenants::tenants_with_keys};
use crate::{
    Installation, StoreError, TenantScope,
    entities::{audit_chain, installation_key, session, tenant, user},
    sealed::{KeyError, Place, TenantKey},
};

/// Conversations looked at in one go.
const BATCH: u64 = 1_000;

/// What was wrapped anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RotatedKeys {
    pub tenants: u64,
    pub audit_chains: u64,
    /// The key for what belongs to no tenant.
    pub installation: u64,
    /// Those that the present content key wrapped already.
    pub as_they_were: u64,
}

/// What opens, and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedKeys {
    pub tenants: u64,
    pub audit_chains: u64,
    /// The key for what belongs to no tenant, once there is one.
    pub installation: u64,
    /// Conversations whose key opens; erased ones have none.
    pub conversations: u64,
    /// Patients whose key opens.
    pub patients: u64,
    /// Keys that only a former content key opens: they want to be wrapped anew before it is forgotten.
    pub by_former_keys: u64,
    /// What does not open, and why.
    pub faults: Vec<String>,
}

/// Whose key it is that the content key wraps.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Tenant(Id<id::Tenant>),
    AuditChain(Uuid),
    Installation(Uuid),
}

impl Whose {
    fn place(self) -> Place {
        match self {
            Self::Tenant(id) => Place::tenant_key(id),
            Self::AuditChain(id) => Place::audit_key(id),
            Self::Installation(_) => Place::installation_key(),
        }
    }

    /// The table that it lies in, and the row that it lies in there.
    fn row(self) -> (TableRef, &'static str, Uuid) {
        match self {
            Self::Tenant(id) => (tenant::Entity.table_ref(), "id", id.uuid()),
            Self::AuditChain(id) => (audit_chain::Entity.table_ref(), "chain_id", id),
            Self::Installation(id) => (installation_key::Entity.table_ref(), "id", id),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => write!(formatter, "the tenant {id}, with all of its conversations"),
            Self::AuditChain(id) => write!(formatter, "the audit chain {}", id.simple()),
            Self::Installation(_) => formatter.write_str("the operators' accounts"),
        }
    }
}

struct TopKey {
    whose: Whose,
    wrapped: Vec<u8>,
}

impl Installation {
    /// Wraps every key that a former content key wrapped with the present one. Safe beside running servers, to break off and
    /// to run again: a key that somebody else has wrapped in the meantime is left as it is.
    pub async fn rotate_keys(&self, now: chrono::DateTime<chrono::Utc>) -> Result<RotatedKeys, StoreError> {
        let mut rotated = RotatedKeys::default();
        for key in self.top_keys().await? {
            let Some(anew) = self.wrapped_anew(&key).await? else {
                rotated.as_they_were += 1;
                continue;
            };
            let count = match key.whose {
                Whose::Tenant(_) => &mut rotated.tenants,
                Whose::AuditChain(_) => &mut rotated.audit_chains,
                Whose::Installation(_) => &mut rotated.installation,
            };
            *count += self.replace(key, anew).await?;
        }
        let done = json!({"tenants": rotated.tenants, "auditChains": rotated.audit_chains, "installation": rotated.installation});
        self.record(NewAuditEvent::new(AuditAction::KeysRotated, "").with(done), now).await?;
        Ok(rotated)
    }

    /// Whether the operator's keys at hand are those this database was written with, and good for new ones.
    pub async fn check_operator_key(&self) -> Result<(), StoreError> {
        // All of them: a change of the key that broke off leaves some under the one, and some under the other.
        for key in self.top_keys().await? {
            self.operator_key().unwrap(&key.wrapped, key.whose.place()).await?;
        }
        Ok(self.operator_key().prepare().await?)
    }

    /// Opens every key that there is.
    pub async fn check_keys(&self) -> Result<CheckedKeys, StoreError> {
        let mut checked = CheckedKeys::default();
        for TopKey { whose, wrapped } in self.top_keys().await? {
            let bytes = match self.operator_key().unwrap(&wrapped, whose.place()).await {
                Ok(bytes) => bytes,
                Err(error) => {
                    checked.faults.push(format!("{whose}: {error}"));
                    continue;
                }
            };
            checked.by_former_keys += u64::from(!self.operator_key().is_present(&wrapped));
            match whose {
                Whose::AuditChain(_) => checked.audit_chains += 1,
                Whose::Installation(_) => checked.installation += 1,
                Whose::Tenant(id) => {
                    checked.tenants += 1;
                    let key = TenantKey::from_bytes(&bytes)?;
                    let scope = self.store().tenant(id).await?;
                    for owner in [Owner::Conversation, Owner::Patient] {
                        scope.check_keys_of(owner, &key, &mut checked).await?;
                    }
                }
            }
        }
        Ok(checked)
    }

    /// Every key that the content key wraps.
    async fn top_keys(&self) -> Result<Vec<TopKey>, StoreError> {
        let chains = audit_chain::Entity::find().all(self.reader()).await?.into_iter();
        let own = installation_key::Entity::find().all(self.reader()).await?.into_iter();
        let tenants = tenants_with_keys().all(self.reader()).await?.into_iter();
        Ok(chains
            .map(|row| TopKey { whose: Whose::AuditChain(row.chain_id), wrapped: row.wrapped_key })
            .chain(own.map(|row| TopKey { whose: Whose::Installation(row.id), wrapped: row.wrapped_key }))
            .chain(tenants.map(|row| TopKey { whose: Whose::Tenant(Id::from_uuid(row.id)), wrapped: row.wrapped_key }))
            .collect())
    }

    /// The same key under the present content key. None: it is already.
    async fn wrapped_anew(&self, key: &TopKey) -> Result<Option<Vec<u8>>, KeyError> {
        let (content_key, place) = (self.operator_key(), key.whose.place());
        let bytes = content_key.unwrap(&key.wrapped, place).await?;
        if content_key.is_present(&key.wrapped) { Ok(None) } else { content_key.wrap(&bytes, place).await.map(Some) }
    }

    /// Puts a key anew in its place, unless somebody else has. Returns how many that were: 1 or 0.
    async fn replace(&self, key: TopKey, anew: Vec<u8>) -> Result<u64, StoreError> {
        let (table, id_column, id) = key.whose.row();
        let update = Query::update()
            .table(table)
            .value("wrapped_key", anew)
            .and_where(Expr::col(id_column).eq(id))
            .and_where(Expr::col("wrapped_key").eq(key.wrapped))
            .to_owned();
        let transaction = self.write().await?;
        let replaced = transaction.execute(&update).await?.rows_affected();
        transaction.commit().await?;
        Ok(replaced)
    }
}

/// Who has a key of their own under the tenant's.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Conversation,
    Patient,
}

/// What is said of a key that is not there, of something that is not on record as erased.
const GONE: &str = "it has no key. If an older backup was restored, it was erased since: see `kuzushi keys reconcile`";

impl TenantScope {
    async fn check_keys_of(&self, owner: Owner, key: &TenantKey, checked: &mut CheckedKeys) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let owners = self.owners_after(owner, after).await?;
            let Some(last) = owners.last() else { return Ok(()) };
            after = *last;
            let keys = self.wrapped_keys(self.reader(), owners.iter().copied()).await?;
            for id in owners {
                let (place, name, count) = match owner {
                    Owner::Conversation => {
                        let session = Id::from_uuid(id);
                        let place = Place::conversation_key(self.id(), session);
                        (place, format!("the conversation {session}"), &mut checked.conversations)
                    }
                    Owner::Patient => {
                        let user = Id::from_uuid(id);
                        (Place::user_key(self.id(), user), format!("the patient {user}"), &mut checked.patients)
                    }
                };
                match keys.get(&id).map(|wrapped| key.content.unwrap(wrapped, place)) {
                    Some(Ok(_)) => *count += 1,
                    Some(Err(error)) => checked.faults.push(format!("{name}: {error}")),
                    None => checked.faults.push(format!("{name}: {GONE}")),
                }
            }
        }
    }

    /// A batch of those who have to have a key, by their identifiers.
    async fn owners_after(&self, owner: Owner, after: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let own = self.id().uuid();
        let owners = match owner {
            Owner::Conversation => {
                session::Entity::find()
                    .select_only()
                    .column(session::Column::Id)
                    .filter(session::Column::TenantId.eq(own))
                    .filter(session::Column::ErasedAt.is_null())
                    .filter(session::Column::Id.gt(after))
                    .order_by_asc(session::Column::Id)
                    .limit(BATCH)
                    .into_tuple()
                    .all(self.reader())
                    .await?
            }
            Owner::Patient => {
                user::Entity::find()
                    .select_only()
                    .column(user::Column::Id)
                    .filter(user::Column::TenantId.eq(own))
                    .filter(user::Column::Id.gt(after))
                    .order_by_asc(user::Column::Id)
                    .limit(BATCH)
                    .into_tuple()
                    .all(self.reader())
                    .await?
            }
        };
        Ok(owners)
    }
}
