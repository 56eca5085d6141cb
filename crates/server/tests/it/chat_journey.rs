//! The journey that must never break, over the socket.

use kuzushi_store::on_both_engines;
use serde_json::{Value, json};

use crate::{app::TestApp, canary::typed, server::StartedSession, socket::streamed};

async fn stored(app: &TestApp, session: &StartedSession) -> Vec<Value> {
    let path = format!("/v1/sessions/{}/messages", session.id);
    let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

on_both_engines! {
    async fn a_question_is_acknowledged_answered_with_its_source_and_stored(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        let question = json!({
            "type": "user_message",
            "messageId": "m1",
            "content": "When can I visit my mother?",
            "metadata": {"timestamp": "2026-11-23T09:00:00.000Z"},
        });
        socket.send(question).await;
        assert_eq!(socket.next().await, json!({"type": "ack", "messageId": "m1", "seq": 1}), "first of all");
        let frames = socket.until_idle().await;
        assert_eq!(frames[0], json!({"type": "status", "status": "typing"}));
        let answer = &frames[frames.len() - 2];
        assert_eq!(answer["type"], "message");
        assert_eq!((&answer["role"], &answer["inReplyTo"], &answer["seq"]), (&json!("assistant"), &json!("m1"), &json!(2)));
        assert_eq!(answer["content"], streamed(&frames), "what was streamed is what is stored");
        assert!(answer["content"].as_str().unwrap().contains("10 am to 8 pm"), "{answer}");
        assert_eq!(answer["citations"][0]["title"], "Visiting hours");
        assert_eq!(answer["citations"][0]["url"], "/articles/visiting");
        assert!(answer["messageId"].as_str().unwrap().starts_with("msg_"));
        assert!(frames.iter().filter(|frame| frame["type"] == "token").all(|token| token["messageId"] == answer["messageId"]));

        let stored = stored(&app, &session).await;
        assert_eq!(stored[0]["content"], typed("When can I visit my mother?"));
        assert_eq!(stored[0]["metadata"]["timestamp"], "2026-11-23T09:00:00.000Z");
        let mut without_type = answer.clone();
        without_type.as_object_mut().unwrap().remove("type");
        assert_eq!(stored[1], without_type);
    }

    async fn the_same_message_again_is_acknowledged_again_and_answered_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut one = app.connect(&session).await;
        let mut two = app.connect(&session).await;
        assert_eq!(one.say("m1", "When can I visit?").await, 1);
        assert_eq!(one.say("m1", "When can I visit?").await, 1);
        assert_eq!(two.say("m1", "When can I visit?").await, 1);
        one.until_idle().await;
        assert_eq!(two.say("m1", "When can I visit?").await, 1);
        assert!(one.is_quiet().await);
        assert_eq!(stored(&app, &session).await.len(), 2);
    }

    async fn every_tab_sees_all_of_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut one = app.connect(&session).await;
        let mut two = app.connect(&session).await;
        one.say("m1", "Where can I park?").await;
        let at_one = one.until_idle().await;
        let at_two = two.until_idle().await;
        assert_eq!((&at_two[0]["type"], &at_two[0]["role"]), (&json!("message"), &json!("user")));
        assert_eq!((&at_two[0]["content"], &at_two[0]["seq"]), (&json!(typed("Where can I park?")), &json!(1)));
        // Each gets the answer in pieces of its own pace.
        assert_eq!(streamed(&at_two), streamed(&at_one));
        let events = |frames: &[Value]| frames.iter().filter(|frame| frame["type"] != "token").cloned().collect::<Vec<_>>();
        assert_eq!(events(&at_two[1..]), events(&at_one), "after the question, both see the same");
    }

    async fn messages_sent_while_an_answer_runs_are_answered_in_order(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        for number in 1..=3 {
            socket.send(json!({"type": "user_message", "messageId": format!("m{number}"), "content": "Where can I park?"})).await;
        }
        let mut answered = Vec::new();
        while answered.len() < 3 {
            let answer = socket.next_of("message").await;
            answered.push(answer["inReplyTo"].as_str().unwrap().to_owned());
        }
        assert_eq!(answered, ["m1", "m2", "m3"]);
        let seqs: Vec<_> = stored(&app, &session).await.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=6).collect::<Vec<_>>());
    }

    async fn every_socket_gets_events_in_their_order(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut one = app.connect(&session).await;
        let mut two = app.connect(&session).await;
        for number in 1..=8 {
            let socket = if number % 2 == 0 { &mut one } else { &mut two };
            socket.send(json!({"type": "user_message", "messageId": format!("m{number}"), "content": "Where can I park?"})).await;
        }
        for socket in [&mut one, &mut two] {
            let mut seqs = Vec::new();
            while seqs.len() < 16 {
                seqs.extend(socket.next().await["seq"].as_i64());
            }
            assert_eq!(seqs, (1..=16).collect::<Vec<_>>());
        }
    }

    async fn a_follow_up_uses_the_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit my mother?").await;
        socket.until_idle().await;
        socket.say("m2", "And on Sundays?").await;
        let answer = socket.next_of("message").await;
        assert!(answer["content"].as_str().unwrap().contains("noon"), "{answer}");
    }

    async fn what_nothing_covers_is_said_to_be_unknown_with_a_way_to_a_human(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "Do you sell concert tickets for the opera?").await;
        let answer = socket.next_of("message").await;
        assert!(answer["content"].as_str().unwrap().contains("555-0100"), "{answer}");
        assert_eq!(answer["metadata"]["noAnswer"], true);
        assert!(answer.get("citations").is_none());
    }
}
