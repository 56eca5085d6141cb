//! Who is let in to a socket, and what the others are told.

use kuzushi_store::on_both_engines;
use serde_json::json;

use crate::{
    app::TestApp,
    server::{ORIGIN, problem},
};

on_both_engines! {
    async fn a_refusal_says_why_in_its_close_code(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (own, other) = (app.init("portal").await, app.init("portal").await);
        let nobody = "sess_00000000000070008000000000000000";
        for (session, token, origin, code, why) in [
            (own.id.as_str(), other.token.as_str(), None, 4003, "another session's token"),
            (own.id.as_str(), "nonsense", None, 4003, "no token of ours"),
            (nobody, own.token.as_str(), None, 4001, "no such session"),
            ("nonsense", own.token.as_str(), None, 4001, "no session's name"),
            (own.id.as_str(), own.token.as_str(), Some("https://evil.example"), 4004, "another page"),
            (own.id.as_str(), own.token.as_str(), Some("null"), 4004, "a page without an origin"),
        ] {
            let mut socket = app.open(&format!("?sessionId={session}&token={token}"), origin).await;
            assert_eq!(socket.close_code().await, code, "{why}");
        }
        assert_eq!(app.open(&format!("?token={}", own.token), None).await.close_code().await, 4001);
        app.clock.advance(8 * 86_400);
        let mut expired = app.open(&format!("?sessionId={}&token={}", own.id, own.token), None).await;
        assert_eq!(expired.close_code().await, 4003);
    }

    async fn the_first_frame_lets_in_where_the_address_held_no_token(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (own, other) = (app.init("portal").await, app.init("portal").await);
        let query = format!("?sessionId={}", own.id);
        let mut socket = app.open(&query, Some(ORIGIN)).await;
        socket.send(json!({"type": "auth", "token": own.token, "sessionId": own.id})).await;
        assert_eq!(socket.next().await, json!({"type": "session_ack", "sessionId": own.id, "lastSeq": 0}));
        socket.say("m1", "Where can I park?").await;

        for (first, code) in [
            (json!({"type": "auth", "token": own.token, "sessionId": other.id}), 4001),
            (json!({"type": "auth", "token": other.token, "sessionId": own.id}), 4003),
            (json!({"type": "auth", "token": "nonsense", "sessionId": own.id}), 4003),
            (json!({"type": "auth"}), 4003),
            (json!({"type": "ping"}), 4003),
            (json!({"type": "user_message", "messageId": "m", "content": "Hi"}), 4003),
        ] {
            let mut socket = app.open(&query, None).await;
            socket.send(first.clone()).await;
            assert_eq!(socket.close_code().await, code, "{first}");
        }
    }

    async fn there_are_as_many_sockets_as_there_may_be(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.ws_max_connections = 1).await;
        let session = app.init("portal").await;
        let first = app.connect(&session).await;
        let query = format!("?sessionId={}&token={}", session.id, session.token);
        assert_eq!(app.open(&query, None).await.close_code().await, 4029);
        first.close().await;
        // The slot comes back as soon as the server has seen the socket go.
        for _ in 0..50 {
            let mut socket = app.open(&query, None).await;
            if socket.next_of_or_close("session_ack").await {
                return;
            }
        }
        panic!("the slot did not come back");
    }

    async fn a_stopping_server_tells_its_sockets_to_come_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        app.state.stopping.cancel();
        assert_eq!(socket.close_code().await, 1012);
    }
}

#[tokio::test]
async fn a_request_that_is_no_websocket_is_told_so() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    let response = app.request(reqwest::Method::GET, "/ws/chat?sessionId=x").send().await.unwrap();
    assert_eq!(problem(response).await, (426, "UPGRADE_REQUIRED".into(), String::new()));
}

#[tokio::test]
async fn a_peer_that_answers_no_heartbeat_is_taken_for_gone() {
    let app =
        TestApp::start_with(kuzushi_store::Engine::Sqlite, |config| config.limits.ws_heartbeat_interval = 100).await;
    let session = app.init("portal").await;
    // This socket is not read from, so it answers no ping.
    let _silent = app.connect(&session).await;
    let gone = async {
        while !app.state.sockets.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.expect("the socket is dropped");
}
