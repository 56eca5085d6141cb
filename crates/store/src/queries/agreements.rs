//! Agreements with providers of language models: without one that stands, no patient's words go there.

use chrono::{DateTime, NaiveDate, Utc};
use kuzushi_domain::{
    AuditAction, Id,
    agreement::{AgreementKind, Endpoint, Modality},
    id,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{StoreError, TenantScope, entities::provider_agreement};

/// An agreement as it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub id: Id<id::Agreement>,
    pub terms: AgreementTerms,
    pub noted_by: String,
    pub noted_at: DateTime<Utc>,
    /// None while it was not withdrawn.
    pub withdrawn: Option<WithdrawnAgreement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementTerms {
    pub endpoint: Endpoint,
    pub kind: AgreementKind,
    pub modalities: Vec<Modality>,
    /// None where there is nothing to sign.
    pub signed_on: Option<NaiveDate>,
    /// The last day, in UTC. None: until it is withdrawn.
    pub valid_until: Option<NaiveDate>,
    /// Where the paper is, or why none is needed.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawnAgreement {
    pub by: String,
    pub at: DateTime<Utc>,
    pub reason: String,
}

impl Agreement {
    /// Whether it allows something on this day.
    pub fn stands(&self, today: NaiveDate) -> bool {
        self.withdrawn.is_none()
            && self.terms.valid_until.is_none_or(|last| today <= last)
            && self.terms.signed_on.is_none_or(|signed| signed <= today)
    }
}

impl TenantScope {
    pub async fn note_agreement(&self, terms: AgreementTerms, now: DateTime<Utc>) -> Result<Agreement, StoreError> {
        let id = Id::<id::Agreement>::generate();
        let row = provider_agreement::Model {
            id: id.uuid(),
            tenant_id: self.id().uuid(),
            endpoint: terms.endpoint.as_str().into(),
            kind: terms.kind.as_str().into(),
            covers_text: terms.modalities.contains(&Modality::Text),
            covers_voice: terms.modalities.contains(&Modality::Voice),
            signed_on: terms.signed_on,
            valid_until: terms.valid_until,
            reason: terms.reason,
            noted_by: self.actor().to_string(),
            noted_at: now,
            withdrawn_by: None,
            withdrawn_at: None,
            withdrawal_reason: None,
        };
        let transaction = self.write().await?;
        let inserted: provider_agreement::ActiveModel = row.clone().into();
        provider_agreement::Entity::insert(inserted.reset_all()).exec_without_returning(&transaction).await?;
        let event = NewAuditEvent::new(AuditAction::AgreementNoted, id).with(
            json!({"endpoint": row.endpoint, "kind": row.kind, "text": row.covers_text, "voice": row.covers_voice}),
        );
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        agreement(row)
    }

    /// From now on it allows nothing. `Changed`: somebody else withdrew it.
    pub async fn withdraw_agreement(
        &self,
        id: Id<id::Agreement>,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<Agreement, StoreError> {
        let transaction = self.write().await?;
        let found = self.own_agreements().filter(provider_agreement::Column::Id.eq(id.uuid())).lock_exclusive();
        let mut row = found.one(&transaction).await?.ok_or(StoreError::NotFound)?;
        if row.withdrawn_at.is_some() {
            return Err(StoreError::Lifted);
        }
        row.withdrawn_by = Some(self.actor().to_string());
        row.withdrawn_at = Some(now);
        row.withdrawal_reason = Some(reason);
        let withdrawn = provider_agreement::ActiveModel {
            id: Set(row.id),
            withdrawn_by: Set(row.withdrawn_by.clone()),
            withdrawn_at: Set(row.withdrawn_at),
            withdrawal_reason: Set(row.withdrawal_reason.clone()),
            ..Default::default()
        };
        provider_agreement::Entity::update(withdrawn).exec(&transaction).await?;
        let event = NewAuditEvent::new(AuditAction::AgreementWithdrawn, id).with(json!({"endpoint": row.endpoint}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        agreement(row)
    }

    pub async fn agreement(&self, id: Id<id::Agreement>) -> Result<Agreement, StoreError> {
        let row = self.own_agreements().filter(provider_agreement::Column::Id.eq(id.uuid())).one(self.reader()).await?;
        agreement(row.ok_or(StoreError::NotFound)?)
    }

    /// A page of the tenant's agreements, newest first.
    pub async fn agreements(
        &self,
        before: Option<Id<id::Agreement>>,
        limit: u64,
    ) -> Result<Vec<Agreement>, StoreError> {
        let rows = self
            .own_agreements()
            .apply_if(before, |rows, before| rows.filter(provider_agreement::Column::Id.lt(before.uuid())))
            .order_by_desc(provider_agreement::Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        rows.into_iter().map(agreement).collect()
    }

    /// Whether patients' words may go there in this form on this day.
    pub async fn may_send(
        &self,
        endpoint: &Endpoint,
        modality: Modality,
        today: NaiveDate,
    ) -> Result<bool, StoreError> {
        use provider_agreement::Column;
        let covered = match modality {
            Modality::Text => Column::CoversText,
            Modality::Voice => Column::CoversVoice,
        };
        let standing = self
            .own_agreements()
            .filter(Column::Endpoint.eq(endpoint.as_str()))
            .filter(covered.eq(true))
            .filter(Column::WithdrawnAt.is_null())
            .filter(Condition::any().add(Column::SignedOn.is_null()).add(Column::SignedOn.lte(today)))
            .filter(Condition::any().add(Column::ValidUntil.is_null()).add(Column::ValidUntil.gte(today)));
        Ok(standing.count(self.reader()).await? > 0)
    }

    fn own_agreements(&self) -> sea_orm::Select<provider_agreement::Entity> {
        provider_agreement::Entity::find().filter(provider_agreement::Column::TenantId.eq(self.id().uuid()))
    }
}

fn agreement(row: provider_agreement::Model) -> Result<Agreement, StoreError> {
    let unknown = || StoreError::Other(String::from("an agreement in the database has terms that are not known"));
    let withdrawn = match (row.withdrawn_by, row.withdrawn_at) {
        (Some(by), Some(at)) => Some(WithdrawnAgreement { by, at, reason: row.withdrawal_reason.unwrap_or_default() }),
        _ => None,
    };
    let covered = [(row.covers_text, Modality::Text), (row.covers_voice, Modality::Voice)];
    Ok(Agreement {
        id: Id::from_uuid(row.id),
        terms: AgreementTerms {
            endpoint: row.endpoint.parse().map_err(|_| unknown())?,
            kind: row.kind.parse().map_err(|_| unknown())?,
            modalities: covered.into_iter().filter(|(covers, _)| *covers).map(|(_, modality)| modality).collect(),
            signed_on: row.signed_on,
            valid_until: row.valid_until,
            reason: row.reason,
        },
        noted_by: row.noted_by,
        noted_at: row.noted_at,
        withdrawn,
    })
}
