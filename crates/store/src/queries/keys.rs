//! The keys that the content key wraps: wrapped anew when it changes, and tried.

use kuzushi_domain::{AuditAction, Id};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, tenants::tenants_with_keys};
use crate::{
    Installation, StoreError, TenantScope,
    entities::{audit_chain, installation_key, session, tenant, user},
    sealed::{Place, SealError, TenantKey},
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

impl Installation {
    /// Wraps every key that a former content key wrapped with the present one. Safe beside running servers, to break off and
    /// to run again: a key that somebody else has wrapped in the meantime is left as it is.
    pub async fn rotate_keys(&self, now: chrono::DateTime<chrono::Utc>) -> Result<RotatedKeys, StoreError> {
        let mut rotated = RotatedKeys::default();
        for row in tenants_with_keys().all(self.reader()).await? {
            let Some(wrapped) = self.wrapped_anew(&row.wrapped_key, Place::tenant_key(Id::from_uuid(row.id)))? else {
                rotated.as_they_were += 1;
                continue;
            };
            let transaction = self.write().await?;
            rotated.tenants += tenant::Entity::update_many()
                .col_expr(tenant::Column::WrappedKey, Expr::value(wrapped))
                .filter(tenant::Column::Id.eq(row.id))
                .filter(tenant::Column::WrappedKey.eq(row.wrapped_key))
                .exec(&transaction)
                .await?
                .rows_affected;
            transaction.commit().await?;
        }
        for row in audit_chain::Entity::find().all(self.reader()).await? {
            let Some(wrapped) = self.wrapped_anew(&row.wrapped_key, Place::audit_key(row.chain_id))? else {
                rotated.as_they_were += 1;
                continue;
            };
            let transaction = self.write().await?;
            rotated.audit_chains += audit_chain::Entity::update_many()
                .col_expr(audit_chain::Column::WrappedKey, Expr::value(wrapped))
                .filter(audit_chain::Column::ChainId.eq(row.chain_id))
                .filter(audit_chain::Column::WrappedKey.eq(row.wrapped_key))
                .exec(&transaction)
                .await?
                .rows_affected;
            transaction.commit().await?;
        }
        for row in installation_key::Entity::find().all(self.reader()).await? {
            let Some(wrapped) = self.wrapped_anew(&row.wrapped_key, Place::installation_key())? else {
                rotated.as_they_were += 1;
                continue;
            };
            let transaction = self.write().await?;
            rotated.installation += installation_key::Entity::update_many()
                .col_expr(installation_key::Column::WrappedKey, Expr::value(wrapped))
                .filter(installation_key::Column::Id.eq(row.id))
                .filter(installation_key::Column::WrappedKey.eq(row.wrapped_key))
                .exec(&transaction)
                .await?
                .rows_affected;
            transaction.commit().await?;
        }
        let done = json!({"tenants": rotated.tenants, "auditChains": rotated.audit_chains, "installation": rotated.installation});
        self.record(NewAuditEvent::new(AuditAction::KeysRotated, "").with(done), now).await?;
        Ok(rotated)
    }

    /// The same key under the present content key. None: it is already.
    fn wrapped_anew(&self, wrapped: &[u8], place: Place) -> Result<Option<Vec<u8>>, SealError> {
        let content_key = self.operator_key();
        let key = content_key.open(wrapped, place)?;
        if content_key.is_present(wrapped) { Ok(None) } else { content_key.seal(&key, place).map(Some) }
    }

    /// Opens every key that there is.
    pub async fn check_keys(&self) -> Result<CheckedKeys, StoreError> {
        let mut checked = CheckedKeys::default();
        for row in audit_chain::Entity::find().all(self.reader()).await? {
            match self.operator_key().open(&row.wrapped_key, Place::audit_key(row.chain_id)) {
                Ok(_) => {
                    checked.audit_chains += 1;
                    checked.by_former_keys += u64::from(!self.operator_key().is_present(&row.wrapped_key));
                }
                Err(error) => checked.faults.push(format!("the audit chain {}: {error}", row.chain_id.simple())),
            }
        }
        for row in installation_key::Entity::find().all(self.reader()).await? {
            match self.operator_key().open(&row.wrapped_key, Place::installation_key()) {
                Ok(_) => {
                    checked.installation += 1;
                    checked.by_former_keys += u64::from(!self.operator_key().is_present(&row.wrapped_key));
                }
                Err(error) => checked.faults.push(format!("the operators' accounts: {error}")),
            }
        }
        for row in tenants_with_keys().all(self.reader()).await? {
            let id = Id::from_uuid(row.id);
            match TenantKey::unwrap(self.operator_key(), &row.wrapped_key, id) {
                Ok(key) => {
                    checked.tenants += 1;
                    checked.by_former_keys += u64::from(!self.operator_key().is_present(&row.wrapped_key));
                    let scope = self.store().tenant(id).await?;
                    scope.check_conversations(&key, &mut checked).await?;
                    scope.check_patients(&key, &mut checked).await?;
                }
                Err(error) => checked.faults.push(format!("the tenant {id}, with all of its conversations: {error}")),
            }
        }
        Ok(checked)
    }
}

/// What is said of a key that is not there, of something that is not on record as erased.
const GONE: &str = "it has no key. If an older backup was restored, it was erased since: see `kuzushi keys reconcile`";

impl TenantScope {
    async fn check_conversations(&self, key: &TenantKey, checked: &mut CheckedKeys) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let rows: Vec<Uuid> = session::Entity::find()
                .select_only()
                .column(session::Column::Id)
                .filter(session::Column::TenantId.eq(self.id().uuid()))
                .filter(session::Column::ErasedAt.is_null())
                .filter(session::Column::Id.gt(after))
                .order_by_asc(session::Column::Id)
                .limit(BATCH)
                .into_tuple()
                .all(self.reader())
                .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = *last;
            let keys = self.wrapped_keys(self.reader(), rows.iter().copied()).await?;
            for id in rows.into_iter().map(Id::from_uuid) {
                let place = Place::conversation_key(self.id(), id);
                match keys.get(&id.uuid()).map(|wrapped| key.content.unwrap(wrapped, place)) {
                    Some(Ok(_)) => checked.conversations += 1,
                    Some(Err(error)) => checked.faults.push(format!("the conversation {id}: {error}")),
                    None => checked.faults.push(format!("the conversation {id}: {GONE}")),
                }
            }
        }
    }

    async fn check_patients(&self, key: &TenantKey, checked: &mut CheckedKeys) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let rows: Vec<Uuid> = user::Entity::find()
                .select_only()
                .column(user::Column::Id)
                .filter(user::Column::TenantId.eq(self.id().uuid()))
                .filter(user::Column::Id.gt(after))
                .order_by_asc(user::Column::Id)
                .limit(BATCH)
                .into_tuple()
                .all(self.reader())
                .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = *last;
            let keys = self.wrapped_keys(self.reader(), rows.iter().copied()).await?;
            for id in rows.into_iter().map(Id::from_uuid) {
                let place = Place::user_key(self.id(), id);
                match keys.get(&id.uuid()).map(|wrapped| key.content.unwrap(wrapped, place)) {
                    Some(Ok(_)) => checked.patients += 1,
                    Some(Err(error)) => checked.faults.push(format!("the patient {id}: {error}")),
                    None => checked.faults.push(format!("the patient {id}: {GONE}")),
                }
            }
        }
    }
}
