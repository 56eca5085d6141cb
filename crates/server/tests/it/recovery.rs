//! What a killed process leaves behind, the next one takes up.

use kuzushi_store::on_both_engines;
use serde_json::json;

use crate::{process::ServerProcess, socket::streamed};

on_both_engines! {
    async fn an_answer_that_a_crash_cut_off_is_given_again_from_the_start(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let cut_off = socket.next_of("token").await;
        app.kill();
        app.start_again().await;
        let mut back = app.connect(&session).await;
        back.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
        let frames = back.until_idle().await;
        let answer = &frames[frames.len() - 2];
        assert_eq!(answer["messageId"], cut_off["messageId"], "the same answer");
        assert_eq!(answer["content"], streamed(&frames));
        assert_eq!(answer["seq"], 2);
        assert_eq!(back.say("m1", "When can I visit?").await, 1, "the question is known");
        assert!(back.is_quiet().await, "and answered");
    }

    async fn a_conversation_outlives_the_server(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit my mother?").await;
        socket.until_idle().await;
        app.kill();
        app.start_again().await;
        let resumed = app.init_request("portal").bearer_auth(&session.token).send().await.unwrap();
        assert_eq!(resumed.status(), 200);
        let mut back = app.connect(&session).await;
        assert_eq!(back.say("m2", "And on Sundays?").await, 3);
        assert!(back.next_of("message").await["content"].as_str().unwrap().contains("noon"));
    }

    async fn told_to_stop_the_server_finishes_its_answer_first(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        let (status, code) = tokio::join!(app.stop(), socket.close_code());
        assert!(status.success());
        assert_eq!(code, 1012);
        app.start_again().await;
        let path = format!("/v1/sessions/{}/messages", session.id);
        let page: serde_json::Value = app.get(&path, &session.token).await.json().await.unwrap();
        assert!(page["messages"][1]["content"].as_str().unwrap().contains("10 am to 8 pm"));
    }

    async fn an_answer_that_would_take_too_long_is_handed_over_at_once(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        app.set("SHUTDOWN_GRACE", "0");
        app.stop().await;
        app.start_again().await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        let (status, (code, reason)) = tokio::join!(app.stop(), socket.close_frame());
        assert!(status.success());
        assert_eq!(code, 1012);
        let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
        assert!(reason["retryAfterMs"].as_u64().unwrap() < 15_000, "{reason}");
        let left = tokio::time::Instant::now();
        app.start_again().await;
        let mut back = app.connect(&session).await;
        back.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
        assert_eq!(back.next_of("message").await["inReplyTo"], "m1");
        assert!(left.elapsed() < std::time::Duration::from_secs(10), "nobody waits for a lease to run out");
    }

    async fn a_new_secret_for_tokens_signs_nobody_out_while_the_former_one_is_named(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let session = app.init("portal").await;
        let path = format!("/v1/sessions/{}/messages", session.id);
        app.stop().await;
        app.set("JWT_SECRET", "the secret that came after it, also long");
        app.set("JWT_SECRET_PREVIOUS", crate::app::SECRET);
        app.start_again().await;
        assert_eq!(app.get(&path, &session.token).await.status(), 200);
        app.connect(&session).await.say("m1", "Where can I park?").await;
        let renewed = app.init("portal").await;
        app.stop().await;
        app.set("JWT_SECRET_PREVIOUS", "");
        app.start_again().await;
        assert_eq!(app.get(&path, &session.token).await.status(), 401);
        let query = format!("?sessionId={}&token={}", session.id, session.token);
        assert_eq!(app.open(&query, None).await.close_code().await, 4003);
        app.connect(&renewed).await;
    }
}
