//! Who may do what over a socket: every frame, sent by everybody at another's conversation.

use std::fmt::Write;

use kuzushi_domain::StaffRole;
use kuzushi_server::router;
use kuzushi_store::on_both_engines;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD, server::ORIGIN, socket::Socket};

/// What the victim said, which nobody else may get.
const WORDS: &str = "my ankle-canary hurts";

/// A frame that reaches for the victim's conversation. A new frame without a line here fails the test.
fn frame(kind: &str, victim: &str, token: &str) -> Value {
    match kind {
        "auth" => json!({"type": kind, "sessionId": victim, "token": token}),
        "init" => json!({"type": kind, "sessionId": victim, "lastSeq": 0}),
        "user_message" => json!({"type": kind, "messageId": "m1", "content": "Where can I park?"}),
        "cancel" | "read" => json!({"type": kind, "messageId": "m1"}),
        "feedback" => json!({"type": kind, "messageId": "m1", "rating": "down"}),
        "typing" => json!({"type": kind, "active": true}),
        "ping" => json!({"type": kind}),
        new => panic!("{new}: say here how it would reach for another's conversation, and look at the table"),
    }
}

/// The types of every frame that the description of the API lets clients send.
fn kinds() -> Vec<String> {
    let description = serde_json::to_value(router::description()).expect("JSON");
    let variants = description["components"]["schemas"]["ClientFrame"]["oneOf"].as_array().expect("variants").clone();
    let kind = |variant: &Value| {
        let constant =
            variant.pointer("/allOf/1/properties/type/enum/0").or(variant.pointer("/properties/type/enum/0"));
        constant.and_then(Value::as_str).expect("a type").to_owned()
    };
    variants.iter().map(kind).collect()
}

/// What came of a frame, in short: every frame that came back.
async fn outcome(socket: &mut Socket) -> String {
    let mut came = Vec::new();
    while let Some(frame) = socket.next_if_any().await {
        assert!(!frame.to_string().contains("canary"), "{frame}");
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        let code = frame["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        let kind = kind + &code;
        if came.last() != Some(&kind) {
            came.push(kind);
        }
        if frame["status"] == "idle" {
            break;
        }
    }
    if came.is_empty() { String::from("nothing") } else { came.join(" + ") }
}

on_both_engines! {
    async fn every_frame_reaches_its_senders_own_conversation_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (victim, other) = (app.init("portal").await, app.init("portal").await);
        let mut said = app.connect(&victim).await;
        said.say("m1", WORDS).await;
        said.until_idle().await;
        let victims = format!("/v1/sessions/{}/messages", victim.id);
        let before: Value = app.get(&victims, &victim.token).await.json().await.expect("JSON");
        let patient = app.add_patient(Some(PASSWORD)).await;
        let patients = app.init("portal").await;
        let patient = app.sign_in(&patients, &patient).await;
        let elsewhere = app.init_elsewhere().await;
        let mut strangers = vec![
            ("nobody", String::new()),
            ("garbage", String::from("eyJhbGciOiJub25lIn0.e30.")),
            ("other visitor", other.token.clone()),
            ("other patient", patient.token.clone()),
            ("visitor of another tenant", elsewhere.token.clone()),
        ];
        for role in StaffRole::ALL {
            strangers.push((role.as_str(), app.key(role, tenant).await));
        }
        let mut table = String::from("At the other's conversation, in the address and in the first frame\n   ");
        for (name, token) in &strangers {
            let in_address = format!("?sessionId={}&token={token}", victim.id);
            let refused = app.open(&in_address, Some(ORIGIN)).await.close_code().await;
            let mut socket = app.open(&format!("?sessionId={}", victim.id), Some(ORIGIN)).await;
            socket.send(frame("auth", &victim.id, token)).await;
            write!(table, " {name} {refused} {},", socket.close_code().await).expect("a string grows");
        }
        table.push('\n');
        for kind in kinds() {
            let mut socket = app.open(&format!("?sessionId={}", victim.id), Some(ORIGIN)).await;
            socket.send(frame(&kind, &victim.id, "")).await;
            write!(table, "{kind}\n    without a token {},", socket.close_code().await).expect("a string grows");
            // From a conversation of one's own, with the other's names in it.
            for (name, session) in [("other visitor", &other), ("visitor of another tenant", &elsewhere)] {
                let mut socket = app.open(&format!("?sessionId={}&token={}", session.id, session.token), Some(ORIGIN)).await;
                assert_eq!(socket.next().await["type"], "session_ack");
                socket.send(frame(&kind, &victim.id, &victim.token)).await;
                write!(table, " {name} {},", outcome(&mut socket).await).expect("a string grows");
            }
            table.push('\n');
        }
        let after: Value = app.get(&victims, &victim.token).await.json().await.expect("JSON");
        assert_eq!(after, before, "nothing that others sent came into the conversation");
        assert!(said.is_quiet().await, "nor was it heard in it");
        insta::assert_snapshot!("frame_permissions", table.replace(",\n", "\n"));
    }
}
