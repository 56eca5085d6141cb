use kuzushi_store::on_both_engines;
use serde_json::Value;

use crate::{
    app::TestApp,
    server::{StartedSession, problem},
};

/// A conversation of five questions and their answers.
async fn conversation(app: &TestApp) -> StartedSession {
    let session = app.init("portal").await;
    let mut socket = app.connect(&session).await;
    for number in 1..=5 {
        socket.say(&format!("m{number}"), "When can I visit?").await;
        socket.until_idle().await;
    }
    session
}

fn seqs(page: &Value) -> Vec<i64> {
    page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

on_both_engines! {
    async fn pages_follow_their_cursors_to_both_ends(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = conversation(&app).await;
        let page = async |query: &str| -> Value {
            let path = format!("/v1/sessions/{}/messages{query}", session.id);
            app.get(&path, &session.token).await.json().await.unwrap()
        };
        let all = page("").await;
        assert_eq!(seqs(&all), (1..=10).collect::<Vec<_>>());
        assert!(all.get("before").is_none() && all.get("after").is_none());
        assert_eq!(all["messages"][1]["inReplyTo"], "m1");
        assert_eq!(all["messages"][1]["role"], "assistant");

        let mut collected = Vec::new();
        let mut newest = page("?limit=4").await;
        assert!(newest.get("after").is_none());
        loop {
            collected.splice(0..0, seqs(&newest));
            let Some(before) = newest["before"].as_str() else { break };
            newest = page(&format!("?limit=4&before={before}")).await;
        }
        assert_eq!(collected, (1..=10).collect::<Vec<_>>());

        let mut collected = Vec::new();
        let mut oldest = page("?limit=3&after=0").await;
        loop {
            collected.extend(seqs(&oldest));
            let Some(after) = oldest["after"].as_str() else { break };
            oldest = page(&format!("?limit=3&after={after}")).await;
        }
        assert_eq!(collected, (1..=10).collect::<Vec<_>>());
        assert_eq!(seqs(&page("?limit=1000").await).len(), 10);
    }

    async fn a_wrong_parameter_is_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=many", "limit"),
            ("before=x", "before"),
            ("after=%00", "after"),
            ("after=99999999999999999999", "after"),
        ] {
            let response = app.get(&format!("/v1/sessions/{}/messages?{query}", session.id), &session.token).await;
            assert_eq!(problem(response).await, (400, "INVALID_QUERY".into(), field.into()), "{query}");
        }
        let response = app.get(&format!("/v1/sessions/{}/export?format=xml", session.id), &session.token).await;
        assert_eq!(problem(response).await, (400, "INVALID_QUERY".into(), "format".into()));
    }

    async fn an_export_holds_the_whole_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = conversation(&app).await;
        let path = format!("/v1/sessions/{}/export", session.id);
        let response = app.get(&path, &session.token).await;
        let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\"conversation-2"), "{disposition}");
        assert!(disposition.ends_with(".json\""), "{disposition}");
        let export: Value = response.json().await.unwrap();
        assert_eq!(seqs(&export), (1..=10).collect::<Vec<_>>());
        assert_eq!(export["sessionId"], session.id.as_str());
        assert!(export["exportedAt"].as_str().unwrap().ends_with('Z'));

        let response = app.get(&format!("{path}?format=text"), &session.token).await;
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        let text = response.text().await.unwrap();
        assert!(text.contains("You:\nWhen can I visit?"), "{text}");
        assert!(text.contains("Source: Visiting hours (/articles/visiting)"), "{text}");
    }
}
