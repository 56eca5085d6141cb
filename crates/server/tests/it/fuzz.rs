//! Frames and bodies that nobody would write. `cargo test` tries some thousands; `make fuzz` goes on for as long as one
//! likes, led by which code they reach.

use bolero::check;
use kuzushi_server::{
    api::{body, session_init::SessionInit, sessions::EndSession},
    chat::frames::{CONTENT_LIMIT, ClientFrame},
    error::ApiError,
};
use kuzushi_store::Engine;
use reqwest::{Method, StatusCode};

use crate::app::TestApp;

/// Stands wherever a client's own words can stand, and must be repeated nowhere.
const CANARY: &str = "canaryknee";

const FRAMES: [&str; 9] = [
    r#"{"type":"user_message","messageId":"m1","content":"canaryknee hurts","metadata":{"timestamp":"2026-11-23T09:00:00.000Z"}}"#,
    r#"{"type":"user_message","messageId":"m1","content":"canaryknee","attachments":[]}"#,
    r#"{"type":"init","sessionId":"sess_canaryknee","lastSeq":12}"#,
    r#"{"type":"auth","token":"canaryknee","sessionId":"sess_1"}"#,
    r#"{"type":"cancel","messageId":"m1"}"#,
    r#"{"type":"feedback","messageId":"m1","rating":1,"comment":"canaryknee"}"#,
    r#"{"type":"read","messageId":"m1"}"#,
    r#"{"type":"typing","active":true}"#,
    r#"{"type":"ping"}"#,
];

const BODIES: [&str; 3] = [
    r#"{"projectId":"portal","widgetInstanceId":"canaryknee","pageUrl":"https://x.example/?canaryknee","hostOrigin":"https://www.general.example","userAgent":"a","locale":"en-US"}"#,
    r#"{"projectId":"portal"}"#,
    r#"{"erase":true}"#,
];

/// Pieces that are likely to be handled apart.
const PIECES: [&str; 16] = [
    "null",
    "-1",
    "18446744073709551616",
    "1e400",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[[[[",
    "{\"a\":",
    "\"",
    "\\",
    ",",
    "}",
    "\u{202e}",
    "true",
];

/// Changes a text as the bytes say: three of them a change.
fn changed(text: &str, changes: &[u8]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(change[1]) * bytes.len() / 256;
        let end = (place + usize::from(change[2] >> 4) + 1).min(bytes.len());
        match change[0] % 6 {
            0 if place < bytes.len() => bytes[place] = change[2],
            1 => bytes.insert(place, change[2]),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..end, PIECES[usize::from(change[2] & 15)].bytes())),
            4 => {
                let repeated = bytes[place..end].repeat(usize::from(change[2] & 15));
                drop(bytes.splice(place..place, repeated));
            }
            _ => bytes.truncate(place),
        }
    }
    bytes
}

#[test]
fn frames() {
    check!().with_type::<(u8, Vec<u8>)>().with_iterations(20_000).for_each(|(which, changes)| {
        let bytes = changed(FRAMES[usize::from(*which) % FRAMES.len()], changes);
        match ClientFrame::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(ClientFrame::UserMessage(message)) => {
                assert!((1..=128).contains(&message.message_id.chars().count()));
                assert!((1..=CONTENT_LIMIT).contains(&message.content.chars().count()));
            }
            Ok(_) => {}
            Err(error) => {
                assert!(!error.message.contains(CANARY), "{}", error.message);
                assert!(!error.message.is_empty() && error.message.len() < 400, "{}", error.message);
            }
        }
    });
}

#[test]
fn bodies() {
    check!().with_type::<(u8, Vec<u8>)>().with_iterations(20_000).for_each(|(which, changes)| {
        let bytes = changed(BODIES[usize::from(*which) % BODIES.len()], changes);
        let errors = [body::parse::<SessionInit>(&bytes).err(), body::parse::<EndSession>(&bytes).err()];
        for error in errors.into_iter().flatten() {
            let ApiError::InvalidBody(fields) = error else { panic!("{error:?}") };
            assert!(!fields.is_empty());
            for field in fields {
                assert!(!field.message.contains(CANARY) && !field.field.contains(CANARY), "{field:?}");
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_client_sends_is_the_servers_fault() {
    let app = TestApp::start(Engine::Sqlite).await;
    // The same changes in every run, so that a failure can be looked at again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    for round in 0..400_usize {
        let length = usize::from(random()) % 12;
        let changes: Vec<u8> = (0..length * 3).map(|_| random()).collect();
        let body = changed(BODIES[round % BODIES.len()], &changes);
        let request = app.request(Method::POST, "/v1/widget/session/init").header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        let status = response.status();
        assert!(status == StatusCode::CREATED || status.is_client_error(), "{status} for {changes:?}");
        if status.is_client_error() {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
    }
}
