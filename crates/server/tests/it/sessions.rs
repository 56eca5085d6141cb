use kuzushi_domain::StaffRole;
use kuzushi_server::retention::erase_what_is_due;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

on_both_engines! {
    async fn a_conversation_whose_time_is_over_is_erased_at_the_next_look(engine: Engine) {
        let app = TestApp::start(engine).await;
        // An SQLite file is one node's.
        let other_node = if engine == kuzushi_store::Engine::Sqlite { None } else { Some(app.start_beside().await) };
        let node = other_node.as_ref().unwrap_or(&app);
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.until_idle().await;
        app.configure(&key, json!({"retention": {"conversationDays": 5}})).await;
        app.clock.advance(4 * 86_400);
        erase_what_is_due(&node.state).await.unwrap();
        let path = format!("/v1/sessions/{}/messages", session.id);
        assert_eq!(app.read(&path, &session.token).await["messages"].as_array().unwrap().len(), 2);
        app.clock.advance(86_400 + 60);
        erase_what_is_due(&node.state).await.unwrap();
        assert_eq!(socket.close_code().await, 4008, "here as well, although another node did it");
        assert_eq!(app.read(&path, &session.token).await["messages"], json!([]));
        let audit = format!("/v1/admin/tenants/{}/audit?action=conversation.erased", app.tenant().await);
        let events = app.read(&audit, &key).await;
        assert_eq!(events["events"][0]["target"], session.id);
        assert_eq!(events["events"][0]["details"], json!({"because": "retention", "days": 5}));
    }

    async fn a_session_lists_itself_and_only_itself(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        app.init("portal").await;
        let list: Value = app.get("/v1/sessions", &session.token).await.json().await.unwrap();
        assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(list["sessions"][0]["sessionId"], session.id.as_str());
        assert_eq!(list["sessions"][0]["messageCount"], 0);
    }

    async fn ending_closes_every_socket_and_erasing_leaves_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut one = app.connect(&session).await;
        let mut two = app.connect(&session).await;
        one.say("m1", "When can I visit?").await;
        one.until_idle().await;
        let path = format!("/v1/sessions/{}/end", session.id);
        let ended: Value = app.post(&path, &session.token, json!({})).await.json().await.unwrap();
        assert_eq!(ended["erased"], false);
        assert_eq!(one.close_code().await, 4008);
        assert_eq!(two.close_code().await, 4008);
        // It can still be read, until it is erased.
        let messages = format!("/v1/sessions/{}/messages", session.id);
        let before: Value = app.get(&messages, &session.token).await.json().await.unwrap();
        assert_eq!(before["messages"].as_array().unwrap().len(), 2);
        let erased: Value = app.post(&path, &session.token, json!({"erase": true})).await.json().await.unwrap();
        assert_eq!((erased["erased"].as_bool(), &erased["endedAt"]), (Some(true), &ended["endedAt"]));
        let after: Value = app.get(&messages, &session.token).await.json().await.unwrap();
        assert_eq!(after["messages"], json!([]));
        let list: Value = app.get("/v1/sessions", &session.token).await.json().await.unwrap();
        assert_eq!(list["sessions"][0]["messageCount"], 0);
        let mut late = app.open(&format!("?sessionId={}&token={}", session.id, session.token), None).await;
        assert_eq!(late.close_code().await, 4008);
    }

    async fn ending_stops_the_answer(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({})).await;
        assert_eq!(socket.close_code().await, 4008);
        app.state.answers.close();
        app.state.answers.wait().await;
        let messages = format!("/v1/sessions/{}/messages", session.id);
        let left: Value = app.get(&messages, &session.token).await.json().await.unwrap();
        assert_eq!(left["messages"].as_array().unwrap().len(), 1, "the question only");
    }

    async fn nobody_reaches_another_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (own, other) = (app.init("portal").await, app.init("portal").await);
        for id in [other.id.as_str(), "sess_00000000000000000000000000000000", "nonsense", "%00", "%FF"] {
            for (method, what) in [
                (Method::GET, "messages"),
                (Method::GET, "export"),
                (Method::POST, "end"),
            ] {
                let request = app.request(method, &format!("/v1/sessions/{id}/{what}")).bearer_auth(&own.token).json(&json!({}));
                assert_eq!(problem(request.send().await.unwrap()).await.1, "NOT_FOUND", "{what} of {id}");
            }
        }
        for token in [None, Some("nonsense")] {
            let mut request = app.request(Method::GET, &format!("/v1/sessions/{}/messages", own.id));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            assert_eq!(problem(request.send().await.unwrap()).await.1, "INVALID_TOKEN");
        }
        let elsewhere = app.request(Method::GET, "/v1/sessions").bearer_auth(&own.token).header("origin", "https://evil.example");
        assert_eq!(problem(elsewhere.send().await.unwrap()).await.1, "ORIGIN_NOT_ALLOWED");
        app.clock.advance(8 * 86_400);
        assert_eq!(problem(app.get("/v1/sessions", &own.token).await).await.1, "INVALID_TOKEN");
    }

    async fn ending_needs_no_body(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let request = app.request(Method::POST, &format!("/v1/sessions/{}/end", session.id)).bearer_auth(&session.token);
        assert_eq!(request.send().await.unwrap().status(), 200);
        for query in ["limit=0", "limit=x", "before=x"] {
            let (_, code, field) = problem(app.get(&format!("/v1/sessions?{query}"), &session.token).await).await;
            assert_eq!((code.as_str(), query.starts_with(&field)), ("INVALID_QUERY", true), "{query}");
        }
    }

    async fn a_wrong_body_is_named_and_ends_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let response = app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({"erase": "yes"})).await;
        assert_eq!(problem(response).await, (400, "INVALID_BODY".into(), "erase".into()));
        app.connect(&session).await;
    }
}
