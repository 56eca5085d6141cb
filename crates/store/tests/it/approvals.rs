//! Changes that a second person has to approve.

use chrono::TimeDelta;
use kuzushi_domain::{Actor, AuditAction, Id, StaffRole};
use kuzushi_store::{
    Arm, AuditFilter, Change, Decision, NewApiKey, Replaces, RequestState, StoreError, TenantScope, on_both_engines,
};

use crate::fixture::{Hospital, at, config};

/// Somebody with a key that was made by `maker`.
async fn person(hospital: &Hospital, name: &str, maker: Actor) -> (TenantScope, Actor) {
    let new = NewApiKey {
        id: Id::generate(),
        tenant: Some(hospital.scope.id()),
        role: StaffRole::Owner,
        name: name.into(),
        secret_hash: [0; 32],
        created_by: "test".into(),
        expires_at: None,
    };
    let key = hospital.store.installation().by(maker).create_api_key(new, at(0)).await.unwrap();
    let actor = Actor::Key { id: key.id, role: key.role, name: key.name };
    (hospital.scope.clone().by(actor.clone()), actor)
}

/// A hospital with three versions, where one person is not enough.
async fn careful_hospital(engine: kuzushi_store::Engine) -> Hospital {
    let hospital = Hospital::open(engine).await;
    for note in ["second", "third"] {
        hospital.scope.create_config(hospital.app.id, config(note), None, at(0)).await.unwrap();
    }
    hospital.scope.require_approval(hospital.app.id, at(0)).await.unwrap();
    hospital
}

async fn active(hospital: &Hospital) -> i32 {
    hospital.scope.active_config(hospital.app.id).await.unwrap().unwrap().version
}

on_both_engines! {
    async fn one_person_asks_and_another_approves(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, _) = person(&hospital, "Ann", Actor::CommandLine).await;
        let (ben, ben_is) = person(&hospital, "Ben", Actor::CommandLine).await;
        let alone = ann.activate_config(app, 2, Replaces::default(), at(1)).await;
        assert!(matches!(alone, Err(StoreError::ApprovalNeeded)), "{alone:?}");
        assert!(matches!(ann.publish_config(app, config("fourth"), at(1)).await, Err(StoreError::ApprovalNeeded)));
        let unseen = Replaces { version: Some(3), split: None };
        let change = || Change::Activate { version: 2 };
        assert!(matches!(
            ann.request_change(app, change(), unseen, String::new(), at(1)).await,
            Err(StoreError::Changed { newest: Some(1) })
        ));
        let asked = ann.request_change(app, change(), Replaces::default(), "New hours".into(), at(1)).await.unwrap();
        assert_eq!((asked.state, asked.from_version, asked.version), (RequestState::Open, Some(1), Some(2)));
        let again = ben.request_change(app, change(), Replaces::default(), String::new(), at(2)).await.unwrap();
        assert_eq!(again, asked, "asking is not approving");
        assert_eq!(active(&hospital).await, 1);
        let own = ann.decide_request(app, asked.id, Decision::Approve, at(2)).await;
        assert!(matches!(own, Err(StoreError::SecondPersonNeeded)), "{own:?}");
        let stranger = ben.decide_request(app, asked.id, Decision::Withdraw, at(2)).await;
        assert!(matches!(stranger, Err(StoreError::NotTheirs)), "{stranger:?}");
        let approved = ben.decide_request(app, asked.id, Decision::Approve, at(3)).await.unwrap();
        assert_eq!((approved.state, approved.decided_by.clone()), (RequestState::Approved, Some(ben_is.to_string())));
        assert_eq!(active(&hospital).await, 2);
        assert_eq!(ben.decide_request(app, asked.id, Decision::Approve, at(4)).await.unwrap(), approved);
        let by = &ann.activations(app, None, 1).await.unwrap()[0].activated_by;
        assert_eq!(*by, format!("{}, approved by {ben_is}", asked.requested_by));
        let trail = hospital.scope.audit_events(AuditFilter::default(), 3).await.unwrap();
        let recorded: Vec<_> = trail.iter().map(|event| (event.action.as_str(), event.actor_name.as_str())).collect();
        assert_eq!(recorded, [("config.activated", "Ben"), ("approval.given", "Ben"), ("approval.requested", "Ann")]);
        assert_eq!((trail[2].reason.as_str(), &trail[2].details["version"]), ("New hours", &2.into()));
    }

    async fn two_keys_of_one_person_are_no_two_persons(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, ann_is) = person(&hospital, "Ann", Actor::CommandLine).await;
        let (second, second_is) = person(&hospital, "Ann's second", ann_is.clone()).await;
        let (third, _) = person(&hospital, "Ann's third", second_is).await;
        let (sibling, _) = person(&hospital, "Ann's fourth", ann_is).await;
        let (ben, _) = person(&hospital, "Ben", Actor::CommandLine).await;
        let change = Change::Activate { version: 2 };
        let asked = third.request_change(app, change, Replaces::default(), String::new(), at(1)).await.unwrap();
        for (own, decision) in [(&ann, Decision::Approve), (&second, Decision::Approve), (&sibling, Decision::Approve), (&third, Decision::Refuse)] {
            let own = own.decide_request(app, asked.id, decision, at(2)).await;
            assert!(matches!(own, Err(StoreError::SecondPersonNeeded)), "{own:?}");
        }
        assert_eq!(ann.decide_request(app, asked.id, Decision::Withdraw, at(2)).await.unwrap().state, RequestState::Withdrawn);
        let late = ben.decide_request(app, asked.id, Decision::Approve, at(3)).await;
        assert!(matches!(late, Err(StoreError::RequestClosed { state: RequestState::Withdrawn })), "{late:?}");
        assert_eq!(active(&hospital).await, 1);
    }

    async fn of_many_approvals_at_once_exactly_one_takes_effect(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, _) = person(&hospital, "Ann", Actor::CommandLine).await;
        let mut requests = Vec::new();
        for version in [2, 3] {
            let change = Change::Activate { version };
            requests.push(ann.request_change(app, change, Replaces::default(), String::new(), at(1)).await.unwrap().id);
        }
        let mut tasks = Vec::new();
        for number in 0..20 {
            let (other, _) = person(&hospital, &format!("Person {number}"), Actor::CommandLine).await;
            let request = requests[number % 2];
            tasks.push(tokio::spawn(async move { other.decide_request(app, request, Decision::Approve, at(2)).await }));
        }
        let mut approved = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(request) => approved.push(request),
                Err(StoreError::RequestClosed { state: RequestState::Approved | RequestState::Void }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(approved.len(), 1);
        assert_eq!(Some(active(&hospital).await), approved[0].version);
        assert_eq!(hospital.scope.activations(app, None, 50).await.unwrap().len(), 2, "the first, and the approved one");
        let given = AuditFilter { action: Some(AuditAction::ApprovalGiven), ..AuditFilter::default() };
        assert_eq!(hospital.scope.audit_events(given, 50).await.unwrap().len(), 1);
        let void = hospital.scope.approval_requests(app, Some(RequestState::Void), None, 50, at(3)).await.unwrap();
        assert_eq!(void.len(), 1, "the other request was for how it was before");
    }

    async fn many_who_ask_for_the_same_at_once_make_one_request(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let scope = hospital.scope.clone();
                let change = Change::Activate { version: 2 };
                tokio::spawn(async move { scope.request_change(app, change, Replaces::default(), String::new(), at(1)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(hospital.scope.approval_requests(app, None, None, 50, at(2)).await.unwrap().len(), 1);
    }

    async fn a_request_is_over_after_a_week_or_when_it_is_refused(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, _) = person(&hospital, "Ann", Actor::CommandLine).await;
        let (ben, _) = person(&hospital, "Ben", Actor::CommandLine).await;
        let change = || Change::Activate { version: 2 };
        let asked = ann.request_change(app, change(), Replaces::default(), String::new(), at(0)).await.unwrap();
        let late = at(0) + TimeDelta::days(7);
        let closed = ben.decide_request(app, asked.id, Decision::Approve, late).await;
        assert!(matches!(closed, Err(StoreError::RequestClosed { state: RequestState::Expired })), "{closed:?}");
        assert_eq!(ben.approval_request(app, asked.id, late).await.unwrap().state, RequestState::Expired);
        for (state, found) in [(RequestState::Open, 0), (RequestState::Expired, 1), (RequestState::Void, 0)] {
            assert_eq!(ann.approval_requests(app, Some(state), None, 50, late).await.unwrap().len(), found, "{state:?}");
        }
        let again = ann.request_change(app, change(), Replaces::default(), String::new(), late).await.unwrap();
        assert_ne!(again.id, asked.id);
        assert_eq!(ben.decide_request(app, again.id, Decision::Refuse, late).await.unwrap().state, RequestState::Refused);
        let closed = ben.decide_request(app, again.id, Decision::Approve, late).await;
        assert!(matches!(closed, Err(StoreError::RequestClosed { state: RequestState::Refused })), "{closed:?}");
        assert_eq!(active(&hospital).await, 1);
    }

    async fn splits_and_returns_wait_for_a_second_person_too(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, _) = person(&hospital, "Ann", Actor::CommandLine).await;
        let (ben, _) = person(&hospital, "Ben", Actor::CommandLine).await;
        let arms = vec![Arm { version: 1, weight: 50 }, Arm { version: 2, weight: 50 }];
        let alone = ann.split_configs(app, arms.clone(), Replaces::default(), at(1)).await;
        assert!(matches!(alone, Err(StoreError::ApprovalNeeded)), "{alone:?}");
        let ask = async |change| ann.request_change(app, change, Replaces::default(), String::new(), at(1)).await;
        let nowhere = ask(Change::RollBack).await;
        assert!(matches!(nowhere, Err(StoreError::NotFound)), "there is nothing to return to: {nowhere:?}");
        assert!(matches!(ask(Change::Activate { version: 9 }).await, Err(StoreError::NotFound)));
        let approve = async |id| ben.decide_request(app, id, Decision::Approve, at(2)).await.unwrap();
        approve(ask(Change::Split { arms: arms.clone() }).await.unwrap().id).await;
        let running = ann.running_split(app).await.unwrap().unwrap();
        assert_eq!(running.arms, arms);
        assert!(running.started_by.contains("Ann") && running.started_by.contains("approved by Ben"));
        let alone = ann.roll_back_config(app, Replaces::default(), at(2)).await;
        assert!(matches!(alone, Err(StoreError::ApprovalNeeded)), "{alone:?}");
        let back = ask(Change::RollBack).await.unwrap();
        assert_eq!((back.from_split, back.version), (Some(1), Some(1)));
        approve(back.id).await;
        assert_eq!(ann.running_split(app).await.unwrap(), None);
        approve(ask(Change::Activate { version: 3 }).await.unwrap().id).await;
        let back = ask(Change::RollBack).await.unwrap();
        assert_eq!(back.version, Some(1));
        approve(back.id).await;
        assert_eq!(active(&hospital).await, 1);
    }

    async fn an_end_to_it_needs_the_second_person_as_well(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let (ann, _) = person(&hospital, "Ann", Actor::CommandLine).await;
        let (ben, _) = person(&hospital, "Ben", Actor::CommandLine).await;
        let ask = async |change| ann.request_change(app, change, Replaces::default(), String::new(), at(1)).await.unwrap();
        let end = ask(Change::EndApproval).await;
        let other = ask(Change::Activate { version: 2 }).await;
        let own = ann.decide_request(app, end.id, Decision::Approve, at(2)).await;
        assert!(matches!(own, Err(StoreError::SecondPersonNeeded)), "{own:?}");
        ben.decide_request(app, other.id, Decision::Approve, at(2)).await.unwrap();
        ben.decide_request(app, end.id, Decision::Approve, at(3)).await.unwrap();
        assert!(!ann.app(app).await.unwrap().approval_required);
        ann.activate_config(app, 3, Replaces::default(), at(4)).await.unwrap();
        assert_eq!(active(&hospital).await, 3);
    }

    async fn what_is_asked_of_another_tenant_does_not_exist(engine: Engine) {
        let hospital = careful_hospital(engine).await;
        let app = hospital.app.id;
        let change = Change::Activate { version: 2 };
        let asked = hospital.scope.request_change(app, change.clone(), Replaces::default(), String::new(), at(1)).await.unwrap();
        let (stranger, _) = crate::fixture::add_tenant(&hospital.store, "elsewhere").await;
        assert!(matches!(stranger.approval_request(app, asked.id, at(1)).await, Err(StoreError::NotFound)));
        assert!(matches!(stranger.decide_request(app, asked.id, Decision::Approve, at(1)).await, Err(StoreError::NotFound)));
        assert!(matches!(stranger.request_change(app, change, Replaces::default(), String::new(), at(1)).await, Err(StoreError::NotFound)));
        assert!(matches!(stranger.require_approval(app, at(1)).await, Err(StoreError::NotFound)));
        assert_eq!(stranger.approval_requests(app, None, None, 50, at(1)).await.unwrap(), []);
    }
}
