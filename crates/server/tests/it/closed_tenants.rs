//! Tenants that are renamed, closed, opened again and erased.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

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
        assert_eq!(app.get(&format!("{path}/conversations"), &owner).await.status(), 200, "staff goes on");
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
