//! Patients' words appear in no log at any level, and nowhere in the database's files.

use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::json;

use crate::process::ServerProcess;

/// What no log line, file or error may hold.
const CANARY: &str = "zebra-canary-ankle-4417";

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
            assert!(!error.to_string().contains(CANARY), "{error}");
        }
        let path = format!("/v1/sessions/{}", session.id);
        let history = app.get(&format!("{path}/messages"), &session.token).await.text().await.unwrap();
        assert!(history.contains(CANARY), "the conversation holds it");
        app.get(&format!("{path}/export?format={CANARY}"), &session.token).await;
        app.init_request("portal").body(format!(r#"{{"projectId":{{"{CANARY}":1}}}}"#)).send().await.unwrap();
        app.open(&format!("?sessionId={CANARY}&token={CANARY}"), None).await.close_code().await;
        // Nor may what a patient is called, or proves it with.
        for email in [format!("{CANARY}@example.org"), CANARY.to_owned()] {
            let refused = app.try_to_sign_in(&session, &email, CANARY).await.text().await.unwrap();
            assert!(!refused.contains(CANARY), "{refused}");
        }
        let half = format!(r#"{{"email":["{CANARY}"],"password":"{CANARY}"}}"#);
        let half = app.request(Method::POST, "/v1/auth/login").bearer_auth(&session.token).body(half);
        half.send().await.unwrap();
        assert!(app.stop().await.success());

        let log = std::fs::read_to_string(app.log()).unwrap();
        assert!(log.contains("/v1/sessions/{sessionId}/messages"), "requests are logged: {log:.2000}");
        for secret in [CANARY, session.token.as_str(), session.id.as_str(), crate::app::SECRET] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "the log must not hold it");
        }
        for entry in app.database_folder().into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "{}", path.display());
        }
    }
}
