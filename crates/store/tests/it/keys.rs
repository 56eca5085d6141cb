//! The content key changes, and everything opens all the while.

use kuzushi_store::{NewTenant, Store, on_both_engines, sealed::OperatorKey, testing::OPERATOR_KEY};

use crate::fixture::{Hospital, at};

const NEXT: [u8; 32] = [43; 32];

/// The same database, opened with the next content key, which knows or has forgotten the former one.
async fn with_next_key(hospital: &Hospital, knows_former: bool) -> Store {
    let mut key = OperatorKey::from_bytes(&NEXT).unwrap();
    if knows_former {
        key = key.with_former(&OPERATOR_KEY).unwrap();
    }
    Store::open(&hospital.database.options(), key).await.unwrap()
}

on_both_engines! {
    async fn keys_are_wrapped_anew_and_the_former_content_key_can_be_forgotten(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let both = with_next_key(&hospital, true).await;
        both.installation().check_operator_key().await.unwrap();
        let before = both.installation().check_keys().await.unwrap();
        assert_eq!((before.tenants, before.audit_chains, before.conversations, before.by_former_keys), (1, 2, 1, 3));
        assert!(with_next_key(&hospital, false).await.installation().check_operator_key().await.is_err());

        let rotated = both.installation().rotate_keys(at(1)).await.unwrap();
        assert_eq!((rotated.tenants, rotated.audit_chains, rotated.as_they_were), (1, 2, 0));
        let again = both.installation().rotate_keys(at(2)).await.unwrap();
        assert_eq!((again.tenants, again.audit_chains, again.as_they_were), (0, 0, 3));

        let next = with_next_key(&hospital, false).await;
        next.installation().check_operator_key().await.unwrap();
        let after = next.installation().check_keys().await.unwrap();
        assert_eq!((after.conversations, after.by_former_keys, after.faults.len()), (1, 0, 0));
        next.tenant(hospital.scope.id()).await.unwrap().session(session.id).await.unwrap();
        let chains = next.installation().check_audit(&[]).await.unwrap();
        assert!(chains.iter().all(|chain| chain.fault.is_none()), "{chains:?}");
        // A server that has not changed yet opens nothing new, and says so.
        assert!(hospital.store.installation().check_operator_key().await.is_err());
    }

    async fn a_rotation_that_broke_off_leaves_everything_open_and_goes_on(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        hospital.session().await;
        let both = with_next_key(&hospital, true).await;
        both.installation().rotate_keys(at(1)).await.unwrap();
        // A tenant that was added meanwhile, by a server that still has the former key as its own.
        let late = NewTenant { name: "Late".into(), domain: "late.example".into() };
        let former = OperatorKey::from_bytes(&OPERATOR_KEY).unwrap().with_former(&NEXT).unwrap();
        let former = Store::open(&hospital.database.options(), former).await.unwrap();
        let late = former.installation().create_tenant(late, at(2)).await.unwrap();
        let checked = both.installation().check_keys().await.unwrap();
        assert_eq!((checked.by_former_keys, checked.faults.len()), (1, 0));
        both.tenant(late.id).await.unwrap();
        assert_eq!(both.installation().rotate_keys(at(3)).await.unwrap().tenants, 1);
        with_next_key(&hospital, false).await.tenant(late.id).await.unwrap();
    }

    async fn what_does_not_open_is_named(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.database.execute("UPDATE kuzushi_keys.keys SET wrapped_key = (SELECT wrapped_key FROM tenants)").await;
        let checked = hospital.store.installation().check_keys().await.unwrap();
        assert_eq!(checked.faults.len(), 1);
        assert!(checked.faults[0].starts_with(&format!("the conversation {}:", session.id)), "{checked:?}");
        let stranger = hospital.database.open_with_key(&[9; 32]).await;
        let checked = stranger.installation().check_keys().await.unwrap();
        assert_eq!((checked.tenants, checked.audit_chains, checked.faults.len()), (0, 0, 3));
        assert!(stranger.installation().rotate_keys(at(1)).await.is_err());
    }
}
