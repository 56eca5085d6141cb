//! What one conversation, address or app may ask for.

use kuzushi_domain::StaffRole;
use kuzushi_server::config::Config;
use kuzushi_store::{Engine, on_both_engines};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{app::TestApp, patients::PASSWORD, server::problem};

/// A test's address is that of a trusted proxy, which tells whom it stands for.
const CLIENT: (&str, &str) = ("x-forwarded-for", "203.0.113.7");

async fn start(engine: Engine, change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::start_with(engine, change).await
}

on_both_engines! {
    async fn a_conversation_has_so_many_sockets_and_no_more(engine: Engine) {
        let app = start(engine, |config| config.limits.connections_per_session = 2).await;
        let (session, other) = (app.init("portal").await, app.init("portal").await);
        let _tabs = (app.connect(&session).await, app.connect(&session).await);
        let query = format!("?sessionId={}&token={}", session.id, session.token);
        assert_eq!(app.open(&query, None).await.close_code().await, 4029);
        app.connect(&other).await;
    }

    async fn an_address_begins_so_many_conversations_a_minute(engine: Engine) {
        let app = start(engine, |config| config.limits.sessions_per_minute_per_address = 2).await;
        let begin = || app.init_request("portal").header(CLIENT.0, CLIENT.1).send();
        let first: serde_json::Value = begin().await.unwrap().json().await.unwrap();
        assert_eq!(begin().await.unwrap().status(), StatusCode::CREATED);
        let refused = begin().await.unwrap();
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(problem(refused).await, (429, "RATE_LIMITED".into(), String::new()));
        // Coming back is no new conversation, and other addresses are not concerned.
        let token = first["token"].as_str().unwrap();
        let resumed = app.init_request("portal").header(CLIENT.0, CLIENT.1).bearer_auth(token).send().await.unwrap();
        assert_eq!(resumed.status(), StatusCode::OK);
        app.init("portal").await;
    }

    async fn an_app_takes_so_many_messages_a_minute(engine: Engine) {
        let app = start(engine, |config| config.limits.messages_per_minute_per_app = Some(2)).await;
        for _ in 0..2 {
            let session = app.init("portal").await;
            app.connect(&session).await.say("m1", "Where can I park?").await;
        }
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "user_message", "messageId": "m1", "content": "Where can I park?"})).await;
        let error = socket.next_of("error").await;
        assert_eq!((&error["code"], &error["messageId"], &error["retryable"]), (&json!("RATE_LIMITED"), &json!("m1"), &json!(true)));
        let elsewhere = app.init("slow").await;
        app.connect(&elsewhere).await.say("m1", "Where can I park?").await;
    }

    async fn an_address_a_conversation_a_patient_and_a_key_ask_so_often_a_minute(engine: Engine) {
        let app = start(engine, |config| {
            config.limits.requests_per_minute_per_address = 3;
            config.limits.requests_per_minute_per_session = 2;
            config.limits.requests_per_minute_per_user = 2;
            config.limits.requests_per_minute_per_key = 2;
        })
        .await;
        let session = app.init("portal").await;
        let (jane, john) = (app.add_patient(Some(PASSWORD)).await, app.add_patient(Some(PASSWORD)).await);
        let jane_at_home = app.sign_in(&app.init("portal").await, &jane).await.token;
        let jane_at_work = app.sign_in(&app.init("portal").await, &jane).await.token;
        let john = app.sign_in(&app.init("portal").await, &john).await.token;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        for (path, token) in [("/v1/sessions", &session.token), ("/v1/sessions", &jane_at_home), ("/v1/admin/tenants", &key)] {
            for _ in 0..2 {
                assert_eq!(app.get(path, token).await.status(), StatusCode::OK);
            }
            let refused = app.get(path, token).await;
            let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=30).contains(&wait), "{wait}");
            assert_eq!(problem(refused).await.1, "RATE_LIMITED");
        }
        let other = app.init("portal").await;
        assert_eq!(app.get("/v1/sessions", &other.token).await.status(), StatusCode::OK);
        assert_eq!(app.get("/v1/auth/me", &jane_at_work).await.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(app.get("/v1/sessions", &john).await.status(), StatusCode::OK);

        let ask = |address| app.request(Method::GET, "/v1/sessions").header("x-forwarded-for", address).send();
        for _ in 0..3 {
            assert_eq!(ask(CLIENT.1).await.unwrap().status(), StatusCode::UNAUTHORIZED);
        }
        assert_eq!(ask(CLIENT.1).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(ask("203.0.113.8").await.unwrap().status(), StatusCode::UNAUTHORIZED);
        let alive = app.request(Method::GET, "/healthz").header(CLIENT.0, CLIENT.1).send().await.unwrap();
        assert_eq!(alive.status(), StatusCode::OK, "whoever watches the server is not limited");
    }

    async fn whoever_tries_keys_hears_to_wait_and_good_keys_go_on(engine: Engine) {
        let app = start(engine, |config| config.limits.failed_keys_per_minute_per_address = 2).await;
        let good = app.key(StaffRole::Owner, app.tenant().await).await;
        let ask = async |key: &str, address: &str| {
            let request = app.request(Method::GET, "/v1/admin/tenants").header("x-forwarded-for", address);
            request.bearer_auth(key).send().await.unwrap().status().as_u16()
        };
        let forged = format!("{}x", good);
        assert_eq!((ask(&forged, CLIENT.1).await, ask("nonsense", CLIENT.1).await), (401, 401));
        assert_eq!((ask(&forged, CLIENT.1).await, ask("nonsense", CLIENT.1).await), (429, 429));
        assert_eq!(ask(&good, CLIENT.1).await, 200);
        assert_eq!(ask(&forged, "203.0.113.8").await, 401);
    }
}
