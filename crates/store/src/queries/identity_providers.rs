//! Who vouches for staff: an OpenID Connect provider for each tenant, and one for the operators.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, Phi};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Select};
use serde_json::json;
use uuid::Uuid;

use super::audit::NewAuditEvent;
use crate::{StaffScope, StoreError, entities::identity_provider, sealed::Place};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Not printed, as a patient's words are not.
    pub client_secret: Phi<String>,
    /// 1, 2, 3…: rises with every change.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Clone)]
pub struct NewIdentityProvider {
    pub issuer: String,
    pub client_id: String,
    /// None: the one that there was, where the issuer and the client stay the same.
    pub client_secret: Option<Phi<String>>,
}

impl StaffScope {
    pub async fn identity_provider(&self) -> Result<IdentityProvider, StoreError> {
        let row = self.own_provider().one(self.reader()).await?;
        self.open_provider(row.ok_or(StoreError::NotFound)?)
    }

    /// Sets the provider, where `version` is still the newest if one is given. None: a secret is wanted, since there was none for this
    /// issuer and client.
    pub async fn put_identity_provider(
        &self,
        new: NewIdentityProvider,
        version: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<IdentityProvider>, StoreError> {
        let transaction = self.write().await?;
        let known = self.own_provider().lock_exclusive().one(&transaction).await?;
        let newest = known.as_ref().map(|known| known.version);
        if version.is_some() && version != newest {
            return Err(StoreError::Changed { newest });
        }
        // Another issuer must not be sent what was meant for this one.
        let kept = known
            .as_ref()
            .filter(|known| known.issuer == new.issuer && known.client_id == new.client_id)
            .map(|known| known.client_secret.clone());
        let sealed = match &new.client_secret {
            Some(secret) => Some(self.key().seal(secret.expose().as_bytes(), self.provider_place())?),
            None => kept,
        };
        let Some(client_secret) = sealed else { return Ok(None) };
        let row = identity_provider::Model {
            id: self.provider_id(),
            tenant_id: self.tenant().map(|tenant| tenant.uuid()),
            issuer: new.issuer,
            client_id: new.client_id,
            client_secret,
            version: newest.unwrap_or(0) + 1,
            created_at: known.as_ref().map_or(now, |known| known.created_at),
            changed_at: now,
        };
        let model = row.clone().into_active_model().reset_all();
        if known.is_some() {
            identity_provider::Entity::update(model).exec(&transaction).await?;
        } else {
            identity_provider::Entity::insert(model).exec_without_returning(&transaction).await?;
        }
        let event = NewAuditEvent::new(AuditAction::IdentityProviderSet, "")
            .with(json!({"issuer": row.issuer, "clientId": row.client_id, "secret": new.client_secret.is_some()}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        self.open_provider(row).map(Some)
    }

    /// From now on nobody signs in with it.
    pub async fn remove_identity_provider(&self, version: Option<i32>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let row = self.own_provider().lock_exclusive().one(&transaction).await?.ok_or(StoreError::NotFound)?;
        if version.is_some_and(|version| version != row.version) {
            return Err(StoreError::Changed { newest: Some(row.version) });
        }
        identity_provider::Entity::delete_by_id(row.id).exec(&transaction).await?;
        let event = NewAuditEvent::new(AuditAction::IdentityProviderRemoved, "").with(json!({"issuer": row.issuer}));
        self.audit(&transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    fn own_provider(&self) -> Select<identity_provider::Entity> {
        identity_provider::Entity::find_by_id(self.provider_id()).filter(self.own(identity_provider::Column::TenantId))
    }

    fn provider_id(&self) -> Uuid {
        self.tenant().map_or(Uuid::nil(), |tenant| tenant.uuid())
    }

    fn provider_place(&self) -> Place {
        let tenant = self.tenant().unwrap_or_else(|| Id::from_uuid(Uuid::nil()));
        Place::new(tenant, "identity_providers", self.provider_id(), "client_secret")
    }

    fn open_provider(&self, row: identity_provider::Model) -> Result<IdentityProvider, StoreError> {
        let secret = self.key().open(&row.client_secret, self.provider_place())?;
        let secret = String::from_utf8(secret).map_err(|error| StoreError::Other(error.utf8_error().to_string()))?;
        Ok(IdentityProvider {
            issuer: row.issuer,
            client_id: row.client_id,
            client_secret: Phi::new(secret),
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}
