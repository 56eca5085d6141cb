//! Patients who can sign in, and their being signed in.

use chrono::TimeDelta;
use kuzushi_domain::{AuditAction, EmailAddress, Id, Phi};
use kuzushi_store::{
    Assertion, AuditFilter, Credentials, Login, LoginLimits, NewIdentityKey, NewSession, NewUser, Proof, RevokedLogin,
    Session, SessionMetadata, SessionOwner, SignIn, StoreError, User, UserChange, entities::user, on_both_engines,
};
use sea_orm::{ActiveValue::Set, Database, EntityTrait};

use crate::fixture::{Hospital, add_tenant, at};

const JANE: &str = "jane-canary-5521@example.org";

fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn new_user(address: &str) -> NewUser {
    NewUser { email: email(address), name: Phi::from("Jane Canary-9917"), password_hash: Some("hash-canary-1".into()) }
}

async fn jane(hospital: &Hospital) -> User {
    hospital.scope.create_user(new_user(JANE), at(0)).await.unwrap()
}

async fn credentials(hospital: &Hospital) -> Credentials {
    hospital.scope.credentials(&email(JANE)).await.unwrap().unwrap()
}

/// A login that lasts until then, used or not.
fn until(seconds: i64) -> LoginLimits {
    LoginLimits { expires_at: at(seconds), idle: TimeDelta::days(1) }
}

async fn signed_in(hospital: &Hospital, session: &Session) -> Login {
    match hospital
        .scope
        .sign_in(Proof::Password(&credentials(hospital).await), session.id, until(100), at(1))
        .await
        .unwrap()
    {
        SignIn::Done(login, _) => login,
        other => panic!("{other:?}"),
    }
}

fn changed<T>(result: Result<T, StoreError>) -> Option<i32> {
    match result {
        Err(StoreError::Changed { newest }) => newest,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was changed in the meantime"),
    }
}

on_both_engines! {
    async fn an_address_has_one_account_in_a_tenant(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let created = jane(&hospital).await;
        assert_eq!(hospital.scope.user(created.id).await.unwrap(), created);
        let again = hospital.scope.create_user(new_user(&JANE.to_uppercase()), at(1)).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))));
        assert_eq!(hospital.scope.user_by_email(&email(&format!(" {JANE}"))).await.unwrap(), Some(created.clone()));
        assert_eq!(hospital.scope.user_by_email(&email("john@example.org")).await.unwrap(), None);

        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        assert_eq!(stranger.user_by_email(&email(JANE)).await.unwrap(), None);
        assert!(matches!(stranger.user(created.id).await, Err(StoreError::NotFound)));
        assert!(matches!(stranger.delete_user(created.id, None, at(1)).await, Err(StoreError::NotFound)));
        let change = UserChange { disabled: Some(true), ..UserChange::default() };
        assert!(matches!(stranger.change_user(created.id, change, None, at(1)).await, Err(StoreError::NotFound)));
        stranger.create_user(new_user(JANE), at(1)).await.unwrap();
        let second = hospital.scope.create_user(new_user("john@example.org"), at(2)).await.unwrap();
        assert_eq!(hospital.scope.users(None, 50).await.unwrap(), [second.clone(), created.clone()]);
        assert_eq!(hospital.scope.users(Some(second.id), 50).await.unwrap(), [created]);
    }

    async fn no_column_holds_what_a_patient_is_called_or_proves_it_with(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        jane(&hospital).await;
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let row = user::Entity::find().one(&connection).await.unwrap().unwrap();
        let columns = [row.email_mark.clone().unwrap(), row.email.clone().unwrap(), row.name.clone(), row.password_hash.clone().unwrap()];
        for column in columns {
            let text = String::from_utf8_lossy(&column).to_lowercase();
            assert!(!text.contains("canary") && !text.contains("example"), "{text}");
        }
        let john = hospital.scope.create_user(new_user("john@example.org"), at(2)).await.unwrap();
        let moved = user::ActiveModel { id: Set(john.id.uuid()), email: Set(row.email), ..Default::default() };
        user::Entity::update(moved).exec(&connection).await.unwrap();
        assert!(matches!(hospital.scope.user(john.id).await, Err(StoreError::Sealed(_))), "moved to another row");
    }

    async fn of_two_who_change_a_user_the_second_is_told(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let created = jane(&hospital).await;
        let name = |name: &str| UserChange { name: Some(Phi::from(name)), ..UserChange::default() };
        let renamed = hospital.scope.change_user(created.id, name("Jane"), Some(1), at(1)).await.unwrap();
        assert_eq!((renamed.version, renamed.name.expose().as_str()), (2, "Jane"));
        assert_eq!(renamed.email, created.email);
        assert_eq!(changed(hospital.scope.change_user(created.id, name("J."), Some(1), at(2)).await), Some(2));
        assert_eq!(changed(hospital.scope.delete_user(created.id, Some(1), at(2)).await), Some(2));
        assert_eq!(hospital.scope.user(created.id).await.unwrap(), renamed);
        hospital.scope.delete_user(created.id, Some(2), at(3)).await.unwrap();
        assert!(matches!(hospital.scope.user(created.id).await, Err(StoreError::NotFound)));
    }

    async fn whoever_signs_in_has_the_conversation_and_nobody_else_takes_it(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let user = jane(&hospital).await;
        let session = hospital.session().await;
        let other = hospital.session().await;
        let login = signed_in(&hospital, &session).await;
        let owner = SessionOwner { user: user.id, login: login.id };
        assert_eq!(hospital.scope.session(session.id).await.unwrap().owner, Some(owner));
        assert_eq!(hospital.scope.login(login.id).await.unwrap(), login);
        assert!(login.is_live(at(99)) && !login.is_live(at(100)));

        hospital.scope.create_user(new_user("john@example.org"), at(0)).await.unwrap();
        let john = hospital.scope.credentials(&email("john@example.org")).await.unwrap().unwrap();
        let taken = hospital.scope.sign_in(Proof::Password(&john), session.id, until(100), at(2)).await.unwrap();
        assert!(matches!(taken, SignIn::SomebodyElses));
        assert_eq!(hospital.scope.session(session.id).await.unwrap().owner, Some(owner));

        let new = NewSession {
            app: hospital.app.id,
            widget_instance_id: String::new(),
            owner: Some(owner),
            config_version: 1,
            metadata: SessionMetadata::default(),
        };
        let begun = hospital.scope.create_session(new, at(3)).await.unwrap();
        let list = async |before, limit| -> Vec<_> {
            let page = hospital.scope.sessions_of(user.id, before, limit).await.unwrap();
            page.iter().map(|session| session.id).collect()
        };
        assert_eq!(list(None, 50).await, [begun.id, session.id]);
        assert_eq!(list(None, 1).await, [begun.id]);
        assert_eq!(list(Some(begun.id), 50).await, [session.id]);
        assert_eq!(hospital.scope.session(begun.id).await.unwrap().owner, Some(owner));
        assert_eq!(hospital.scope.session(other.id).await.unwrap().owner, None);
        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        assert!(stranger.sessions_of(user.id, None, 50).await.unwrap().is_empty());
        assert!(matches!(stranger.login(login.id).await, Err(StoreError::NotFound)));
        stranger.revoke_login(login.id, at(4)).await.unwrap();
        assert_eq!(hospital.scope.login(login.id).await.unwrap().revoked_at, None);
    }

    async fn signing_out_disabling_a_new_password_and_deleting_revoke(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let user = jane(&hospital).await;
        let session = hospital.session().await;
        let revoked_at = async |login: &Login| hospital.scope.login(login.id).await.unwrap().revoked_at;

        let (one, two) = (signed_in(&hospital, &session).await, signed_in(&hospital, &session).await);
        hospital.scope.revoke_login(one.id, at(10)).await.unwrap();
        hospital.scope.revoke_login(one.id, at(11)).await.unwrap();
        assert_eq!((revoked_at(&one).await, revoked_at(&two).await), (Some(at(10)), None), "the first time counts");
        let renamed = UserChange { name: Some(Phi::from("J.")), ..UserChange::default() };
        hospital.scope.change_user(user.id, renamed, None, at(12)).await.unwrap();
        assert_eq!(revoked_at(&two).await, None);
        let password = UserChange { password_hash: Some("hash-2".into()), ..UserChange::default() };
        hospital.scope.change_user(user.id, password, None, at(13)).await.unwrap();
        assert_eq!(revoked_at(&two).await, Some(at(13)));
        let revoked = hospital.store.installation().logins_revoked_since(at(13)).await.unwrap();
        assert_eq!(revoked, [RevokedLogin { login: two.id, session: Some(session.id) }]);

        let three = signed_in(&hospital, &session).await;
        let before = credentials(&hospital).await;
        let disable = |disabled| UserChange { disabled: Some(disabled), ..UserChange::default() };
        let disabled = hospital.scope.change_user(user.id, disable(true), None, at(14)).await.unwrap();
        assert_eq!((disabled.disabled_at, revoked_at(&three).await), (Some(at(14)), Some(at(14))));
        let late = hospital.scope.sign_in(Proof::Password(&before), session.id, until(100), at(15)).await.unwrap();
        assert!(matches!(late, SignIn::Outdated), "disabled while the password was looked at");
        let enabled = hospital.scope.change_user(user.id, disable(false), None, at(16)).await.unwrap();
        assert_eq!(enabled.disabled_at, None);

        let four = signed_in(&hospital, &session).await;
        let before = credentials(&hospital).await;
        hospital.scope.delete_user(user.id, None, at(17)).await.unwrap();
        assert_eq!(revoked_at(&four).await, Some(at(17)));
        let late = hospital.scope.sign_in(Proof::Password(&before), session.id, until(100), at(18)).await.unwrap();
        assert!(matches!(late, SignIn::Outdated));
    }

    async fn whoever_does_nothing_is_signed_out_and_so_is_everybody_in_the_end(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let user = jane(&hospital).await;
        let session = hospital.session().await;
        let limits = LoginLimits { expires_at: at(100), idle: TimeDelta::seconds(30) };
        let sign_in = async || {
            let proof = credentials(&hospital).await;
            match hospital.scope.sign_in(Proof::Password(&proof), session.id, limits, at(1)).await.unwrap() {
                SignIn::Done(login, _) => login,
                other => panic!("{other:?}"),
            }
        };
        let (idle, busy) = (sign_in().await, sign_in().await);
        let installation = hospital.store.installation();
        let now = async |login: &Login| hospital.scope.login(login.id).await.unwrap();
        assert_eq!(idle.ends_at, at(31));
        hospital.scope.touch_login(&busy, at(20)).await.unwrap();
        assert_eq!((now(&busy).await.last_seen_at, now(&busy).await.ends_at), (at(20), at(50)));

        installation.time_out_logins(at(30)).await.unwrap();
        assert!(now(&idle).await.is_live(at(30)));
        installation.time_out_logins(at(31)).await.unwrap();
        installation.time_out_logins(at(32)).await.unwrap();
        assert_eq!((now(&idle).await.revoked_at, now(&busy).await.revoked_at), (Some(at(31)), None));
        hospital.scope.touch_login(&idle, at(31)).await.unwrap();
        assert_eq!(now(&idle).await.ends_at, at(31), "it is over");

        for seconds in [49, 78, 99] {
            hospital.scope.touch_login(&busy, at(seconds)).await.unwrap();
            installation.time_out_logins(at(seconds)).await.unwrap();
        }
        installation.time_out_logins(at(100)).await.unwrap();
        assert_eq!(now(&busy).await.revoked_at, Some(at(100)));
        let events = hospital.scope.audit_events(AuditFilter::default(), 2).await.unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.action.as_str(), event.actor.as_str(), event.target.clone(), event.details["because"].as_str()))
            .collect();
        let action = AuditAction::SignInTimedOut.as_str();
        assert_eq!(told, [
            (action, "system", user.id.to_string(), Some("expired")),
            (action, "system", user.id.to_string(), Some("idle")),
        ]);

        let revoked = installation.logins_revoked_since(at(31)).await.unwrap();
        assert_eq!(revoked.len(), 2, "each node hears of it");
        signed_in(&hospital, &session).await;
        assert!(hospital.scope.login(idle.id).await.is_ok(), "it is still news");
    }

    async fn a_better_hash_signs_nobody_out_and_never_undoes_a_new_password(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let user = jane(&hospital).await;
        let session = hospital.session().await;
        let login = signed_in(&hospital, &session).await;
        let read = credentials(&hospital).await;
        hospital.scope.rehash_password(&read, "better").await.unwrap();
        let now = credentials(&hospital).await;
        assert_eq!((now.password_hash.as_deref(), now.user.version), (Some("better"), 1));
        assert_eq!(hospital.scope.login(login.id).await.unwrap().revoked_at, None);
        let password = UserChange { password_hash: Some("new".into()), ..UserChange::default() };
        hospital.scope.change_user(user.id, password, None, at(2)).await.unwrap();
        hospital.scope.rehash_password(&now, "too late").await.unwrap();
        assert_eq!(credentials(&hospital).await.password_hash.as_deref(), Some("new"));
        assert!(matches!(hospital.scope.login(Id::generate()).await, Err(StoreError::NotFound)));
    }

    async fn whom_a_hospitals_site_knows_is_one_patient_and_what_it_says_counts_once(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (session, other) = (hospital.session().await, hospital.session().await);
        let says = |subject: &str, jti: &str| Assertion {
            app: hospital.app.id,
            subject: Phi::from(subject),
            name: Phi::from("Jane Canary-9917"),
            record: None,
            jti: jti.into(),
            expires_at: at(60),
        };
        let sign_in = async |assertion: &Assertion, session: &Session, seconds: i64| {
            hospital.scope.sign_in(Proof::Assertion(assertion), session.id, until(1_000), at(seconds)).await.unwrap()
        };
        let SignIn::Done(_, jane) = sign_in(&says("canary-77", "one"), &session, 1).await else { panic!("signed in") };
        assert_eq!((jane.email.clone(), jane.subject.clone()), (None, Some(Phi::from("canary-77"))));
        assert!(matches!(sign_in(&says("canary-77", "one"), &session, 2).await, SignIn::Replayed));
        assert!(matches!(sign_in(&says("canary-78", "two"), &session, 2).await, SignIn::SomebodyElses));
        // What came to nothing was not used up.
        assert!(matches!(sign_in(&says("canary-78", "two"), &other, 3).await, SignIn::Done(..)));
        let SignIn::Done(_, again) = sign_in(&says("canary-77", "three"), &session, 4).await else { panic!("again") };
        assert_eq!(again.id, jane.id);
        // Long after it expired nobody remembers it; its own time refuses it then.
        assert!(matches!(sign_in(&says("canary-77", "one"), &session, 60).await, SignIn::Done(..)));
        assert_eq!(hospital.scope.users(None, 50).await.unwrap().len(), 2);

        let disable = UserChange { disabled: Some(true), ..UserChange::default() };
        hospital.scope.change_user(jane.id, disable, None, at(5)).await.unwrap();
        assert!(matches!(sign_in(&says("canary-77", "four"), &session, 6).await, SignIn::Outdated));
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        for row in user::Entity::find().all(&connection).await.unwrap() {
            for column in [row.subject_mark.unwrap(), row.subject.unwrap(), row.name] {
                assert!(!String::from_utf8_lossy(&column).to_lowercase().contains("canary"));
            }
        }
    }

    async fn an_apps_identity_keys_are_its_own(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (stranger, elsewhere) = add_tenant(&hospital.store, "elsewhere").await;
        let new = |kid: &str| NewIdentityKey {
            kid: kid.into(),
            algorithm: "HS256".into(),
            secret: b"a secret".to_vec(),
            created_by: "test".into(),
        };
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let one = scope.add_identity_key(app, new("2026-11"), at(0)).await.unwrap();
        assert!(matches!(scope.add_identity_key(app, new("2026-11"), at(1)).await, Err(StoreError::Conflict(_))));
        let two = scope.add_identity_key(app, new("2026-12"), at(1)).await.unwrap();
        assert_eq!(scope.identity_keys(app, 50).await.unwrap(), [two.clone(), one.clone()]);
        assert_eq!(scope.identity_key(app, "2026-11").await.unwrap(), Some((one, b"a secret".to_vec())));
        assert_eq!(scope.identity_key(elsewhere.id, "2026-11").await.unwrap(), None);
        assert_eq!(stranger.identity_key(app, "2026-11").await.unwrap(), None);
        assert!(stranger.identity_keys(app, 50).await.unwrap().is_empty());
        assert!(matches!(stranger.delete_identity_key(app, "2026-11", at(9)).await, Err(StoreError::NotFound)));
        assert!(matches!(stranger.add_identity_key(app, new("planted"), at(2)).await, Err(StoreError::Conflict(_))));
        scope.delete_identity_key(app, "2026-11", at(9)).await.unwrap();
        assert_eq!(scope.identity_keys(app, 50).await.unwrap(), [two]);
    }
}
