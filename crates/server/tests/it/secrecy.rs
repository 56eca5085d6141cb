//! Patients' words appear in no log at any level, and nowhere in the database's files. Every test here looks for them
//! (`canary.rs`); these are the scenarios in which they slip out the easiest, and the proof that the looking finds them.

use std::sync::Arc;

use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::json;

use crate::{
    app::TestApp,
    canary::{CANARY, Watch, assert_not_in_error, files_with_it, log_to, typed},
    process::ServerProcess,
};

#[test]
fn a_log_with_the_canary_is_found_and_database_libraries_are_not_to_be_asked() {
    for (level, target_is_logged) in [("trace", true), ("error", false), ("off,sqlx::query=trace,sea_orm=trace", false)]
    {
        let watch = Arc::<Watch>::default();
        tracing::subscriber::with_default(log_to(&watch, level), || {
            tracing::trace!(words = typed("It hurts"), "somebody wrote");
            tracing::trace!(target: "sqlx::query", "{}", typed("SELECT"));
            tracing::debug!(target: "sea_orm::driver", "{}", typed("SELECT"));
        });
        let found = watch.found();
        assert_eq!(found.len(), usize::from(target_is_logged), "{level}: {found:?}");
        assert!(found.iter().all(|line| line.contains("It hurts")), "{found:?}");
    }
}

#[test]
#[should_panic(expected = "an error repeats what a patient typed")]
fn an_error_with_the_canary_is_found() {
    assert_not_in_error(&json!({"code": "INVALID_BODY", "detail": typed("It hurts")}).to_string());
}

#[tokio::test]
#[should_panic(expected = "is not sealed in")]
async fn a_database_with_the_canary_is_found() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    app.database.execute(&format!("UPDATE apps SET description = '{CANARY}'")).await;
}

on_both_engines! {
    async fn a_patients_words_stay_in_the_conversation(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", &format!("When can I visit, my {CANARY} hurts?")).await;
        let frames = socket.until_idle().await;
        let answer = &frames.iter().find(|frame| frame["type"] == "message").unwrap()["messageId"];
        socket.send(json!({"type": "feedback", "messageId": answer, "rating": "down", "comment": CANARY})).await;
        // Mistakes are where words slip out.
        let half = format!(r#"{{"type":"user_message","content":"{CANARY}","messageId":"#);
        for frame in [
            half,
            json!({"type": "user_message", "messageId": "m2", "content": [CANARY]}).to_string(),
            json!({"type": "user_message", "messageId": "m2", "content": CANARY, "attachments": [CANARY]}).to_string(),
            json!({"type": CANARY}).to_string(),
            json!({"type": "typing", "active": CANARY}).to_string(),
            json!({"type": "feedback", "messageId": "m1", "rating": "up", "comment": CANARY}).to_string(),
            json!({"type": "feedback", "messageId": "m1", "rating": CANARY}).to_string(),
            json!({"type": "feedback", "messageId": "m1", "rating": null, "comment": CANARY}).to_string(),
        ] {
            socket.send_text(&frame).await;
            let error = socket.next_of("error").await;
            assert!(error["code"].is_string(), "{error}");
        }
        let path = format!("/v1/sessions/{}", session.id);
        let history = app.get(&format!("{path}/messages"), &session.token).await.text().await.unwrap();
        assert!(history.contains(CANARY), "the conversation holds it");
        app.get(&format!("{path}/export?format={CANARY}"), &session.token).await;
        app.init_request("portal").body(format!(r#"{{"projectId":{{"{CANARY}":1}}}}"#)).send().await.unwrap();
        app.open(&format!("?sessionId={CANARY}&token={CANARY}"), None).await.close_code().await;
        // Nor may what a patient is called, or proves it with.
        for email in [format!("{CANARY}@example.org"), CANARY.to_owned()] {
            assert!(app.try_to_sign_in(&session, &email, CANARY).await.status().is_client_error());
        }
        let half = format!(r#"{{"email":["{CANARY}"],"password":"{CANARY}"}}"#);
        let half = app.request(Method::POST, "/v1/auth/login").bearer_auth(&session.token).body(half);
        half.send().await.unwrap();
        // Or staff.
        for email in [format!("{CANARY}@example.org"), CANARY.to_owned()] {
            for tenant in [None, Some(CANARY), Some("general.example")] {
                let refused = app.staff_login(&email, CANARY, tenant).await.text().await.unwrap();
                assert!(!refused.contains(CANARY), "{refused}");
            }
        }
        let enrolment = json!({"code": CANARY, "password": CANARY});
        let refused = app.post("/v1/admin/auth/enrolment", "", enrolment).await.text().await.unwrap();
        assert!(!refused.contains(CANARY), "{refused}");
        assert!(app.stop().await.success());

        let log = std::fs::read_to_string(app.log()).unwrap();
        assert!(log.contains("/v1/sessions/{sessionId}/messages"), "requests are logged: {log:.2000}");
        for secret in [CANARY, session.token.as_str(), session.id.as_str(), crate::app::SECRET] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "the log must not hold it");
        }
        if let Some(folder) = app.database_folder() {
            assert!(files_with_it(folder).unwrap().is_empty());
        }
    }
}
