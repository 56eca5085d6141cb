use kuzushi_domain::{Id, StaffRole, id};
use kuzushi_store::{NewApiKey, StoreError, on_both_engines};

use crate::fixture::{Hospital, add_tenant, at};

fn key(tenant: Option<Id<id::Tenant>>, role: StaffRole) -> NewApiKey {
    NewApiKey {
        id: Id::generate(),
        tenant,
        role,
        name: "the web team".into(),
        secret_hash: [7; 32],
        created_by: "test".into(),
        expires_at: Some(at(100)),
    }
}

on_both_engines! {
    async fn a_key_is_valid_until_it_expires_or_is_revoked(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (installation, tenant) = (hospital.store.installation(), Some(hospital.scope.id()));
        let created = installation.create_api_key(key(tenant, StaffRole::Editor), at(0)).await.unwrap();
        let (found, hash) = installation.api_key(created.id).await.unwrap().unwrap();
        assert_eq!((&found, hash), (&created, vec![7; 32]));
        assert!(found.is_valid(at(99)) && !found.is_valid(at(100)));

        installation.revoke_api_key(tenant, created.id, at(5)).await.unwrap();
        installation.revoke_api_key(tenant, created.id, at(6)).await.unwrap();
        let (revoked, _) = installation.api_key(created.id).await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(at(5)), "the first time counts");
        assert!(!revoked.is_valid(at(5)));
        assert_eq!(installation.api_key(Id::generate()).await.unwrap(), None);
    }

    async fn keys_are_listed_and_revoked_within_their_tenant_only(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        let installation = hospital.store.installation();
        let tenant = Some(hospital.scope.id());
        let own = installation.create_api_key(key(tenant, StaffRole::Owner), at(0)).await.unwrap();
        let operators = installation.create_api_key(key(None, StaffRole::Operator), at(0)).await.unwrap();
        assert_eq!(installation.api_keys(tenant, None, 50).await.unwrap(), std::slice::from_ref(&own));
        assert_eq!(installation.api_keys(tenant, Some(own.id), 50).await.unwrap(), []);
        assert_eq!(installation.api_keys(None, None, 50).await.unwrap(), std::slice::from_ref(&operators));
        assert_eq!(installation.api_keys(Some(stranger.id()), None, 50).await.unwrap(), []);
        for (somebody, key) in [(Some(stranger.id()), own.id), (None, own.id), (tenant, operators.id)] {
            let refused = installation.revoke_api_key(somebody, key, at(1)).await;
            assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
        }
        assert_eq!(installation.api_key(own.id).await.unwrap().unwrap().0.revoked_at, None);
    }

    async fn the_database_itself_ties_operators_to_no_tenant_and_everybody_else_to_one(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let installation = hospital.store.installation();
        let wrong = [
            key(None, StaffRole::Owner),
            key(Some(hospital.scope.id()), StaffRole::Operator),
            key(Some(Id::generate()), StaffRole::Owner),
        ];
        for new in wrong {
            assert!(installation.create_api_key(new, at(0)).await.is_err());
        }
        assert!(installation.api_keys(None, None, 50).await.unwrap().is_empty());
    }
}
