//! What is under a legal hold is not erased, whoever wants it, until the last hold on it is lifted.

use chrono::TimeDelta;
use kuzushi_domain::{Id, Phi};
use kuzushi_store::{
    AcceptedMessage, AuditFilter, Erasure, HoldFilter, HoldSubject, LegalHold, NewLegalHold, NewUser, PageRequest,
    Session, StoreError, TenantScope, User, entities::legal_hold, on_both_engines,
};
use sea_orm::{ColumnTrait, Database, EntityTrait, QueryFilter, sea_query::Expr};

use crate::fixture::{Hospital, add_tenant, at, message};

const PAGE: PageRequest = PageRequest { before: None, after: None, limit: 50 };

fn on(subject: HoldSubject) -> NewLegalHold {
    NewLegalHold { subject, matter: Phi::from("Case canary-118"), reason: Phi::from("A letter of canary-119") }
}

async fn hold(scope: &TenantScope, subject: HoldSubject) -> LegalHold {
    scope.place_hold(on(subject), at(5)).await.unwrap()
}

async fn lift(scope: &TenantScope, hold: &LegalHold) {
    scope.lift_hold(hold.id, &Phi::from("Settled"), at(6)).await.unwrap();
}

async fn conversation(hospital: &Hospital) -> Session {
    let session = hospital.session().await;
    hospital.say(&session, "m1", "my left knee").await;
    session
}

async fn patient(hospital: &Hospital, name: &str) -> User {
    let email = format!("{name}@example.org").parse().unwrap();
    hospital.scope.create_user(NewUser { email, name: Phi::from(name), password_hash: None }, at(0)).await.unwrap()
}

/// Makes the conversation the patient's.
async fn belongs_to(hospital: &Hospital, session: &Session, user: &User) {
    let connection = Database::connect(&hospital.database.url).await.unwrap();
    kuzushi_store::entities::session::Entity::update_many()
        .col_expr(kuzushi_store::entities::session::Column::UserId, Expr::value(user.id.uuid()))
        .filter(kuzushi_store::entities::session::Column::Id.eq(session.id.uuid()))
        .exec(&connection)
        .await
        .unwrap();
}

async fn recorded(scope: &TenantScope, action: &str) -> usize {
    let filter = AuditFilter { action: Some(action.parse().unwrap()), ..AuditFilter::default() };
    scope.audit_events(filter, 50).await.unwrap().len()
}

on_both_engines! {
    async fn what_is_held_is_hidden_when_it_is_to_be_erased_and_erased_when_the_last_hold_is_lifted(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let (session, other) = (conversation(&hospital).await, conversation(&hospital).await);
        let holds = [
            hold(scope, HoldSubject::Session(session.id)).await,
            hold(scope, HoldSubject::App(hospital.app.id)).await,
            hold(scope, HoldSubject::Tenant).await,
        ];
        let ended = scope.end_session(session.id, true, at(7)).await.unwrap();
        assert_eq!((ended.at, ended.erasure), (at(7), Erasure::Deferred));
        assert_eq!(scope.end_session(session.id, true, at(8)).await.unwrap(), ended, "again changes nothing");
        assert_eq!((recorded(scope, "conversation.erasure_deferred").await, recorded(scope, "conversation.erased").await), (1, 0));
        // Nobody's daily work any more.
        let hidden = scope.session(session.id).await.unwrap();
        assert!(hidden.is_erased() && scope.messages(&hidden, PAGE).await.unwrap().messages.is_empty());
        let seen = scope.conversation(session.id).await.unwrap();
        assert_eq!((seen.is_erased, seen.is_erasure_due, seen.messages), (false, true, 0));
        let late = scope.accept_user_message(&session, message("m2", "and?"), at(9)).await.unwrap();
        assert!(matches!(late, AcceptedMessage::Ended), "{late:?}");
        // It is there for those who have to read it.
        let opened = scope.session_under_hold(session.id).await.unwrap();
        assert!(scope.messages(&opened, PAGE).await.unwrap().messages[0].content.expose().starts_with("my left knee"));

        for hold in &holds {
            let waited = scope.erase_what_waited(10, at(10)).await.unwrap();
            assert_eq!((waited.conversations.len(), waited.patients), (0, 0), "a hold is on it still");
            lift(scope, hold).await;
        }
        assert_eq!(scope.erase_what_waited(10, at(11)).await.unwrap().conversations, [session.id]);
        assert_eq!(scope.erase_what_waited(10, at(12)).await.unwrap().conversations, []);
        assert_eq!(recorded(scope, "conversation.erased").await, 1);
        let gone = scope.session_under_hold(session.id).await.unwrap();
        assert!(gone.is_erased() && scope.conversation(session.id).await.unwrap().is_erased);
        assert_eq!(gone.ended_at, Some(at(7)));
        assert!(!scope.session(other.id).await.unwrap().is_erased(), "nobody wanted that");
    }

    async fn retention_leaves_what_is_held_and_nothing_else(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let (held, free, of_patient) = (conversation(&hospital).await, conversation(&hospital).await, conversation(&hospital).await);
        let jane = patient(&hospital, "jane").await;
        belongs_to(&hospital, &of_patient, &jane).await;
        let one = hold(scope, HoldSubject::Session(held.id)).await;
        let two = hold(scope, HoldSubject::User(jane.id)).await;
        let later = at(0) + TimeDelta::days(60);
        assert_eq!(scope.erase_older_than(hospital.app.id, 30, 10, later).await.unwrap(), [free.id]);
        let whole = hold(scope, HoldSubject::App(hospital.app.id)).await;
        lift(scope, &one).await;
        assert_eq!(scope.erase_older_than(hospital.app.id, 30, 10, later).await.unwrap(), []);
        lift(scope, &whole).await;
        assert_eq!(scope.erase_older_than(hospital.app.id, 30, 10, later).await.unwrap(), [held.id]);
        lift(scope, &two).await;
        assert_eq!(scope.erase_older_than(hospital.app.id, 30, 10, later).await.unwrap(), [of_patient.id]);
    }

    async fn a_held_patient_is_hidden_and_deleted_later(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let (jane, john, free) =
            (patient(&hospital, "jane").await, patient(&hospital, "john").await, patient(&hospital, "free").await);
        let session = conversation(&hospital).await;
        belongs_to(&hospital, &session, &john).await;
        let holds = [hold(scope, HoldSubject::User(jane.id)).await, hold(scope, HoldSubject::Session(session.id)).await];
        assert_eq!(scope.delete_user(free.id, None, at(7)).await.unwrap(), Erasure::Done);
        for user in [&jane, &john] {
            assert_eq!(scope.delete_user(user.id, None, at(7)).await.unwrap(), Erasure::Deferred);
            assert!(matches!(scope.user(user.id).await, Err(StoreError::NotFound)));
            assert!(matches!(scope.delete_user(user.id, None, at(8)).await, Err(StoreError::NotFound)));
        }
        assert_eq!(scope.users(None, 10).await.unwrap(), []);
        let again = patient(&hospital, "jane").await;
        assert_ne!(again.id, jane.id, "the address is free");
        assert_eq!(scope.erase_what_waited(10, at(9)).await.unwrap().patients, 0);
        for hold in &holds {
            lift(scope, hold).await;
            assert_eq!(scope.erase_what_waited(10, at(9)).await.unwrap().patients, 1);
        }
        assert_eq!((recorded(scope, "user.deleted").await, recorded(scope, "user.deletion_deferred").await), (3, 2));
        let checked = hospital.store.installation().check_keys().await.unwrap();
        assert_eq!((checked.patients, checked.conversations, checked.faults.len()), (1, 1, 0));
    }

    async fn a_hold_is_on_something_that_is_there_and_is_lifted_once(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let session = conversation(&hospital).await;
        let erased = conversation(&hospital).await;
        scope.end_session(erased.id, true, at(2)).await.unwrap();
        let (elsewhere, _) = add_tenant(&hospital.store, "elsewhere").await;
        for subject in [HoldSubject::Session(erased.id), HoldSubject::User(Id::generate()), HoldSubject::App(Id::generate())] {
            assert!(matches!(scope.place_hold(on(subject), at(3)).await, Err(StoreError::NotFound)), "{subject:?}");
        }
        assert!(matches!(elsewhere.place_hold(on(HoldSubject::Session(session.id)), at(3)).await, Err(StoreError::NotFound)));
        hold(&elsewhere, HoldSubject::Tenant).await;
        let placed = hold(scope, HoldSubject::Session(session.id)).await;
        assert_eq!(scope.hold(placed.id).await.unwrap(), placed);
        assert!(matches!(elsewhere.hold(placed.id).await, Err(StoreError::NotFound)));
        let reason = Phi::from("Settled");
        let (one, two) = tokio::join!(scope.lift_hold(placed.id, &reason, at(4)), scope.lift_hold(placed.id, &reason, at(4)));
        let (lifted, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert!(matches!(refused, Err(StoreError::Lifted)), "{refused:?}");
        let in_force = HoldFilter { in_force: Some(true), ..HoldFilter::default() };
        assert_eq!(scope.holds(in_force, 10).await.unwrap(), []);
        assert_eq!(scope.holds(HoldFilter::default(), 10).await.unwrap(), [lifted.unwrap()]);
        assert_eq!((recorded(scope, "legal_hold.placed").await, recorded(scope, "legal_hold.lifted").await), (1, 1));
        assert_eq!(scope.end_session(session.id, true, at(5)).await.unwrap().erasure, Erasure::Done, "another tenant's holds are its own");
    }

    async fn no_column_holds_the_matter(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let placed = hold(&hospital.scope, HoldSubject::Tenant).await;
        hospital.scope.lift_hold(placed.id, &Phi::from("canary-120"), at(6)).await.unwrap();
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let row = legal_hold::Entity::find().one(&connection).await.unwrap().unwrap();
        let audit = format!("{:?}", hospital.scope.audit_events(AuditFilter::default(), 50).await.unwrap());
        for text in [row.matter, row.reason, row.lift_reason.unwrap(), audit.into_bytes()] {
            assert!(!String::from_utf8_lossy(&text).contains("canary"));
        }
    }

    async fn a_hold_and_an_erasure_at_once_are_one_after_the_other(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        for _ in 0..8 {
            let session = conversation(&hospital).await;
            let (placed, ended) = tokio::join!(
                hospital.scope.place_hold(on(HoldSubject::Session(session.id)), at(5)),
                hospital.scope.end_session(session.id, true, at(5)),
            );
            let opened = hospital.scope.session_under_hold(session.id).await.unwrap();
            match (placed, ended.unwrap().erasure) {
                (Ok(_), Erasure::Deferred) => assert!(!opened.is_erased()),
                (Err(StoreError::NotFound), Erasure::Done) => assert!(opened.is_erased()),
                other => panic!("{other:?}"),
            }
        }
    }
}
