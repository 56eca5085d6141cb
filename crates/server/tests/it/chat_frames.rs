//! What a socket does with frames that are not as they should be.

use kuzushi_store::on_both_engines;
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::app::TestApp;

on_both_engines! {
    async fn a_bad_frame_gets_an_error_and_the_socket_stays(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        let too_long = json!({"type": "user_message", "messageId": "m", "content": "a".repeat(8_001)}).to_string();
        let too_large = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(64 * 1024));
        let long_comment = json!({"type": "feedback", "messageId": "m", "rating": "up", "comment": "é".repeat(2_001)}).to_string();
        for (frame, code) in [
            ("hello", "BAD_FRAME"),
            ("", "BAD_FRAME"),
            ("null", "BAD_FRAME"),
            (r#"{"type":"user_message","messageId":1,"content":"a"}"#, "BAD_FRAME"),
            (r#"{"type":"user_message","messageId":"m","content":"a","attachments":["file_1"]}"#, "BAD_FRAME"),
            (r#"{"type":"auth","token":"t","sessionId":"s"}"#, "NOT_ALLOWED"),
            (r#"{"type":"init","sessionId":"sess_0"}"#, "NOT_ALLOWED"),
            (r#"{"type":"feedback","messageId":"m","rating":"up"}"#, "NOT_ALLOWED"),
            (r#"{"type":"feedback","messageId":"m","rating":4}"#, "BAD_FRAME"),
            (r#"{"type":"feedback","messageId":"m"}"#, "BAD_FRAME"),
            (&long_comment, "TOO_LARGE"),
            (r#"{"type":"user_message","messageId":"m","content":"a","metadata":{"timestamp":"yesterday"}}"#, "BAD_FRAME"),
            (r#"{"type":"ping","type":"ping"}"#, "BAD_FRAME"),
            (r#"{"type":"dance"}"#, "UNKNOWN_TYPE"),
            (&too_long, "TOO_LARGE"),
            (&too_large, "TOO_LARGE"),
        ] {
            socket.send_text(frame).await;
            let error = socket.next().await;
            assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some("error"), Some(code)), "{frame:.60}");
            assert_eq!(error["retryable"], false);
        }
        socket.send_raw(Message::binary(vec![1, 2, 3])).await;
        assert_eq!(socket.next().await["code"], "BAD_FRAME");
        socket.send(json!({"type": "ping"})).await;
        assert_eq!(socket.next().await, json!({"type": "pong"}));
        socket.send(json!({"type": "typing", "active": true})).await;
        socket.say("m", "Where can I park?").await;
    }

    async fn an_error_names_the_message_it_is_about(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        for content in [json!(5), json!(""), json!("a".repeat(8_001))] {
            socket.send(json!({"type": "user_message", "messageId": "m1", "content": content})).await;
            assert_eq!(socket.next().await["messageId"], "m1");
        }
    }

    async fn the_largest_message_goes_through(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        assert_eq!(socket.say("m1", &"😀".repeat(8_000)).await, 1);
    }

    async fn the_name_of_an_answer_cannot_be_taken(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "Where can I park?").await;
        let answer = socket.next_of("message").await;
        socket.send(json!({"type": "user_message", "messageId": answer["messageId"], "content": "Hi"})).await;
        let error = socket.next_of("error").await;
        assert_eq!((&error["code"], &error["messageId"]), (&json!("BAD_FRAME"), &answer["messageId"]));
    }

    async fn a_read_mark_goes_to_the_other_tabs(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut one = app.connect(&session).await;
        let mut two = app.connect(&session).await;
        one.send(json!({"type": "read", "messageId": "msg_1"})).await;
        assert_eq!(two.next().await, json!({"type": "read", "messageId": "msg_1", "by": "user"}));
        assert!(one.is_quiet().await);
    }

    async fn an_app_without_text_chat_takes_no_message(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("mute").await;
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "user_message", "messageId": "m1", "content": "Hi"})).await;
        assert_eq!(socket.next().await["code"], "NOT_ALLOWED");
    }

    async fn too_many_messages_are_refused_and_can_be_sent_later(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.messages_per_minute = 2).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "Where can I park?").await;
        socket.say("m2", "Where can I park?").await;
        socket.send(json!({"type": "user_message", "messageId": "m3", "content": "Hi"})).await;
        let error = socket.next_of("error").await;
        assert_eq!((&error["code"], &error["messageId"], &error["retryable"]), (&json!("RATE_LIMITED"), &json!("m3"), &json!(true)));
    }
}

#[tokio::test]
async fn what_breaks_the_protocol_itself_is_closed_with_its_code() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    let session = app.init("portal").await;
    let mut socket = app.connect(&session).await;
    let not_utf8 = Frame::message(vec![0xc3, 0x28], OpCode::Data(Data::Text), true);
    socket.send_raw(Message::Frame(not_utf8)).await;
    assert_eq!(socket.close_code().await, 1007);
    let mut socket = app.connect(&session).await;
    socket.flood(&Message::text(json!({"type": "ping", "x": "x".repeat(2 * 1024 * 1024)}).to_string()), 1).await;
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn a_flood_is_closed() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    let session = app.init("portal").await;
    for frame in [Message::text(r#"{"type": "ping"}"#), Message::binary(vec![1]), Message::Ping(vec![1].into())] {
        let mut socket = app.connect(&session).await;
        socket.flood(&frame, 1_000).await;
        assert_eq!(socket.close_code().await, 4009, "{frame:?}");
    }
}
