//! `Idempotency-Key`: what is asked for twice is done once.

use std::sync::Arc;

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

async fn post(app: &TestApp, path: &str, key: &str, name: &str, body: &Value) -> Response {
    let request = app.request(Method::POST, path).bearer_auth(key).header("idempotency-key", name);
    request.json(body).send().await.expect("an answer")
}

fn was_replayed(response: &Response) -> bool {
    response.headers().get("idempotency-replayed").is_some_and(|value| value == "true")
}

on_both_engines! {
    async fn the_same_request_again_is_answered_again_and_done_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (ann, ben) = (app.key(StaffRole::Owner, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let path = app.app_path("portal", "/configs").await;
        let new = json!({"configData": {}, "note": "once"});
        let first = post(&app, &path, &ann, "a", &new).await;
        assert_eq!((first.status().as_u16(), was_replayed(&first)), (201, false));
        let first: Value = first.json().await.unwrap();
        let again = post(&app, &path, &ann, "a", &new).await;
        assert_eq!((again.status().as_u16(), was_replayed(&again)), (201, true));
        assert_eq!(again.json::<Value>().await.unwrap(), first);
        let other = post(&app, &path, &ann, "a", &json!({"configData": {}, "note": "another"})).await;
        assert_eq!(problem(other).await, (422, "IDEMPOTENCY_KEY_REUSED".into(), String::new()));
        // A key is its sender's own, and another one is another request.
        assert_eq!(post(&app, &path, &ben, "a", &new).await.json::<Value>().await.unwrap()["version"], 3);
        assert_eq!(post(&app, &path, &ann, "b", &new).await.json::<Value>().await.unwrap()["version"], 4);
        app.clock.advance(25 * 3600);
        assert_eq!(post(&app, &path, &ann, "a", &new).await.json::<Value>().await.unwrap()["version"], 5, "a day later");
    }

    async fn of_many_at_once_one_is_done_and_all_are_answered_alike(engine: Engine) {
        let app = Arc::new(TestApp::start(engine).await);
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let path = app.app_path("portal", "/configs").await;
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (app, path, key) = (Arc::clone(&app), path.clone(), key.clone());
                tokio::spawn(async move {
                    let answer = post(&app, &path, &key, "race", &json!({"configData": {}})).await;
                    (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!((answers[0].0, &answers[0].1["version"]), (201, &json!(2)));
        assert_eq!(app.read(&path, &key).await["versions"].as_array().unwrap().len(), 2);
    }

    async fn a_secret_is_shown_once_even_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/keys");
        let new = json!({"name": "Web team", "role": "editor"});
        let first: Value = post(&app, &path, &owner, "k", &new).await.json().await.unwrap();
        assert!(first["key"].is_string());
        let mut again: Value = post(&app, &path, &owner, "k", &new).await.json().await.unwrap();
        assert_eq!(again.get("key"), None);
        again["key"] = first["key"].clone();
        assert_eq!(again, first);
        let identity = app.app_path("portal", "/identity-keys").await;
        let first: Value = post(&app, &identity, &owner, "i", &json!({"kid": "2026-12"})).await.json().await.unwrap();
        assert!(first["secret"].is_string(), "{first}");
        let again = post(&app, &identity, &owner, "i", &json!({"kid": "2026-12"})).await;
        assert_eq!(again.status(), 201);
        assert_eq!(again.json::<Value>().await.unwrap().get("secret"), None);
    }

    async fn what_failed_is_done_when_it_is_asked_for_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let users = format!("/v1/admin/tenants/{tenant}/users");
        let refused = post(&app, &users, &owner, "u", &json!({"email": "jane", "name": "Jane"})).await;
        assert_eq!(problem(refused).await.0, 400);
        let jane = json!({"email": "jane@example.org", "name": "Jane"});
        assert_eq!(post(&app, &users, &owner, "u", &jane).await.status(), 201, "nothing was done under the key yet");
        let again = post(&app, &users, &owner, "u", &jane).await;
        assert_eq!((again.status().as_u16(), was_replayed(&again)), (201, true));
        assert_eq!(again.headers()["etag"], "\"1\"");
        let agent = app.key(StaffRole::Agent, tenant).await;
        assert_eq!(problem(post(&app, &users, &agent, "u", &jane).await).await.0, 403);
        let long = "x".repeat(256);
        let refused = post(&app, &users, &owner, &long, &jane).await;
        assert_eq!(problem(refused).await, (400, "INVALID_QUERY".into(), "Idempotency-Key".into()));
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let stranger = app.key(StaffRole::Owner, elsewhere).await;
        assert_eq!(problem(post(&app, &users, &stranger, "u", &jane).await).await.0, 404);
        assert_eq!(problem(post(&app, &users, "key_0", "u", &jane).await).await.0, 401);
    }

    async fn a_tenant_and_an_operator_are_added_once(engine: Engine) {
        let app = Arc::new(TestApp::start(engine).await);
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let new = json!({"name": "Lakeside", "domain": "lakeside.example"});
        assert_eq!(problem(post(&app, "/v1/admin/tenants", &owner, "t", &new).await).await.0, 403);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (app, operator, new) = (Arc::clone(&app), operator.clone(), new.clone());
                tokio::spawn(async move {
                    let answer = post(&app, "/v1/admin/tenants", &operator, "t", &new).await;
                    (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert!(answers[0].0 == 201 && answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let renamed = json!({"name": "Lakeside Clinic"});
        let path = format!("/v1/admin/tenants/{}", answers[0].1["tenantId"].as_str().unwrap());
        assert_eq!(app.request(Method::PATCH, &path).bearer_auth(&operator).json(&renamed).send().await.unwrap().status(), 200);
        let again = post(&app, "/v1/admin/tenants", &operator, "t", &new).await;
        assert_eq!((again.status().as_u16(), was_replayed(&again)), (201, true), "as it was answered then");
        let other = json!({"name": "Lakeside", "domain": "lakeside.test"});
        assert_eq!(problem(post(&app, "/v1/admin/tenants", &operator, "t", &other).await).await.1, "IDEMPOTENCY_KEY_REUSED");
        // A key is another one for the installation than for a tenant of it.
        let users = format!("/v1/admin/tenants/{tenant}/users");
        let jane = json!({"email": "jane@example.org", "name": "Jane"});
        assert_eq!(post(&app, &users, &operator, "t", &jane).await.status(), 201);

        let new = json!({"email": "ann@example.org", "name": "Ann"});
        let first = post(&app, "/v1/admin/staff", &operator, "o", &new).await;
        assert_eq!(first.status(), 201);
        assert!(first.json::<Value>().await.unwrap()["enrolmentCode"].is_string());
        let again = post(&app, "/v1/admin/staff", &operator, "o", &new).await;
        assert_eq!((again.status().as_u16(), was_replayed(&again)), (201, true));
        assert_eq!(again.json::<Value>().await.unwrap().get("enrolmentCode"), None, "it is shown once");
    }

    async fn what_looks_something_up_or_brings_about_a_state_goes_by_no_key(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (operator, owner) = (app.key(StaffRole::Operator, tenant).await, app.key(StaffRole::Owner, tenant).await);
        let path = format!("/v1/admin/tenants/{tenant}");
        let search = json!({"email": "jane@example.org"});
        for (route, key, body) in [
            ("/users/search", &owner, &search),
            ("/close", &operator, &json!({})),
            ("/reopen", &operator, &json!({})),
        ] {
            for _ in 0..2 {
                let answer = post(&app, &format!("{path}{route}"), key, "k", body).await;
                assert_eq!((answer.status().as_u16(), was_replayed(&answer)), (200, false), "{route}");
            }
        }
        let found = |described: &Value, route: &str| {
            let parameters = described["paths"][route]["post"]["parameters"].clone();
            parameters.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
        };
        let described = app.read("/openapi.json", "").await;
        for route in ["users/search", "close", "reopen", "erase"] {
            assert!(!found(&described, &format!("/v1/admin/tenants/{{tenantId}}/{route}")), "{route}");
        }
        for route in ["/v1/admin/tenants", "/v1/admin/staff", "/v1/admin/tenants/{tenantId}/users"] {
            assert!(found(&described, route), "{route}");
        }
        assert!(!found(&described, "/v1/admin/auth/login"));
    }
}
