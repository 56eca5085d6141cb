//! Somebody is in danger, whatever the model or the database does.

use std::time::Duration;

use chrono::TimeDelta;
use kuzushi_assistant::fake::{FakeModel, Script};
use kuzushi_domain::{EmergencyKind, StaffRole};
use kuzushi_server::auth::tokens::Claims;
use kuzushi_store::{EmergencyCount, Engine, on_both_engines};
use serde_json::{Value, json};

use crate::{app::TestApp, server::StartedSession, socket::Socket};

async fn stored(app: &TestApp, session: &StartedSession) -> Vec<Value> {
    let path = format!("/v1/sessions/{}/messages", session.id);
    let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

/// The next notice that is an event of the conversation: on a slow machine one may be told before it is stored.
async fn stored_notice(socket: &mut Socket) -> Value {
    loop {
        let notice = socket.next_of("notice").await;
        if notice["seq"] != 0 {
            return notice;
        }
    }
}

async fn model_app(engine: Engine, model: &FakeModel) -> TestApp {
    let base_url = model.base_url();
    TestApp::start_with(engine, |config| config.providers.openai_base_url = Some(base_url)).await
}

async fn counts(app: &TestApp, session: &StartedSession) -> Vec<EmergencyCount> {
    let Ok(Claims::Session(claims)) = app.state.tokens.verify(&session.token, app.state.clock.now()) else {
        panic!("a session's token")
    };
    let scope = app.state.store.tenant(claims.tenant).await.unwrap();
    let session = scope.session(claims.session).await.unwrap();
    let today = app.state.clock.now().date_naive();
    scope.emergencies_by_day(session.app, today, today).await.unwrap()
}

on_both_engines! {
    async fn a_notice_comes_with_the_question_to_every_tab_and_stays_in_the_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let (mut socket, mut beside) = (app.connect(&session).await, app.connect(&session).await);
        assert_eq!(socket.say("m1", "My dad has chest pain and can't breathe").await, 1);
        let notice = stored_notice(&mut socket).await;
        assert_eq!((&notice["code"], &notice["seq"]), (&json!("EMERGENCY"), &json!(2)));
        assert!(notice["content"].as_str().unwrap().contains("911"), "{notice}");
        assert_eq!(notice["numbers"][0]["number"], "911");
        assert_eq!(stored_notice(&mut beside).await["messageId"], notice["messageId"]);
        let answer = socket.next_of("message").await;
        assert_eq!((&answer["seq"], &answer["inReplyTo"]), (&json!(3), &json!("m1")));

        let messages = stored(&app, &session).await;
        let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["user", "system", "assistant"]);
        assert_eq!(messages[1]["notice"]["code"], "EMERGENCY");
        assert_eq!(messages[1]["content"], notice["content"]);
        let path = format!("/v1/sessions/{}/export", session.id);
        let export: Value = app.get(&path, &session.token).await.json().await.unwrap();
        assert_eq!(export["messages"][1], messages[1]);

        let mut later = app.connect(&session).await;
        later.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
        let replayed = later.next_of("notice").await;
        assert_eq!(replayed, notice, "with its own seq");
        // The same message again is the same event, and no second notice.
        assert_eq!(socket.say("m1", "My dad has chest pain and can't breathe").await, 1);
        assert_eq!(stored(&app, &session).await.len(), 3);
    }

    async fn what_is_counted_is_the_kind_the_app_and_the_time(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "I want to kill myself").await;
        let notice = stored_notice(&mut socket).await;
        assert_eq!(notice["numbers"][1]["number"], "988");
        socket.until_idle().await;
        socket.say("m2", "When can I visit?").await;
        socket.until_idle().await;
        let day = app.state.clock.now().date_naive();
        let expected = EmergencyCount { day, kind: EmergencyKind::SelfHarm, is_certain: true, count: 1 };
        assert_eq!(counts(&app, &session).await, [expected]);

        let path = app.app_path("portal", "/emergencies").await;
        let auditor = app.key(StaffRole::Auditor, app.tenant().await).await;
        let counted = app.read(&path, &auditor).await;
        let today = day.to_string();
        let expected = json!({"day": today, "kind": "self-harm", "certainty": "explicit", "notices": 1});
        assert_eq!(counted, json!({"emergencies": [expected]}), "nothing that leads to the conversation");
        let other_days = format!("{path}?until={}", day - TimeDelta::days(1));
        assert_eq!(app.read(&other_days, &auditor).await, json!({"emergencies": []}));
        let mistaken = app.get(&format!("{path}?from={today}&until=2020-01-01"), &auditor).await;
        assert_eq!(mistaken.status(), 400);
    }

    async fn no_model_is_waited_for(engine: Engine) {
        let model = FakeModel::start([Script::hang(), Script::hang()]).await.unwrap();
        let app = model_app(engine, &model).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "she is not breathing").await;
        assert_eq!(stored_notice(&mut socket).await["code"], "EMERGENCY");
        assert!(socket.next_of("message").await["content"].as_str().unwrap().contains("911"));
        assert_eq!(model.received().len(), 0, "and none is asked");
    }

    async fn a_danger_told_in_two_messages_is_noticed_before_a_model_that_hangs(engine: Engine) {
        let model = FakeModel::start([Script::hang(), Script::hang()]).await.unwrap();
        let app = model_app(engine, &model).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.send_text(&json!({"type": "user_message", "messageId": "m1", "content": "it is about my chest"}).to_string()).await;
        socket.next_of("ack").await;
        socket.send_text(&json!({"type": "user_message", "messageId": "m2", "content": "hurts really bad"}).to_string()).await;
        assert_eq!(socket.next_of("ack").await["seq"], 2);
        assert_eq!(stored_notice(&mut socket).await["seq"], 3);
    }

    async fn an_answer_in_which_a_model_sees_an_emergency_brings_the_notice(engine: Engine) {
        let words = Script::answer(&["This sounds like a medical emergency. ", "Call 911 now."], Duration::ZERO);
        let model = FakeModel::start([words]).await.unwrap();
        let app = model_app(engine, &model).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "What do I do about the parking ticket?").await;
        let notice = stored_notice(&mut socket).await;
        assert_eq!((&notice["code"], &notice["seq"]), (&json!("EMERGENCY"), &json!(3)), "after the answer");
    }

    async fn a_model_that_plays_doctor_is_cut_short_and_takes_no_notice_away(engine: Engine) {
        let words = Script::answer(
            &["Ignore the notice. ", "You have a cold. Take 400 mg of ibuprofen.", " You will be fine. Parking is free."],
            Duration::ZERO,
        );
        let model = FakeModel::start([words]).await.unwrap();
        let app = model_app(engine, &model).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "I think I am having a stroke").await;
        let notice = stored_notice(&mut socket).await;
        socket.until_idle().await;
        socket.say("m2", "Where do I park?").await;
        let frames = socket.until_idle().await;
        let answer = frames.iter().find(|frame| frame["type"] == "message").unwrap();
        let text = answer["content"].as_str().unwrap();
        assert!(!text.contains("400") && !text.contains("cold") && !text.contains("fine"), "{text}");
        assert!(text.contains("555-0100") && text.contains("Parking is free."), "{text}");
        assert!(!frames.iter().any(|frame| frame["delta"].as_str().is_some_and(|delta| delta.contains("400"))));
        assert_eq!(answer["metadata"]["noAnswer"], true);
        assert_eq!(stored(&app, &session).await[1]["messageId"], notice["messageId"]);
    }

    async fn whoever_may_not_write_is_told_all_the_same(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("mute").await;
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "user_message", "messageId": "m1", "content": "I took 40 pills"})).await;
        let notice = socket.next_of("notice").await;
        assert_eq!((&notice["code"], &notice["seq"]), (&json!("EMERGENCY"), &json!(0)));
        assert_eq!(socket.next_of("error").await["code"], "NOT_ALLOWED");
    }

    async fn a_conversation_begins_with_saying_that_an_ai_answers(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let disclosure = session.body["aiDisclosure"].as_str().unwrap();
        assert!(disclosure.contains("AI") && disclosure.contains("555-0100"), "{disclosure}");
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 0})).await;
        let notice = socket.next_of("notice").await;
        assert_eq!((&notice["code"], &notice["seq"]), (&json!("AI_DISCLOSURE"), &json!(0)));
        assert_eq!(notice["content"], disclosure);
    }
}
