//! Conversations whose time is over.

use chrono::TimeDelta;
use kuzushi_domain::Id;
use kuzushi_store::{AuditFilter, on_both_engines};

use crate::fixture::{Hospital, add_tenant, at, message};

on_both_engines! {
    async fn what_was_not_used_for_so_long_is_erased_once_and_nothing_else(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (old, used, ended) = (hospital.session().await, hospital.session().await, hospital.session().await);
        hospital.say(&old, "m1", "When can I visit?").await;
        hospital.say(&ended, "m1", "When can I visit?").await;
        hospital.scope.end_session(ended.id, false, at(2)).await.unwrap();
        let later = at(0) + TimeDelta::days(20);
        hospital.scope.accept_user_message(&used, message("m1", "And now?"), later).await.unwrap();
        let (elsewhere, other_app) = add_tenant(&hospital.store, "elsewhere").await;

        let erase = async |days, limit, now| hospital.scope.erase_older_than(hospital.app.id, days, limit, now).await.unwrap();
        let in_time = at(0) + TimeDelta::days(30);
        assert_eq!(erase(30, 10, in_time).await, [], "its last message is a second younger");
        let due = in_time + TimeDelta::minutes(1);
        assert_eq!(elsewhere.erase_older_than(hospital.app.id, 30, 10, due).await.unwrap(), [], "of another tenant");
        assert_eq!(hospital.scope.erase_older_than(other_app.id, 30, 10, due).await.unwrap(), [], "of another app");
        let (one, other) = (erase(30, 1, due).await, erase(30, 1, due).await);
        let mut erased = vec![one[0], other[0]];
        erased.sort_by_key(|session: &Id<_>| session.uuid());
        let mut expected = vec![old.id, ended.id];
        expected.sort_by_key(|session| session.uuid());
        assert_eq!(erased, expected);
        assert_eq!(erase(30, 10, due).await, [], "it is done");
        for session in [&old, &ended] {
            assert!(hospital.scope.session(session.id).await.unwrap().is_erased());
        }
        assert_eq!(hospital.scope.session(ended.id).await.unwrap().ended_at, Some(at(2)));
        let left = hospital.scope.session(used.id).await.unwrap();
        assert!(!left.is_erased() && left.ended_at.is_none());

        let filter = AuditFilter { action: Some("conversation.erased".parse().unwrap()), ..AuditFilter::default() };
        let events = hospital.scope.audit_events(filter, 10).await.unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!((&events[0].details["because"], &events[0].details["days"]), (&"retention".into(), &30.into()));
    }
}
