//! Tenants that are renamed, closed, opened again and erased.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD, server::problem};

on_both_engines! {
    async fn a_closed_tenant_answers_nobody_on_any_node_until_it_is_opened_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let path = format!("/v1/admin/tenants/{tenant}");
        let session = app.init("portal").await;
        let (mut here, mut there) = (app.connect(&session).await, other_node.connect(&session).await);
        here.say("m1", "When can I visit?").await;
        here.until_idle().await;
        assert_eq!(problem(app.post(&format!("{path}/close"), &owner, json!({})).await).await.0, 403);
        let closed: Value = app.post(&format!("{path}/close"), &operator, json!({})).await.json().await.unwrap();
        assert!(closed["closedAt"].is_string());
        assert_eq!((here.close_code().await, there.close_code().await), (4008, 4008));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            let refused = node.init_request("portal").send().await.unwrap();
            assert_eq!(problem(refused).await, (404, "UNKNOWN_PROJECT".into(), String::new()));
            let history = node.get(&format!("/v1/sessions/{}/messages", session.id), &session.token).await;
            assert_eq!(problem(history).await.1, "INVALID_TOKEN");
            let query = format!("?sessionId={}&token={}", session.id, session.token);
            assert_eq!(node.open(&query, Some(crate::server::ORIGIN)).await.close_code().await, 4001);
        }
        assert_eq!(app.get(&format!("{path}/conversations"), &operator).await.status(), 200, "operators go on");
        app.post(&format!("{path}/reopen"), &operator, json!({})).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            node.init("portal").await;
            let history = node.read(&format!("/v1/sessions/{}/messages", session.id), &session.token).await;
            assert_eq!(history["messages"].as_array().unwrap().len(), 2, "nothing is lost");
        }
        let trail = app.read("/v1/admin/audit", &operator).await;
        let actions: Vec<_> = trail["events"].as_array().unwrap().iter().map(|event| event["action"].clone()).collect();
        assert_eq!(actions[..2], [json!("tenant.reopened"), json!("tenant.closed")]);
    }

    async fn staff_of_a_closed_tenant_neither_goes_on_nor_signs_in_until_it_is_opened_again(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.http.api_base_url = Some("https://assistant.example".into())).await;
        let other_node = app.start_beside().await;
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let ann = app.add_staff(StaffRole::Editor, tenant).await;
        let invited = app.invite_staff(StaffRole::Agent, Some(tenant)).await;
        let path = format!("/v1/admin/tenants/{tenant}");
        let enrol = async |node: &TestApp| {
            node.post("/v1/admin/auth/enrolment", "", json!({"code": invited.code, "password": PASSWORD})).await
        };
        let start = format!("/v1/admin/auth/oidc/start?challenge={}&tenant=general.example", "A".repeat(43));
        let provider = json!({"issuer": "https://127.0.0.1:1", "clientId": "kuzushi", "clientSecret": "a secret"});
        let set = app.request(Method::PUT, &format!("{path}/identity-provider")).bearer_auth(&operator).json(&provider);
        assert_eq!(set.send().await.unwrap().status(), 200);
        assert_eq!(problem(app.get(&start, "").await).await.1, "PROVIDER_UNAVAILABLE", "it is asked, and not there");
        let apps = format!("{path}/apps");
        app.post(&format!("{path}/close"), &operator, json!({})).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            for credential in [&owner, &ann.token] {
                let refused = problem(node.get(&apps, credential).await).await;
                assert_eq!(refused, (403, "TENANT_CLOSED".into(), String::new()));
            }
            assert_eq!(problem(node.get("/v1/admin/auth/me", &ann.token).await).await.1, "TENANT_CLOSED");
            let signed_in = node.staff_login(&ann.email, PASSWORD, Some("general.example")).await;
            let unknown = node.staff_login(&ann.email, PASSWORD, Some("nowhere.example")).await;
            assert_eq!(problem(signed_in).await, problem(unknown).await, "as one that does not exist");
            assert_eq!(problem(enrol(node).await).await.1, "INVALID_ENROLMENT");
            assert_eq!(problem(node.get(&start, "").await).await.1, "NO_IDENTITY_PROVIDER");
            assert_eq!(node.get(&apps, &operator).await.status(), 200);
        }
        app.post(&format!("{path}/reopen"), &operator, json!({})).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            for credential in [&owner, &ann.token] {
                assert_eq!(node.get(&apps, credential).await.status(), 200);
            }
            assert_eq!(node.staff_login(&ann.email, PASSWORD, Some("general.example")).await.status(), 200);
        }
        assert_eq!(problem(app.get(&start, "").await).await.1, "PROVIDER_UNAVAILABLE");
        assert_eq!(enrol(&app).await.status(), 200);
    }

    async fn an_erased_tenant_is_closed_for_good_and_opens_for_nobody(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let path = format!("/v1/admin/tenants/{tenant}");
        let name = json!({"name": app.read(&path, &operator).await["name"]});
        let session = app.init("portal").await;
        app.connect(&session).await.say("m1", "When can I visit?").await;
        assert_eq!(problem(app.post(&format!("{path}/erase"), &operator, name.clone()).await).await.1, "NOT_CLOSED");
        app.post(&format!("{path}/close"), &operator, json!({})).await;
        let unnamed = app.post(&format!("{path}/erase"), &operator, json!({"name": "another"})).await;
        assert_eq!(problem(unnamed).await, (400, "INVALID_BODY".into(), "name".into()));
        assert_eq!(problem(app.post(&format!("{path}/erase"), &owner, name.clone()).await).await.0, 403);
        let erased: Value = app.post(&format!("{path}/erase"), &operator, name).await.json().await.unwrap();
        assert!(erased["erasedAt"].is_string());
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            assert_eq!(problem(node.get(&format!("{path}/conversations"), &operator).await).await.0, 404);
            assert_eq!(problem(node.get(&format!("{path}/conversations"), &owner).await).await.0, 401, "its keys are worthless");
            assert_eq!(problem(node.init_request("portal").send().await.unwrap()).await.0, 404);
        }
        assert_eq!(problem(app.post(&format!("{path}/reopen"), &operator, json!({})).await).await.0, 404);
        // What concerns all tenants goes on without it.
        let installation = app.state.store.installation();
        installation.check_operator_key().await.unwrap();
        assert_eq!(installation.check_keys().await.unwrap().faults, Vec::<String>::new());
        kuzushi_server::retention::erase_what_is_due(&app.state).await.unwrap();
        assert_eq!(app.read(&path, &operator).await["erasedAt"], erased["erasedAt"]);
    }

    async fn a_legal_hold_keeps_a_tenant_from_being_erased(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let operator = app.key(StaffRole::Operator, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}");
        let hold = app.place_hold().await;
        let name = json!({"name": app.read(&path, &operator).await["name"]});
        app.post(&format!("{path}/close"), &operator, json!({})).await;
        let refused = app.post(&format!("{path}/erase"), &operator, name.clone()).await;
        assert_eq!(problem(refused).await, (409, "LEGAL_HOLD".into(), String::new()));
        assert_eq!(app.read(&path, &operator).await.get("erasedAt"), None);
        let held = app.read(&format!("{path}/conversations"), &operator).await;
        assert_eq!(held["conversations"].as_array().unwrap().len(), 1, "nothing is changed");
        let lifted = app.post(&format!("{path}/holds/{hold}/lift"), &operator, json!({"reason": "Settled"})).await;
        assert_eq!(lifted.status(), 200);
        let erased: Value = app.post(&format!("{path}/erase"), &operator, name).await.json().await.unwrap();
        assert!(erased["erasedAt"].is_string());
        // Somebody else can have the names of its projects.
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let portal = json!({"projectId": "portal", "name": "Portal", "allowedOrigins": []});
        assert_eq!(app.post(&format!("/v1/admin/tenants/{elsewhere}/apps"), &operator, portal).await.status(), 201);
    }

    async fn a_tenant_is_renamed_by_operators(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let path = format!("/v1/admin/tenants/{tenant}");
        let rename = async |key: &str, name: &str| {
            app.request(Method::PATCH, &path).bearer_auth(key).json(&json!({"name": name})).send().await.unwrap()
        };
        assert_eq!(problem(rename(&owner, "Theirs").await).await.0, 403);
        assert_eq!(problem(rename(&operator, " ").await).await.2, "name");
        assert_eq!(rename(&operator, "General Hospital East").await.status(), 200);
        assert_eq!(app.read(&path, &owner).await["name"], "General Hospital East");
    }
}
