//! Without an agreement nothing that patients write goes to a provider, and what goes there is redacted and counted.

use std::time::Duration;

use kuzushi_assistant::fake::{FakeModel, Protocol};
use kuzushi_domain::StaffRole;
use kuzushi_store::{Engine, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;

const QUESTION: &str = "When can I visit my mother?";
const BY_MODEL: &str = "Every day[1].";

async fn model() -> FakeModel {
    FakeModel::start([Protocol::OpenAi.answer(&[BY_MODEL], Duration::ZERO)]).await.unwrap()
}

async fn app(engine: Engine, model: &FakeModel) -> TestApp {
    let base_url = model.base_url();
    TestApp::start_with(engine, |config| {
        config.providers.openai_base_url = Some(base_url);
        config.providers.model_prices = Some("openai/*=1000/2000".parse().unwrap());
    })
    .await
}

/// The answer to a question in a conversation of its own.
async fn answer(app: &TestApp) -> String {
    let session = app.init("model").await;
    let mut socket = app.connect(&session).await;
    socket.say("m1", QUESTION).await;
    socket.next_of("message").await["content"].as_str().unwrap().to_owned()
}

/// Waits until the server goes by what was changed a moment ago: within a second, on every node.
async fn within_a_second() {
    tokio::time::sleep(Duration::from_millis(600)).await;
}

async fn send(app: &TestApp, method: Method, path: &str, key: &str, body: Value) -> (u16, Value) {
    let response = app.request(method, path).bearer_auth(key).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What was put on record, as soon as it is that many requests.
async fn usage(app: &TestApp, key: &str, requests: i64) -> Value {
    let path = format!("/v1/admin/tenants/{}/usage", app.tenant().await);
    for _ in 0..200 {
        let usage = app.read(&path, key).await;
        let counted: i64 = usage["usage"].as_array().unwrap().iter().map(|row| row["requests"].as_i64().unwrap()).sum();
        if counted == requests {
            return usage;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("there are not {requests} requests on record");
}

on_both_engines! {
    async fn without_an_agreement_nothing_leaves_and_a_withdrawal_holds_on_every_node(engine: Engine) {
        let model = model().await;
        let app = app(engine, &model).await;
        let beside = app.start_beside().await;
        let owner = app.key(StaffRole::Owner, app.tenant().await).await;
        let agreements = format!("/v1/admin/tenants/{}/agreements", app.tenant().await);
        app.withdraw_agreements().await;
        within_a_second().await;
        for node in [&app, &beside] {
            assert!(answer(node).await.contains("10 am to 8 pm"), "the built-in assistant answers");
        }
        assert_eq!(model.received().len(), 0, "nothing was sent");

        let version = app.app_path("model", "/configs/1").await;
        let warned = app.read(&version, &owner).await;
        assert!(warned["warnings"][0].as_str().unwrap().contains(&model.base_url()), "{warned}");
        let noted = json!({
            "endpoint": format!("{}/", model.base_url()), "kind": "baa", "modalities": ["voice"],
            "signedOn": "2026-01-02", "validUntil": "2099-12-31", "reason": "Contract 118",
        });
        assert_eq!(send(&app, Method::POST, &agreements, &owner, noted.clone()).await.0, 201);
        within_a_second().await;
        answer(&app).await;
        assert_eq!(model.received().len(), 0, "voice is not text");

        let mut text = noted;
        text["modalities"] = json!(["text"]);
        let (status, noted) = send(&app, Method::POST, &agreements, &owner, text).await;
        assert_eq!((status, &noted["endpoint"], &noted["stands"]), (201, &json!(model.base_url()), &json!(true)));
        assert_eq!(app.read(&version, &owner).await["warnings"], Value::Null);
        within_a_second().await;
        for node in [&app, &beside] {
            assert_eq!(answer(node).await, "Every day.");
        }
        let withdrawal = format!("{agreements}/{}/withdraw", noted["agreementId"].as_str().unwrap());
        let (status, withdrawn) = send(&app, Method::POST, &withdrawal, &owner, json!({"reason": "It ended"})).await;
        assert_eq!((status, &withdrawn["stands"]), (200, &json!(false)));
        assert_eq!(send(&app, Method::POST, &withdrawal, &owner, json!({"reason": "It ended"})).await.0, 409);
        within_a_second().await;
        for node in [&app, &beside] {
            assert!(answer(node).await.contains("10 am to 8 pm"));
        }
        assert_eq!(model.received().len(), 2);
        let listed = app.read(&agreements, &owner).await;
        assert_eq!(listed["agreements"].as_array().unwrap().len(), 3);
    }

    async fn an_agreement_that_says_too_little_is_refused_by_its_fields(engine: Engine) {
        let app = TestApp::start(engine).await;
        let owner = app.key(StaffRole::Owner, app.tenant().await).await;
        let agreements = format!("/v1/admin/tenants/{}/agreements", app.tenant().await);
        let body = json!({
            "endpoint": "api.openai.com", "kind": "handshake", "modalities": ["text", "smell"],
            "signedOn": "yesterday", "reason": " ",
        });
        let (status, problem) = send(&app, Method::POST, &agreements, &owner, body).await;
        assert_eq!(status, 400);
        let mut fields: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["endpoint", "kind", "modalities.1", "reason", "signedOn"]);
        let unsigned = json!({
            "endpoint": "https://a.example", "kind": "baa", "modalities": ["text"], "reason": "x", "validUntil": "2026-01-01",
        });
        assert_eq!(send(&app, Method::POST, &agreements, &owner, unsigned).await.1["errors"][0]["field"], "signedOn");
    }

    async fn what_is_known_of_a_patient_who_signed_in_does_not_leave(engine: Engine) {
        let model = FakeModel::start([Protocol::OpenAi.answer(&["Dear [NAME", "_1], every day[1]."], Duration::ZERO)]).await.unwrap();
        let app = app(engine, &model).await;
        let patient = app.add_patient(Some(crate::patients::PASSWORD)).await;
        let session = app.init("model").await;
        app.sign_in(&session, &patient).await;
        let (name, email) = (patient.name.expose().clone(), patient.email.clone().unwrap().into_inner());
        let mut socket = app.connect(&session).await;
        for message in ["m1", "m2"] {
            let question = format!("{QUESTION} I am {name}, {email}, (313) 555-7788.");
            socket.say(message, &question).await;
            let answer = socket.next_of("message").await;
            assert!(answer["content"].as_str().unwrap().starts_with("Dear Jane Doe"), "the answer has it back: {answer}");
        }
        for received in model.received() {
            let body = received.body.to_string().to_lowercase();
            for part in name.split(' ').filter(|part| part.len() > 2).chain([email.as_str(), "555-7788"]) {
                assert!(!body.contains(&part.to_lowercase()), "{part} left: {body}");
            }
            assert!(body.contains("[name_1]") && body.contains("[phone_1]"), "{body}");
        }
    }

    async fn a_limit_stops_models_and_what_they_took_is_on_record(engine: Engine) {
        let model = model().await;
        let app = app(engine, &model).await;
        let owner = app.key(StaffRole::Owner, app.tenant().await).await;
        let limits = format!("/v1/admin/tenants/{}/spending-limits", app.tenant().await);
        assert_eq!(answer(&app).await, "Every day.");
        let first = usage(&app, &owner, 1).await;
        let row = &first["usage"][0];
        assert_eq!((&row["provider"], &row["configVersion"]), (&json!("openai"), &json!(1)), "{row}");
        let (input, output) = (row["inputTokens"].as_f64().unwrap(), row["outputTokens"].as_f64().unwrap());
        assert!(input > 0.0 && output > 0.0, "the provider has counted: {row}");
        let money = row["money"].as_f64().unwrap();
        assert!((money - (input * 1000.0 + output * 2000.0) / 1e6).abs() < 1e-6, "{row}");
        assert_eq!((&row["requests"], &first["limits"]), (&json!(1), &json!([])));

        let (status, put) = send(&app, Method::PUT, &limits, &owner, json!({"tokensPerDay": 50, "moneyPerMonth": 1e6})).await;
        assert_eq!((status, &put), (200, &json!({"tokensPerDay": 50, "moneyPerMonth": 1e6})));
        within_a_second().await;
        assert!(answer(&app).await.contains("10 am to 8 pm"), "the built-in assistant answers");
        assert_eq!(model.received().len(), 1);
        assert_eq!(send(&app, Method::PUT, &limits, &owner, json!({"tokensPerDay": 1_000_000})).await.0, 200);
        within_a_second().await;
        assert_eq!(answer(&app).await, "Every day.");
        let second = usage(&app, &owner, 2).await;
        let used = &second["limits"][0];
        assert_eq!((&used["of"], &used["period"], &used["state"]), (&json!("tenant"), &json!("day"), &json!("free")));
        assert!(used["tokens"].as_i64().unwrap() > 0 && used["tokens"].as_i64().unwrap() < 5_000, "{used}");
        let (status, problem) = send(&app, Method::PUT, &limits, &owner, json!({"moneyPerDay": -1})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("moneyPerDay")));
    }
}
