//! The audit trail records what is done, and shows what was done to it.

use kuzushi_domain::{Actor, AuditAction, Id, StaffRole};
use kuzushi_store::{
    AuditFault, AuditFilter, AuditHead, NewAuditEvent, NewTenant, Replaces, StoreError, on_both_engines,
};
use serde_json::json;

use crate::fixture::{Hospital, at, config};

/// Events in a tenant's chain after the fixture: app created, config created, config activated.
const BEGINNING: i64 = 3;

fn ann() -> Actor {
    Actor::Key { id: Id::generate(), role: StaffRole::Owner, name: "Ann".into() }
}

async fn with_readings(engine: kuzushi_store::Engine, count: i64) -> Hospital {
    let hospital = Hospital::open(engine).await;
    let scope = hospital.scope.clone().by(ann());
    for number in 0..count {
        let event = NewAuditEvent::new(AuditAction::ConversationRead, "sess_1").with(json!({"messages": number}));
        scope.record(event, at(10 + number)).await.unwrap();
    }
    hospital
}

/// What the check says of the hospital's chain, with what an attacker did.
async fn fault_after(hospital: &Hospital, statement: &str, noted: &[AuditHead]) -> (i64, Option<AuditFault>) {
    hospital.database.execute(statement).await;
    let chains = hospital.store.installation().check_audit(noted).await.unwrap();
    let checked = chains.into_iter().find(|chain| chain.tenant == Some(hospital.scope.id())).unwrap();
    (checked.intact, checked.fault)
}

/// Events of the hospital only: the installation's own chain has others of the same number.
const OF_HOSPITAL: &str = "chain_id <> (SELECT chain_id FROM audit_chains ORDER BY chain_id LIMIT 1)";

on_both_engines! {
    async fn what_is_done_is_recorded_with_whom_and_why(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let actor = ann();
        let scope = hospital.scope.clone().by(actor.clone());
        scope.create_config(hospital.app.id, config("second"), None, at(1)).await.unwrap();
        scope.activate_config(hospital.app.id, 2, Replaces::default(), at(2)).await.unwrap();
        scope.activate_config(hospital.app.id, 2, Replaces::default(), at(3)).await.unwrap();
        let grant = scope.grant_access("A complaint".into(), at(100), at(4)).await.unwrap();
        let events = scope.audit_events(AuditFilter::default(), 50).await.unwrap();
        let actions: Vec<_> = events.iter().map(|event| (event.seq, event.action.as_str())).collect();
        assert_eq!(actions[..3], [(6, "access.granted"), (5, "config.activated"), (4, "config.created")]);
        assert_eq!(actions.len() as i64, BEGINNING + 3, "activating the active version changes nothing");
        let newest = &events[0];
        assert_eq!((&newest.actor, newest.actor_name.as_str(), newest.actor_role.as_str()), (&actor.id(), "Ann", "owner"));
        assert_eq!((newest.reason.as_str(), &newest.target, newest.at), ("A complaint", &grant.id.to_string(), at(4)));
        let filter = AuditFilter { action: Some(AuditAction::ConfigCreated), to: Some(at(1)), ..AuditFilter::default() };
        let found = scope.audit_events(filter, 50).await.unwrap();
        assert_eq!(found.iter().map(|event| event.seq).collect::<Vec<_>>(), [2]);
        let filter = AuditFilter { actor: Some(actor.id()), before: Some(6), from: Some(at(1)), ..AuditFilter::default() };
        assert_eq!(scope.audit_events(filter, 50).await.unwrap().len(), 2);

        let installation = hospital.store.installation().audit_events(AuditFilter::default(), 50).await.unwrap();
        assert_eq!(installation.iter().map(|event| event.action.as_str()).collect::<Vec<_>>(), ["tenant.created"]);
        let chains = hospital.store.installation().check_audit(&[]).await.unwrap();
        assert_eq!(chains.iter().map(|chain| (chain.intact, chain.fault)).collect::<Vec<_>>(), [(1, None), (6, None)]);
    }

    async fn a_grant_is_its_owners_and_ends(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = hospital.scope.clone().by(ann());
        let grant = scope.grant_access("A complaint".into(), at(100), at(4)).await.unwrap();
        assert_eq!(scope.access_grant(at(99)).await.unwrap(), Some(grant));
        assert_eq!(scope.access_grant(at(100)).await.unwrap(), None);
        assert_eq!(hospital.scope.clone().by(ann()).access_grant(at(5)).await.unwrap(), None);
    }

    async fn an_action_that_cannot_be_recorded_does_not_happen(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.database.execute("ALTER TABLE audit_events RENAME TO audit_events_gone").await;
        let scope = &hospital.scope;
        assert!(scope.create_config(hospital.app.id, config("second"), None, at(1)).await.is_err());
        assert!(scope.end_session(session.id, true, at(1)).await.is_err());
        assert!(scope.grant_access("A complaint".into(), at(100), at(1)).await.is_err());
        let tenant = NewTenant { name: "Third".into(), domain: "third.example".into() };
        assert!(hospital.store.installation().create_tenant(tenant, at(1)).await.is_err());
        hospital.database.execute("ALTER TABLE audit_events_gone RENAME TO audit_events").await;
        assert_eq!(scope.config_versions(hospital.app.id, None, 50).await.unwrap().len(), 1);
        assert!(!scope.session(session.id).await.unwrap().is_erased());
        assert_eq!(scope.access_grant(at(1)).await.unwrap(), None);
        assert!(hospital.store.installation().tenant_by_domain("third.example").await.unwrap().is_none());
    }

    async fn an_edited_event_is_named(engine: Engine) {
        for change in ["actor_name = 'Bob'", "reason = 'x'", "details = '{}'", "target = 'sess_2'", "recorded_at = '2026-01-01 00:00:00+00:00'"] {
            let hospital = with_readings(engine, 5).await;
            let edit = format!("UPDATE audit_events SET {change} WHERE seq = 5 AND {OF_HOSPITAL}");
            let found = fault_after(&hospital, &edit, &[]).await;
            assert_eq!(found, (4, Some(AuditFault::Altered { seq: 5 })), "{change}");
        }
    }

    async fn a_removed_event_is_named(engine: Engine) {
        let hospital = with_readings(engine, 5).await;
        let removal = format!("DELETE FROM audit_events WHERE seq = 5 AND {OF_HOSPITAL}");
        assert_eq!(fault_after(&hospital, &removal, &[]).await, (4, Some(AuditFault::Removed { seq: 5 })));
    }

    async fn swapped_events_are_named(engine: Engine) {
        let hospital = with_readings(engine, 5).await;
        for (from, to) in [(5, 99), (6, 5), (99, 6)] {
            let step = format!("UPDATE audit_events SET seq = {to} WHERE seq = {from} AND {OF_HOSPITAL}");
            hospital.database.execute(&step).await;
        }
        assert_eq!(fault_after(&hospital, "SELECT 1", &[]).await, (4, Some(AuditFault::Altered { seq: 5 })));
    }

    async fn a_chain_that_was_cut_back_is_named_by_its_head_or_by_what_was_noted_outside(engine: Engine) {
        let hospital = with_readings(engine, 5).await;
        let noted = hospital.store.installation().audit_heads().await.unwrap();
        let cut = format!("DELETE FROM audit_events WHERE seq > 6 AND {OF_HOSPITAL}");
        let cut_back = Some(AuditFault::CutBack { left: 6, recorded: 8 });
        assert_eq!(fault_after(&hospital, &cut, &[]).await, (6, cut_back));
        // Somebody who knows the tables sets the head back as well: the hash is there to be copied.
        let reset = format!(
            "UPDATE audit_chains SET last_seq = 6, last_hash = \
             (SELECT hash FROM audit_events WHERE seq = 6 AND {OF_HOSPITAL}) WHERE last_seq = 8"
        );
        assert_eq!(fault_after(&hospital, &reset, &[]).await, (6, None));
        assert_eq!(fault_after(&hospital, "SELECT 1", &noted).await, (6, cut_back));
        // Written anew, with the right key: other events than those that were noted.
        for number in 0..3 {
            let event = NewAuditEvent::new(AuditAction::ConversationRead, "sess_1").with(json!({"other": number}));
            hospital.scope.record(event, at(50)).await.unwrap();
        }
        let other = Some(AuditFault::NotAsNoted { seq: 8 });
        assert_eq!(fault_after(&hospital, "SELECT 1", &noted).await, (7, other));
    }

    async fn a_chain_that_is_gone_is_named(engine: Engine) {
        let hospital = with_readings(engine, 2).await;
        let noted = hospital.store.installation().audit_heads().await.unwrap();
        let gone = format!("DELETE FROM audit_chains WHERE {OF_HOSPITAL}");
        assert_eq!(fault_after(&hospital, &gone, &[]).await, (0, Some(AuditFault::KeyLost)));
        hospital.database.execute("DELETE FROM audit_events WHERE seq > 1").await;
        assert_eq!(fault_after(&hospital, "DELETE FROM audit_events", &noted).await, (0, Some(AuditFault::KeyLost)));
    }

    async fn many_at_once_make_one_chain(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let scope = hospital.scope.clone();
                tokio::spawn(async move {
                    scope.record(NewAuditEvent::new(AuditAction::AuditRead, ""), at(9)).await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let found = fault_after(&hospital, "SELECT 1", &[]).await;
        assert_eq!(found, (BEGINNING + 40, None));
    }

    async fn another_content_key_cannot_add_to_a_chain(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let stranger = hospital.database.open_with_key(&[9; 32]).await;
        let tenant = NewTenant { name: "Third".into(), domain: "third.example".into() };
        let refused = stranger.installation().create_tenant(tenant, at(1)).await;
        assert!(matches!(refused, Err(StoreError::Sealed(_))), "{refused:?}");
    }
}
