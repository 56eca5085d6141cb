//! Conversations whose answers come from a language model.

use std::time::Duration;

use kuzushi_assistant::fake::{FakeModel, Protocol, Scenario, Script, Step, finish, piece, quoting};
use kuzushi_store::{Engine, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, process::ServerProcess, server::StartedSession, socket::streamed};

/// What no log line may hold: from the patient, and from a provider that repeats it.
const CANARY: &str = "zebra-canary-knee-2291";

async fn model(scripts: impl IntoIterator<Item = Script>) -> FakeModel {
    FakeModel::start(scripts).await.unwrap()
}

async fn app(engine: Engine, base_url: String) -> TestApp {
    TestApp::start_with(engine, |config| config.providers.openai_base_url = Some(base_url)).await
}

/// An app whose first model is Anthropic's, and whose second speaks chat completions.
async fn app_of_two(engine: Engine, first: &FakeModel, second: &FakeModel) -> TestApp {
    let (first, second) = (first.anthropic_url(), second.base_url());
    TestApp::start_with(engine, |config| {
        config.providers.anthropic_base_url = Some(first);
        config.providers.openai_base_url = Some(second);
    })
    .await
}

/// Waits for a client of the model to leave, for a second.
async fn someone_left(model: &FakeModel) {
    for _ in 0..100 {
        if model.left() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the model was not told to stop within a second");
}

async fn stored(app: &TestApp, session: &StartedSession) -> Vec<Value> {
    let path = format!("/v1/sessions/{}/messages", session.id);
    let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

on_both_engines! {
    async fn a_models_answer_streams_and_is_stored_with_its_source(engine: Engine) {
        let pieces = ["You can", " visit from 10 am", " to 8 pm[1]", ". 👩‍👩‍👧"];
        let model = model([Script::answer(&pieces, Duration::from_millis(30))]).await;
        let app = app(engine, model.base_url()).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit my mother?").await;
        let frames = socket.until_idle().await;
        assert!(frames.iter().filter(|frame| frame["type"] == "token").count() >= 3, "it streams: {frames:?}");
        let answer = &frames[frames.len() - 2];
        assert_eq!(answer["content"], "You can visit from 10 am to 8 pm. 👩‍👩‍👧");
        assert_eq!(answer["content"], streamed(&frames));
        assert_eq!(answer["citations"][0]["title"], "Visiting hours");

        socket.say("m2", "And on Sundays?").await;
        socket.until_idle().await;
        let asked = &model.received()[1].body["messages"];
        let roles: Vec<_> = asked.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert_eq!(asked[2]["content"], answer["content"]);
        assert_eq!(model.connections(), 1);
    }

    async fn an_answer_that_breaks_off_is_not_kept_and_can_be_asked_for_again(engine: Engine) {
        let broken = Script::begin().event(&piece("You can visit from")).then(Step::Pause(Duration::from_millis(50)));
        let whole = Script::answer(&["You can visit all day[1]."], Duration::ZERO);
        let model = model([broken.then(Step::Reset), whole]).await;
        let app = app(engine, model.base_url()).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let error = socket.next_of("error").await;
        assert_eq!(error["code"], "AI_ERROR");
        assert_eq!((&error["messageId"], &error["retryable"]), (&json!("m1"), &json!(true)));
        assert_eq!(stored(&app, &session).await.len(), 1, "nothing of the answer is kept");
        socket.say("m1", "When can I visit?").await;
        assert_eq!(socket.next_of("message").await["content"], "You can visit all day.");
        assert_eq!(stored(&app, &session).await.len(), 2);
    }

    async fn without_its_model_an_app_answers_all_the_same(engine: Engine) {
        let gone = model([]).await.base_url();
        let app = app(engine, gone).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let answer = socket.next_of("message").await;
        assert!(answer["content"].as_str().unwrap().contains("10 am to 8 pm"), "{answer}");
        assert_eq!(answer["citations"][0]["title"], "Visiting hours");
    }

    async fn stopping_an_answer_stops_the_model(engine: Engine) {
        let model = model([Script::begin().event(&piece("You can visit")).then(Step::Hang)]).await;
        let app = app(engine, model.base_url()).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        socket.send(json!({"type": "cancel", "messageId": "m1"})).await;
        let answer = socket.next_of("message").await;
        assert_eq!((&answer["content"], &answer["metadata"]["stopped"]), (&json!("You can visit"), &json!(true)));
        someone_left(&model).await;
    }

    async fn ending_a_conversation_stops_its_model(engine: Engine) {
        let model = model([Script::begin().event(&piece("You can visit")).then(Step::Hang)]).await;
        let app = app(engine, model.base_url()).await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        let path = format!("/v1/sessions/{}/end", session.id);
        let ended = app.request(Method::POST, &path).bearer_auth(&session.token).json(&json!({})).send().await.unwrap();
        assert!(ended.status().is_success());
        someone_left(&model).await;
    }

    async fn a_second_model_answers_where_the_first_gives_nothing(engine: Engine) {
        let first = model([
            Scenario::InternalError.script(Protocol::Anthropic),
            Protocol::Anthropic.answer(&["You can", " visit[1]."], Duration::ZERO),
        ])
        .await;
        let second = FakeModel::start_with(quoting(Duration::from_millis(5))).await.unwrap();
        let app = app_of_two(engine, &first, &second).await;
        let session = app.init("models").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit my mother?").await;
        let frames = socket.until_idle().await;
        let answer = &frames[frames.len() - 2];
        assert!(answer["content"].as_str().unwrap().contains("10 am to 8 pm"), "{answer}");
        assert_eq!(answer["content"], streamed(&frames));
        assert_eq!(answer["citations"][0]["title"], "Visiting hours");
        assert_eq!(second.received()[0].body["model"], "second-model");

        socket.say("m2", "And when can I visit my father?").await;
        assert_eq!(socket.next_of("message").await["content"], "You can visit.");
        let asked = &first.received()[1].body;
        assert_eq!((&asked["model"], &asked["tools"][0]["name"]), (&json!("first-model"), &json!("openingHours")));
        assert_eq!(asked["messages"].as_array().unwrap().len(), 3);
    }

    async fn what_goes_to_a_model_and_comes_from_it_is_in_no_log(engine: Engine) {
        let said = json!({"error": {"message": CANARY, "code": CANARY}});
        let model = model([
            Script::answer(&["About your ", CANARY, "[1]."], Duration::ZERO),
            Script::refuse(400, vec![("x-request", CANARY.to_owned())], &said),
            Script::begin().event(&piece(CANARY)).event(&said.to_string()).end(),
            Script::begin().event(&piece(CANARY)).event(&format!("no JSON: {CANARY}")).end(),
            Script::begin().event(&piece(CANARY)).event(&finish(CANARY)).end(),
        ])
        .await;
        let mut app = ServerProcess::start(engine).await;
        app.set("OPENAI_BASE_URL", &model.base_url());
        app.set("OPENAI_API_KEY", "sk-canary-key");
        let endpoint = model.base_url();
        app.admin(&["agreement", "note", "--tenant", "general.example", "--endpoint", &endpoint, "--kind", "own-machines", "--reason", "A test's"]);
        app.kill();
        app.start_again().await;
        let session = app.init("model").await;
        let mut socket = app.connect(&session).await;
        for (number, ends_with) in ["message", "message", "error", "error", "error"].into_iter().enumerate() {
            socket.say(&format!("m{number}"), &format!("When can I visit, my {CANARY} hurts?")).await;
            socket.next_of(ends_with).await;
        }
        assert_eq!(model.received().len(), 5);
        assert!(app.stop().await.success());
        let log = std::fs::read_to_string(app.log()).unwrap();
        assert!(log.contains("the provider refused the request (HTTP 400)"), "failures are logged");
        for secret in [CANARY, "sk-canary-key"] {
            assert_eq!(log.lines().find(|line| line.contains(secret)), None, "the log must not hold it");
        }
    }
}
