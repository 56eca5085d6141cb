//! Changes that a second person has to approve.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

on_both_engines! {
    async fn an_activation_waits_for_a_second_person_who_sees_what_would_change(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (ann, ben) = (app.key(StaffRole::Owner, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let editor = app.key(StaffRole::Editor, tenant).await;
        let path = app.app_path("portal", "").await;
        let new = json!({"configData": {"uiHints": {"widgetTitle": "Another"}}});
        app.post(&format!("{path}/configs"), &editor, new).await;
        let set = async |key: &str, required: bool| {
            let request = app.request(Method::PUT, &format!("{path}/approval")).bearer_auth(key);
            request.json(&json!({"required": required})).send().await.unwrap()
        };
        assert_eq!(problem(set(&editor, true).await).await.0, 403);
        assert_eq!(set(&ann, true).await.json::<Value>().await.unwrap()["approvalRequired"], true);

        let asked = app.post(&format!("{path}/configs/2/activate"), &ann, json!({"replaces": 1, "note": "New title"})).await;
        assert_eq!(asked.status(), 202);
        let asked: Value = asked.json().await.unwrap();
        assert_eq!((&asked["change"], &asked["version"], &asked["state"]), (&json!("activate"), &json!(2), &json!("open")));
        let request = format!("{path}/approval-requests/{}", asked["requestId"].as_str().unwrap());
        let list = app.read(&format!("{path}/approval-requests?state=open"), &editor).await;
        assert_eq!(list["approvalRequests"], json!([asked]));
        let seen = app.read(&request, &ben).await;
        assert_eq!(seen["note"], "New title");
        let differs = &seen["comparisons"][0];
        assert_eq!((&differs["from"], &differs["to"]), (&json!(1), &json!(2)));
        let titles = json!({"pointer": "/uiHints/widgetTitle", "before": "Ask General", "after": "Another"});
        let title = differs["differences"].as_array().unwrap().iter().find(|one| one["pointer"] == titles["pointer"]);
        assert_eq!(title.unwrap()["after"], titles["after"], "{differs}");

        let own = app.post(&format!("{request}/approve"), &ann, json!({})).await;
        assert_eq!(problem(own).await, (403, "SECOND_PERSON_NEEDED".into(), String::new()));
        assert_eq!(problem(app.post(&format!("{request}/approve"), &editor, json!({})).await).await.0, 403);
        assert_eq!(problem(app.post(&format!("{request}/withdraw"), &ben, json!({})).await).await.1, "NOT_YOURS");
        assert_eq!(app.init("portal").await.body["configVersion"], 1);
        let approved: Value = app.post(&format!("{request}/approve"), &ben, json!({})).await.json().await.unwrap();
        assert_eq!(approved["state"], "approved");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(app.init("portal").await.body["configVersion"], 2);
        let late = app.post(&format!("{request}/refuse"), &ben, json!({})).await;
        assert_eq!(problem(late).await.1, "REQUEST_CLOSED");

        // Back again: asked for, void once something else was approved first.
        let back = app.post(&format!("{path}/roll-back"), &ann, json!({"replaces": 2})).await;
        assert_eq!(back.status(), 202);
        let back: Value = back.json().await.unwrap();
        let arms = json!({"arms": [{"version": 2, "weight": 50}, {"version": 1, "weight": 50}], "replaces": 2});
        let split = app.request(Method::PUT, &format!("{path}/split")).bearer_auth(&ben).json(&arms).send().await.unwrap();
        assert_eq!(split.status(), 202);
        let split: Value = split.json().await.unwrap();
        let decide = async |request: &Value, decision: &str, key: &str| {
            let path = format!("{path}/approval-requests/{}/{decision}", request["requestId"].as_str().unwrap());
            app.post(&path, key, json!({})).await
        };
        assert_eq!(decide(&split, "approve", &ann).await.status(), 200);
        assert_eq!(app.read(&format!("{path}/split"), &ann).await["number"], 1);
        assert_eq!(problem(decide(&back, "approve", &ben).await).await.1, "REQUEST_CLOSED");

        let end = set(&ann, false).await;
        assert_eq!(end.status(), 202, "one person does not end it either");
        let end: Value = end.json().await.unwrap();
        assert_eq!(decide(&end, "approve", &ann).await.status(), 403);
        assert_eq!(decide(&end, "approve", &ben).await.status(), 200);
        assert_eq!(app.post(&format!("{path}/configs/1/activate"), &ann, json!({})).await.status(), 200);
        let wrong = app.get(&format!("{path}/approval-requests?state=maybe"), &ann).await;
        assert_eq!(problem(wrong).await, (400, "INVALID_QUERY".into(), "state".into()));
    }

    async fn a_key_that_one_makes_for_oneself_is_no_second_person(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let ann = app.key(StaffRole::Owner, tenant).await;
        let path = app.app_path("portal", "").await;
        app.post(&format!("{path}/configs"), &ann, json!({"configData": {}})).await;
        let required = app.request(Method::PUT, &format!("{path}/approval")).bearer_auth(&ann);
        required.json(&json!({"required": true})).send().await.unwrap();
        let asked: Value = app.post(&format!("{path}/configs/2/activate"), &ann, json!({})).await.json().await.unwrap();
        let keys = format!("/v1/admin/tenants/{tenant}/keys");
        let second: Value = app.post(&keys, &ann, json!({"name": "Ann too", "role": "owner"})).await.json().await.unwrap();
        let approve = format!("{path}/approval-requests/{}/approve", asked["requestId"].as_str().unwrap());
        let own = app.post(&approve, second["key"].as_str().unwrap(), json!({})).await;
        assert_eq!(problem(own).await.1, "SECOND_PERSON_NEEDED");
    }

    async fn who_changes_an_app_that_somebody_else_has_changed_hears_of_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "").await;
        let seen = app.get(&path, &key).await.headers()["etag"].clone();
        let change = async |seen: &reqwest::header::HeaderValue, change: Value| {
            let request = app.request(Method::PATCH, &path).bearer_auth(&key).header("if-match", seen);
            request.json(&change).send().await.unwrap()
        };
        let changed = change(&seen, json!({"name": "Ann's"})).await;
        assert_eq!(changed.status(), 200);
        let newer = changed.headers()["etag"].clone();
        assert_ne!(newer, seen);
        assert_eq!(problem(change(&seen, json!({"name": "Ben's"})).await).await.1, "CHANGED");
        assert_eq!(change(&newer, json!({"name": "Ann's"})).await.headers()["etag"], newer, "nothing was changed");
        let changed: Value = change(&newer, json!({"description": "Ben's"})).await.json().await.unwrap();
        assert_eq!((&changed["name"], &changed["description"]), (&json!("Ann's"), &json!("Ben's")));

        let late = app.post(&format!("{path}/roll-back"), &key, json!({"replaces": 7})).await;
        assert_eq!(problem(late).await.1, "CHANGED");
    }
}
