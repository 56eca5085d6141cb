//! Two servers on one database.

use std::time::Duration;

use kuzushi_domain::StaffRole;
use kuzushi_store::Engine;
use reqwest::Method;
use serde_json::json;

use crate::{app::TestApp, socket::streamed};

/// The embedded database has one server only.
async fn two_nodes() -> (TestApp, TestApp) {
    let one = TestApp::start(Engine::Postgres).await;
    let two = one.start_beside().await;
    (one, two)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_at_different_nodes_see_the_same_conversation() {
    let (one, two) = two_nodes().await;
    let session = one.init("portal").await;
    let (mut here, mut there) = (one.connect(&session).await, two.connect(&session).await);
    assert_eq!(here.say("m1", "Where can I park?").await, 1);
    let answer = here.next_of("message").await;
    let question = there.next_of("message").await;
    assert_eq!((&question["messageId"], &question["role"]), (&json!("m1"), &json!("user")));
    assert_eq!(there.next_of("message").await, answer);
    assert_eq!(there.say("m1", "Where can I park?").await, 1, "the same name is the same message at every node");
    assert_eq!(there.say("m2", "When can I visit?").await, 3);
    assert_eq!(there.next_of("message").await["inReplyTo"], "m2");
    assert_eq!(here.next_of("message").await["messageId"], "m2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_given_at_one_node_can_be_stopped_at_another() {
    let (one, two) = two_nodes().await;
    let session = one.init("slowest").await;
    let (mut here, mut there) = (one.connect(&session).await, two.connect(&session).await);
    here.say("m1", "When can I visit?").await;
    here.next_of("token").await;
    there.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
    assert_eq!(there.next_of("status").await["status"], "typing", "it is being answered, though elsewhere");
    there.send(json!({"type": "cancel", "messageId": "m1"})).await;
    let stopped = here.next_of("message").await;
    assert_eq!(stopped["metadata"]["stopped"], true, "{stopped}");
    assert_eq!(there.next_of("message").await, stopped);
    let frames = there.until_idle().await;
    assert_eq!(frames.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_ended_at_one_node_ends_at_every_node() {
    let (one, two) = two_nodes().await;
    let session = one.init("portal").await;
    let mut there = two.connect(&session).await;
    let ended = one.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({})).await;
    assert_eq!(ended.status(), 200);
    assert_eq!(there.close_code().await, 4008);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_written_at_one_node_is_answered_from_at_every_node_within_a_second() {
    let (one, two) = two_nodes().await;
    let editor = one.key(StaffRole::Editor, one.tenant().await).await;
    let path = one.app_path("portal", "/articles/helipad").await;
    let mut there = two.connect(&two.init("portal").await).await;
    let mut ask = async |name: &str| {
        there.say(name, "Is there a helipad tour for children?").await;
        streamed(&there.until_idle().await)
    };
    assert!(ask("m1").await.contains("I don't know"));
    for (name, when) in [("m2", "first Sunday"), ("m3", "last Monday")] {
        let article = json!({
            "title": "Helipad tours", "questions": ["Is there a helipad tour for children?"],
            "body": format!("Helipad tours for children are on the {when} of each month."),
        });
        let written = one.request(Method::PUT, &path).bearer_auth(&editor).json(&article).send().await.unwrap();
        assert!(written.status().is_success());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let answer = ask(name).await;
        assert!(answer.contains(when), "{answer}");
    }
    let removed = one.request(Method::DELETE, &path).bearer_auth(&editor).send().await.unwrap();
    assert_eq!(removed.status(), 204);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(ask("m4").await.contains("I don't know"));
}
