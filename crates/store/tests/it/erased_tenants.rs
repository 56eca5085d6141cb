//! Nothing is left of an erased tenant but its own row and its audit trail.

use kuzushi_domain::{AuditAction, EmailAddress, Id, StaffRole};
use kuzushi_store::{
    App, AuditFilter, Enrolment, HoldSubject, NewApiKey, NewApp, NewLegalHold, NewStaffMember, NewTenant, NewUser,
    Store, StoreError, TenantScope, on_both_engines, testing::rows_of,
};

use crate::{
    articles::article,
    fixture::{Hospital, add_tenant, at},
};

on_both_engines! {
    async fn an_erased_tenants_rows_go_and_nobody_elses(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, installation) = (&hospital.scope, hospital.store.installation());
        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        for scope in [scope, &stranger] {
            fill(&hospital.store, scope).await;
        }
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        hospital.begin(&session, 2).await;
        let full = rows_of(&hospital.store, scope.id()).await.unwrap();
        for table in ["apps", "app_configs", "articles", "sessions", "messages", "turns", "users", "staff_members", "api_keys", "legal_holds"] {
            assert!(full[table] > 0, "{table}: {full:?}");
        }
        let others = rows_of(&hospital.store, stranger.id()).await.unwrap();

        installation.close_tenant(scope.id(), at(20)).await.unwrap();
        installation.empty_erased_tenants(at(21)).await.unwrap();
        let closed = rows_of(&hospital.store, scope.id()).await.unwrap();
        assert_eq!(closed["messages"], full["messages"], "what is closed is not emptied");
        installation.erase_tenant(scope.id(), at(22)).await.unwrap();
        // Here the process ends; another one goes on.
        let other_node = hospital.database.open().await;
        for second in [23, 24] {
            other_node.installation().empty_erased_tenants(at(second)).await.unwrap();
            let left = rows_of(&hospital.store, scope.id()).await.unwrap();
            assert!(left.values().all(|count| *count == 0), "{left:?}");
        }
        assert_eq!(rows_of(&hospital.store, stranger.id()).await.unwrap(), others);

        let left = installation.tenant(scope.id()).await.unwrap();
        assert_eq!((left.name.as_str(), left.domain.as_str()), ("st-marys", "st-marys.example"));
        let trail = installation.audit_trail_of(Some(scope.id())).events(AuditFilter::default(), 100).await.unwrap();
        assert!(trail.iter().any(|event| event.action == AuditAction::HoldLifted.as_str()), "{trail:?}");
        let chains = installation.check_audit(&[]).await.unwrap();
        assert!(chains.len() == 3 && chains.iter().all(|chain| chain.fault.is_none()), "{chains:?}");
        assert_eq!(installation.check_keys().await.unwrap().faults, Vec::<String>::new());
        // What was unique to it is free again.
        let (again, _) = add_tenant_anew(&hospital.store).await;
        assert_ne!(again.id(), scope.id());
    }

    async fn what_a_hold_is_on_is_not_erased_with_its_tenant(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (id, installation) = (hospital.scope.id(), hospital.store.installation());
        let hold = hold(HoldSubject::Tenant);
        let hold = hospital.scope.place_hold(hold, at(1)).await.unwrap();
        installation.close_tenant(id, at(2)).await.unwrap();
        let before = rows_of(&hospital.store, id).await.unwrap();
        assert!(matches!(installation.erase_tenant(id, at(3)).await, Err(StoreError::Held)));
        installation.empty_erased_tenants(at(4)).await.unwrap();
        assert_eq!(rows_of(&hospital.store, id).await.unwrap(), before);
        assert_eq!(installation.tenant(id).await.unwrap().erased_at, None);
        hospital.scope.lift_hold(hold.id, &"Settled".into(), at(5)).await.unwrap();
        assert_eq!(installation.erase_tenant(id, at(6)).await.unwrap().erased_at, Some(at(6)));
    }
}

fn hold(subject: HoldSubject) -> NewLegalHold {
    NewLegalHold { subject, matter: "Case 1".into(), reason: "A letter".into() }
}

/// The app's public name is as it was.
async fn add_tenant_anew(store: &Store) -> (TenantScope, App) {
    let tenant = NewTenant { name: "Anew".into(), domain: "anew.example".into() };
    let tenant = store.installation().create_tenant(tenant, at(30)).await.unwrap();
    let scope = store.tenant(tenant.id).await.unwrap();
    let app = NewApp {
        project_id: "st-marys-portal".into(),
        name: "Portal".into(),
        description: String::new(),
        allowed_origins: Vec::new(),
    };
    let app = scope.create_app(app, at(30)).await.unwrap();
    (scope, app)
}

/// Something of all that staff adds.
async fn fill(store: &Store, scope: &TenantScope) {
    let email: EmailAddress = "jane@example.org".parse().unwrap();
    let user = NewUser { email: email.clone(), name: "Jane".into(), password_hash: None };
    scope.create_user(user, at(1)).await.unwrap();
    let enrolment = Enrolment { secret_hash: [1; 32], expires_at: at(100) };
    let role = StaffRole::Editor;
    let member = NewStaffMember { id: Id::generate(), role, email, name: "Ann".into(), enrolment };
    scope.staff().create_member(member, at(1)).await.unwrap();
    let key = NewApiKey {
        id: Id::generate(),
        tenant: Some(scope.id()),
        role,
        name: "Web team".into(),
        secret_hash: [2; 32],
        created_by: "test".into(),
        expires_at: None,
    };
    store.installation().create_api_key(key, at(1)).await.unwrap();
    let hold = scope.place_hold(hold(HoldSubject::Tenant), at(1)).await.unwrap();
    scope.lift_hold(hold.id, &"Settled".into(), at(2)).await.unwrap();
    let app = scope.apps(None, 1).await.unwrap().remove(0);
    scope.replace_articles(app.id, vec![article("visiting", "From 10 to 8")], at(2)).await.unwrap();
}
