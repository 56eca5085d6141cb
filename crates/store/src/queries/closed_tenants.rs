//! Tenants that are closed: for a while, or for good.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, TurnState, id};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{audit::NewAuditEvent, turns::is_open};
use crate::{
    Installation, StoreError, Tenant,
    entities::{api_key, legal_hold, session, tenant, turn},
};

/// Which tenants are closed, and which of them for good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedTenants {
    pub closed: HashSet<Id<id::Tenant>>,
    pub erased: HashSet<Id<id::Tenant>>,
}

impl Installation {
    pub async fn rename_tenant(
        &self,
        id: Id<id::Tenant>,
        name: String,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        let transaction = self.write().await?;
        let known = self.lock_tenant(&transaction, id).await?;
        if known.name == name {
            return Ok(known.into());
        }
        tenant::Entity::update_many()
            .col_expr(tenant::Column::Name, Expr::value(name.clone()))
            .filter(tenant::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        self.audit(&transaction, None, NewAuditEvent::new(AuditAction::TenantRenamed, id), now).await?;
        transaction.commit().await?;
        Ok(Tenant { name, ..known.into() })
    }

    /// From now on the tenant's apps answer nobody. Nothing is lost: see [`Installation::reopen_tenant`]. What is being answered
    /// is broken off.
    pub async fn close_tenant(&self, id: Id<id::Tenant>, now: DateTime<Utc>) -> Result<Tenant, StoreError> {
        let transaction = self.write().await?;
        let known = self.lock_tenant(&transaction, id).await?;
        if known.closed_at.is_some() {
            return Ok(known.into());
        }
        tenant::Entity::update_many()
            .col_expr(tenant::Column::ClosedAt, Expr::value(now))
            .filter(tenant::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Cancelled.as_str()))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::TenantId.eq(id.uuid()))
            .filter(is_open())
            .exec(&transaction)
            .await?;
        self.audit(&transaction, None, NewAuditEvent::new(AuditAction::TenantClosed, id), now).await?;
        transaction.commit().await?;
        Ok(Tenant { closed_at: Some(now), ..known.into() })
    }

    /// Lets the tenant's apps answer again. Not found where its key was destroyed.
    pub async fn reopen_tenant(&self, id: Id<id::Tenant>, now: DateTime<Utc>) -> Result<Tenant, StoreError> {
        let transaction = self.write().await?;
        let known = self.lock_tenant(&transaction, id).await?;
        if known.erased_at.is_some() {
            return Err(StoreError::NotFound);
        }
        if known.closed_at.is_none() {
            return Ok(known.into());
        }
        tenant::Entity::update_many()
            .col_expr(tenant::Column::ClosedAt, Expr::value(None::<DateTime<Utc>>))
            .filter(tenant::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        self.audit(&transaction, None, NewAuditEvent::new(AuditAction::TenantReopened, id), now).await?;
        transaction.commit().await?;
        Ok(Tenant { closed_at: None, ..known.into() })
    }

    /// Destroys the key of a closed tenant, and those of its conversations and patients: nothing that its patients wrote, nor
    /// their names, opens any more, from no backup of the data either. Its API keys open nothing any more. Again changes nothing. What
    /// is left of it then goes with [`Installation::empty_erased_tenants`].
    pub async fn erase_tenant(&self, id: Id<id::Tenant>, now: DateTime<Utc>) -> Result<Tenant, StoreError> {
        let transaction = self.write().await?;
        let known = self.lock_tenant(&transaction, id).await?;
        if known.erased_at.is_some() {
            return Ok(known.into());
        }
        if known.closed_at.is_none() {
            return Err(StoreError::NotClosed);
        }
        self.audit_trail_of(Some(id)).lock(&transaction).await?;
        let holds = legal_hold::Entity::find()
            .filter(legal_hold::Column::TenantId.eq(id.uuid()))
            .filter(legal_hold::Column::LiftedAt.is_null());
        if holds.count(&transaction).await? > 0 {
            return Err(StoreError::Held);
        }
        tenant::Entity::update_many()
            .col_expr(tenant::Column::WrappedKey, Expr::value(Vec::<u8>::new()))
            .col_expr(tenant::Column::ErasedAt, Expr::value(now))
            .filter(tenant::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, Expr::value(now))
            .filter(api_key::Column::TenantId.eq(id.uuid()))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        self.give_up_keys_of(&transaction, id).await?;
        self.audit(&transaction, None, NewAuditEvent::new(AuditAction::TenantErased, id), now).await?;
        transaction.commit().await?;
        self.finish_erasures().await?;
        self.forget_key(id);
        Ok(Tenant { erased_at: Some(now), ..known.into() })
    }

    /// Which tenants are closed. Keys that were destroyed, by whatever node, are forgotten here, too.
    pub async fn closed_tenants(&self) -> Result<ClosedTenants, StoreError> {
        let rows: Vec<(Uuid, Option<DateTime<Utc>>)> = tenant::Entity::find()
            .select_only()
            .columns([tenant::Column::Id, tenant::Column::ErasedAt])
            .filter(tenant::Column::ClosedAt.is_not_null())
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut found = ClosedTenants::default();
        for (id, erased_at) in rows {
            let id = Id::from_uuid(id);
            found.closed.insert(id);
            if erased_at.is_some() {
                self.forget_key(id);
                found.erased.insert(id);
            }
        }
        Ok(found)
    }

    /// Those of these conversations that are these tenants'.
    pub async fn conversations_of(
        &self,
        tenants: &HashSet<Id<id::Tenant>>,
        among: &[Id<id::Session>],
    ) -> Result<Vec<Id<id::Session>>, StoreError> {
        let rows: Vec<Uuid> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::TenantId.is_in(tenants.iter().map(|tenant| tenant.uuid())))
            .filter(session::Column::Id.is_in(among.iter().map(|session| session.uuid())))
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(Id::from_uuid).collect())
    }

    async fn lock_tenant(
        &self,
        transaction: &DatabaseTransaction,
        id: Id<id::Tenant>,
    ) -> Result<tenant::Model, StoreError> {
        let row = tenant::Entity::find_by_id(id.uuid()).lock_exclusive().one(transaction).await?;
        row.ok_or(StoreError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kuzushi_domain::EmailAddress;
    use sea_orm::PaginatorTrait;

    use super::*;
    use crate::{
        NewApp, NewSession, NewTenant, NewUser, NewUserMessage, NextTurn, SessionMetadata, Store, TenantScope,
        entities::key, on_both_engines, testing::TestDatabase,
    };

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const LATER: TimeDelta = TimeDelta::hours(1);

    /// A hospital with a patient and a conversation in which a question waits.
    async fn hospital(store: &Store, name: &str) -> (TenantScope, Id<id::Session>) {
        let new = NewTenant { name: name.into(), domain: format!("{name}.example") };
        let tenant = store.installation().create_tenant(new, NOW).await.unwrap();
        let scope = store.tenant(tenant.id).await.unwrap();
        let new = NewApp {
            project_id: name.into(),
            name: name.into(),
            description: String::new(),
            allowed_origins: Vec::new(),
        };
        let app = scope.create_app(new, NOW).await.unwrap();
        let new = NewSession {
            app: app.id,
            widget_instance_id: String::new(),
            owner: None,
            config_version: 1,
            metadata: SessionMetadata::default(),
        };
        let session = scope.create_session(new, NOW).await.unwrap();
        let question = NewUserMessage {
            message_id: "m1".into(),
            content: "Hi".into(),
            attachments: Vec::new(),
            client_timestamp: None,
            is_spoken: false,
            begin: false,
            emergency: None,
        };
        scope.accept_user_message(&session, question, NOW).await.unwrap();
        let email: EmailAddress = "jane@example.org".parse().unwrap();
        let new = NewUser { email, name: "Jane".into(), password_hash: None };
        scope.create_user(new, NOW).await.unwrap();
        (scope, session.id)
    }

    async fn keys(scope: &TenantScope) -> u64 {
        let own = key::Entity::find().filter(key::Column::TenantId.eq(scope.id().uuid()));
        own.count(scope.reader()).await.unwrap()
    }

    on_both_engines! {
        async fn a_closed_tenants_keys_are_destroyed_and_nobody_elses(engine: Engine) {
            let database = TestDatabase::new(engine).await;
            let (store, other_node) = (database.open().await, database.open().await);
            let installation = store.installation();
            let (scope, session) = hospital(&store, "st-marys").await;
            let (other, others) = hospital(&store, "riverside").await;
            other_node.tenant(scope.id()).await.unwrap();
            assert!(matches!(installation.erase_tenant(scope.id(), NOW).await, Err(StoreError::NotClosed)));
            let closed = installation.close_tenant(scope.id(), NOW).await.unwrap();
            assert_eq!(installation.close_tenant(scope.id(), NOW + LATER).await.unwrap(), closed, "again");
            let waits = scope.begin_next_turn(session, NOW).await.unwrap();
            assert!(!matches!(waits, NextTurn::Begun(_)), "what waited is answered no more: {waits:?}");
            assert!(matches!(other.begin_next_turn(others, NOW).await.unwrap(), NextTurn::Begun(_)));
            assert_eq!((keys(&scope).await, keys(&other).await), (2, 2));

            let erased = installation.erase_tenant(scope.id(), NOW).await.unwrap();
            assert_eq!((keys(&scope).await, keys(&other).await), (0, 2));
            assert_eq!(installation.erase_tenant(scope.id(), NOW + LATER).await.unwrap(), erased, "again");
            let row = tenant::Entity::find_by_id(scope.id().uuid()).one(installation.reader()).await.unwrap().unwrap();
            assert!(row.wrapped_key.is_empty());
            assert!(matches!(store.tenant(scope.id()).await.map(drop), Err(StoreError::NotFound)));
            // Another node lets go of the key when it next asks.
            let known = other_node.installation().closed_tenants().await.unwrap();
            assert!(known.closed.contains(&scope.id()) && known.erased.contains(&scope.id()));
            assert!(matches!(other_node.tenant(scope.id()).await.map(drop), Err(StoreError::NotFound)));
            assert!(matches!(installation.reopen_tenant(scope.id(), NOW).await, Err(StoreError::NotFound)));
            other_node.migrate().await.unwrap();
            assert_eq!(installation.check_keys().await.unwrap().faults, Vec::<String>::new());
            assert_eq!(installation.without_keys().await.unwrap().conversations, 0);
        }
    }
}
