//! The administration: tenants, apps, config versions, keys.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

/// Problem documents of the administration name fields in the same way as all others.
async fn refused(app: &TestApp, path: &str, key: &str, body: Value) -> (u16, String, String) {
    problem(app.post(path, key, body).await).await
}

on_both_engines! {
    async fn a_hospital_is_set_up_from_nothing_and_its_patients_can_write(engine: Engine) {
        let app = TestApp::start(engine).await;
        let operator = app.key(StaffRole::Operator, app.tenant().await).await;
        let tenant = json!({"name": "Riverside Clinic", "domain": "riverside.example"});
        let created = app.post("/v1/admin/tenants", &operator, tenant.clone()).await;
        assert_eq!(created.status(), 201);
        let created: Value = created.json().await.unwrap();
        let again = app.post("/v1/admin/tenants", &operator, tenant).await;
        assert_eq!(again.status(), 200);
        assert_eq!(again.json::<Value>().await.unwrap(), created);
        let path = format!("/v1/admin/tenants/{}", created["tenantId"].as_str().unwrap());

        let key = app.post(&format!("{path}/keys"), &operator, json!({"name": "Ann", "role": "owner"})).await;
        assert_eq!(key.status(), 201);
        let owner = key.json::<Value>().await.unwrap()["key"].as_str().unwrap().to_owned();
        assert_eq!(app.read("/v1/admin/tenants", &owner).await["tenants"], json!([created]));

        let new = json!({"projectId": "riverside", "name": "Portal", "allowedOrigins": [crate::server::ORIGIN]});
        let created = app.post(&format!("{path}/apps"), &owner, new.clone()).await;
        assert_eq!(created.status(), 201);
        let created: Value = created.json().await.unwrap();
        assert_eq!(app.post(&format!("{path}/apps"), &owner, new).await.status(), 200);
        assert_eq!(app.read(&format!("{path}/apps"), &owner).await["apps"], json!([created]));
        let path = format!("{path}/apps/{}", created["appId"].as_str().unwrap());

        let config = json!({"configData": {"uiHints": {"widgetTitle": "Ask Riverside"}}, "note": "first"});
        let version = app.post(&format!("{path}/configs"), &owner, config).await;
        assert_eq!(version.status(), 201);
        let version: Value = version.json().await.unwrap();
        assert_eq!((version["version"].as_i64(), version["isActive"].as_bool()), (Some(1), Some(false)));
        assert!(version["createdBy"].as_str().unwrap().starts_with("Ann (key_"));
        assert_eq!(app.post(&format!("{path}/configs/1/activate"), &owner, json!({})).await.status(), 200);
        let session = app.init("riverside").await;
        assert_eq!(session.body["uiHints"]["widgetTitle"], "Ask Riverside");
        app.connect(&session).await;
    }

    async fn a_version_reaches_every_node_within_a_second_and_no_running_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "").await;
        let before = other_node.init("portal").await;
        let config = json!({"configData": {"uiHints": {"widgetTitle": "New title"}}, "basedOn": 1});
        assert_eq!(app.post(&format!("{path}/configs"), &key, config).await.status(), 201);
        let activated = app.post(&format!("{path}/configs/2/activate"), &key, json!({"replaces": 1})).await;
        assert_eq!(activated.status(), 200);

        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for node in [&app, &other_node] {
            let session = node.init("portal").await;
            assert_eq!(session.body["configVersion"], 2);
            assert_eq!(session.body["uiHints"]["widgetTitle"], "New title");
        }
        let resumed = other_node.init_request("portal").bearer_auth(&before.token).send().await.unwrap();
        assert_eq!(resumed.json::<Value>().await.unwrap()["configVersion"], 1);

        let back = app.post(&format!("{path}/roll-back"), &key, json!({})).await;
        assert_eq!(back.json::<Value>().await.unwrap()["version"], 1);
        let history = app.read(&format!("{path}/activations"), &key).await;
        let versions: Vec<_> = history["activations"].as_array().unwrap().iter().map(|row| &row["version"]).collect();
        assert_eq!(versions, [1, 2, 1]);
    }

    async fn two_versions_are_compared_field_by_field(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Editor, app.tenant().await).await;
        let path = app.app_path("portal", "").await;
        for config in [json!({}), json!({"theme": {"radius": "1rem"}, "contact": {"phone": "555 0100"}})] {
            app.post(&format!("{path}/configs"), &key, json!({"configData": config})).await;
        }
        let compared = app.read(&format!("{path}/config-differences?from=2&to=3"), &key).await;
        let expected = json!([
            {"pointer": "/contact/phone", "before": "", "after": "555 0100"},
            {"pointer": "/theme/radius", "before": "0.75rem", "after": "1rem"},
        ]);
        assert_eq!(compared["differences"], expected);
        let missing = app.get(&format!("{path}/config-differences?from=2"), &key).await;
        assert_eq!(problem(missing).await, (400, "INVALID_QUERY".into(), "to".into()));
        let unknown = app.get(&format!("{path}/config-differences?from=2&to=9"), &key).await;
        assert_eq!(problem(unknown).await.0, 404);
        let page = app.read(&format!("{path}/configs?limit=2"), &key).await;
        assert_eq!((page["versions"][0]["version"].as_i64(), page["before"].as_str()), (Some(3), Some("2")));
        let page = app.read(&format!("{path}/configs?limit=2&before=2"), &key).await;
        assert_eq!((page["versions"].as_array().unwrap().len(), page.get("before")), (1, None));
    }

    async fn a_mistake_is_named_and_nothing_is_written(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Operator, tenant).await;
        let of_tenant = format!("/v1/admin/tenants/{tenant}");
        let of_app = app.app_path("portal", "").await;
        let new_app = |project: &str, origin: &str| {
            json!({"projectId": project, "name": "A", "allowedOrigins": ["https://a.example", origin]})
        };
        for (path, body, field) in [
            ("/v1/admin/tenants".to_owned(), json!({"name": " ", "domain": "a.example"}), "name"),
            ("/v1/admin/tenants".to_owned(), json!({"name": "A", "domain": "A Hospital"}), "domain"),
            (format!("{of_tenant}/apps"), new_app("With Spaces", "https://b.example"), "projectId"),
            (format!("{of_tenant}/apps"), new_app("fine", "b.example/path"), "allowedOrigins.1"),
            (format!("{of_tenant}/keys"), json!({"name": "A", "role": "operator"}), "role"),
            (format!("{of_tenant}/keys"), json!({"name": "A", "role": "agent", "expiresAt": "2020-01-01T00:00:00Z"}), "expiresAt"),
            (format!("{of_app}/configs"), json!({"configData": {"theme": {"primaryColor": "red"}}}), "/theme/primaryColor"),
            (format!("{of_app}/configs"), json!({"configData": {"theme": {"primaryColour": "#fff"}}}), "/theme/primaryColour"),
            (format!("{of_app}/configs"), json!({"configData": []}), "configData"),
            (format!("{of_app}/configs"), json!({}), "configData"),
            (format!("{of_app}/configs"), json!({"configData": {}, "basedOn": "1"}), "basedOn"),
        ] {
            assert_eq!(refused(&app, &path, &key, body).await, (400, "INVALID_BODY".into(), field.into()), "{path}");
        }
        assert_eq!(app.read(&format!("{of_app}/configs"), &key).await["versions"].as_array().unwrap().len(), 1);

        let wrong = json!({"configData": {"theme": {"fontScale": 9}, "features": {"voice": "yes"}}});
        let told: Value = app.post(&format!("{of_app}/configs"), &key, wrong).await.json().await.unwrap();
        assert_eq!(told["errors"].as_array().unwrap().len(), 2, "all mistakes at once: {told}");
        let schema = app.get("/config.schema.json", "").await;
        assert_eq!(schema.headers()["content-type"], "application/schema+json");
        assert!(schema.json::<Value>().await.unwrap()["properties"]["theme"].is_object());
    }

    async fn of_two_people_the_one_who_did_not_look_is_told(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let path = app.app_path("portal", "/configs").await;
        let config = |based_on: i32| json!({"configData": {}, "basedOn": based_on});
        assert_eq!(app.post(&path, &key, config(1)).await.status(), 201);
        assert_eq!(refused(&app, &path, &key, config(1)).await.1, "CHANGED");
        app.post(&path, &key, config(2)).await;
        assert_eq!(app.post(&format!("{path}/2/activate"), &key, json!({"replaces": 1})).await.status(), 200);
        let late = refused(&app, &format!("{path}/3/activate"), &key, json!({"replaces": 1})).await;
        assert_eq!((late.0, late.1.as_str()), (409, "CHANGED"));

        let taken = json!({"projectId": "portal", "name": "Another", "allowedOrigins": []});
        let taken = refused(&app, &format!("/v1/admin/tenants/{tenant}/apps"), &key, taken).await;
        assert_eq!((taken.0, taken.1.as_str()), (409, "ALREADY_EXISTS"));
    }

    async fn a_changed_origin_counts_on_every_node(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "").await;
        let change = json!({"allowedOrigins": ["https://new.example"]});
        let changed = app.request(Method::PATCH, &path).bearer_auth(&key).json(&change).send().await.unwrap();
        assert_eq!(changed.status(), 200);
        let changed: Value = changed.json().await.unwrap();
        assert_eq!(changed["allowedOrigins"], change["allowedOrigins"]);
        assert!(!changed["name"].as_str().unwrap().is_empty(), "what was left out stays");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let refused = app.init_request("portal").send().await.unwrap();
        assert_eq!(problem(refused).await.1, "ORIGIN_NOT_ALLOWED");
    }

    async fn a_key_opens_until_it_is_revoked_or_expires_and_is_shown_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/keys");
        let expires_at = (kuzushi_domain::Clock::now(&app.clock) + chrono::TimeDelta::hours(1)).to_rfc3339();
        let new = json!({"name": "nightly import", "role": "editor", "expiresAt": expires_at});
        let created: Value = app.post(&path, &owner, new).await.json().await.unwrap();
        let (id, key) = (created["keyId"].as_str().unwrap(), created["key"].as_str().unwrap());
        assert!(key.starts_with(id));
        let of_tenant = format!("/v1/admin/tenants/{tenant}");
        assert_eq!(app.get(&of_tenant, key).await.status(), 200);
        let list = app.get(&path, &owner).await.text().await.unwrap();
        assert!(list.contains(id) && !list.contains(key), "the secret is shown once");

        app.clock.advance(3_601);
        assert_eq!(problem(app.get(&of_tenant, key).await).await.1, "INVALID_KEY");

        let created: Value =
            app.post(&path, &owner, json!({"name": "b", "role": "auditor"})).await.json().await.unwrap();
        let key = created["key"].as_str().unwrap();
        assert_eq!(app.get(&of_tenant, key).await.status(), 200);
        let revoke = format!("{path}/{}", created["keyId"].as_str().unwrap());
        for _ in 0..2 {
            let revoked = app.request(Method::DELETE, &revoke).bearer_auth(&owner).send().await.unwrap();
            assert_eq!(revoked.status(), 204);
        }
        assert_eq!(problem(app.get(&of_tenant, key).await).await.1, "INVALID_KEY");
        let list = app.read(&path, &owner).await;
        assert!(list["keys"][0]["revokedAt"].is_string() && list["keys"][2].get("revokedAt").is_none());
    }
}
