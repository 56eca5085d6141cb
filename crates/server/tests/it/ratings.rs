//! What visitors think of answers.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use serde_json::{Value, json};

use crate::{app::TestApp, canary::typed, server::StartedSession, socket::Socket};

/// A conversation with a question and its answer; with the answer's name.
async fn answered(app: &TestApp) -> (StartedSession, Socket, String) {
    let session = app.init("portal").await;
    let mut socket = app.connect(&session).await;
    socket.say("m1", "When can I visit?").await;
    let answer = socket.next_of("message").await["messageId"].as_str().expect("a name").to_owned();
    socket.until_idle().await;
    (session, socket, answer)
}

/// Rates, and waits until the server has come to it: a socket's frames are acted on one after the other.
async fn rate(socket: &mut Socket, answer: &str, rating: Value) {
    let mut frame = json!({"type": "feedback", "messageId": answer});
    frame.as_object_mut().expect("an object").extend(rating.as_object().expect("an object").clone());
    socket.send(frame).await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}), "nothing is answered to what is as it should be");
}

on_both_engines! {
    async fn a_rating_is_there_after_a_reload_in_the_export_and_for_staff(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, mut socket, answer) = answered(&app).await;
        let path = format!("/v1/sessions/{}", session.id);
        rate(&mut socket, &answer, json!({"rating": "down", "comment": "I meant the children's ward."})).await;
        let mut again = app.connect(&session).await;
        again.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 0})).await;
        assert_eq!(again.next_of("message").await.get("rating"), None, "of the question");
        assert_eq!(again.next_of("message").await["rating"], "down");
        let history = app.read(&format!("{path}/messages"), &session.token).await;
        let rated = &history["messages"][1];
        assert_eq!((&rated["rating"], &rated["ratingComment"]), (&json!("down"), &json!(typed("I meant the children's ward."))));
        assert_eq!(app.read(&format!("{path}/export"), &session.token).await["messages"][1], *rated);
        let text = app.get(&format!("{path}/export?format=text"), &session.token).await.text().await.unwrap();
        assert!(text.contains(&format!("Did this help you: no. {}", typed("I meant the children's ward."))), "{text}");
        let tenant = app.tenant().await;
        let agent = app.key(StaffRole::Agent, tenant).await;
        let read = app.read(&format!("/v1/admin/tenants/{tenant}/conversations/{}/messages", session.id), &agent).await;
        assert_eq!(read["messages"][1], *rated);
    }

    async fn a_later_rating_takes_the_place_of_the_earlier_and_null_takes_it_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, mut socket, answer) = answered(&app).await;
        let path = format!("/v1/sessions/{}/messages", session.id);
        rate(&mut socket, &answer, json!({"rating": "down", "comment": "No"})).await;
        rate(&mut socket, &answer, json!({"rating": "up", "comment": "  "})).await;
        let rated = app.read(&path, &session.token).await["messages"][1].clone();
        assert_eq!((&rated["rating"], rated.get("ratingComment")), (&json!("up"), None));
        rate(&mut socket, &answer, json!({"rating": null})).await;
        assert_eq!(app.read(&path, &session.token).await["messages"][1].get("rating"), None);
    }

    async fn a_rating_shows_in_the_other_tabs_at_once_and_its_comment_does_not(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, mut socket, answer) = answered(&app).await;
        let mut beside = app.connect(&session).await;
        // Who has asked for what was missed hears of what comes from then on.
        beside.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 2})).await;
        beside.send(json!({"type": "ping"})).await;
        beside.next_of("pong").await;
        rate(&mut socket, &answer, json!({"rating": "down", "comment": "I meant the children's ward."})).await;
        assert_eq!(beside.next_of("rating").await, json!({"type": "rating", "messageId": answer, "rating": "down"}));
        rate(&mut socket, &answer, json!({"rating": null})).await;
        assert_eq!(beside.next_of("rating").await, json!({"type": "rating", "messageId": answer, "rating": null}));
    }

    async fn only_answers_of_the_own_conversation_are_rated(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, mut socket, answer) = answered(&app).await;
        let (_, mut other, _) = answered(&app).await;
        for (is_own, message) in [(true, "m1"), (true, "msg_1"), (false, answer.as_str())] {
            let socket = if is_own { &mut socket } else { &mut other };
            socket.send(json!({"type": "feedback", "messageId": message, "rating": "up"})).await;
            let error = socket.next().await;
            assert_eq!((&error["code"], &error["messageId"]), (&json!("NOT_ALLOWED"), &json!(message)), "{error}");
        }
        let history = app.read(&format!("/v1/sessions/{}/messages", session.id), &session.token).await;
        assert_eq!(history["messages"][1].get("rating"), None);
    }
}
