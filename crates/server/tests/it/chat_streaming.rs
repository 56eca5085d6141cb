//! Coming late, coming back, and stopping.

use kuzushi_server::{auth::tokens::Claims, chat::frames::ServerFrame, conversation::answer_what_waits};
use kuzushi_store::{NewUserMessage, on_both_engines};
use serde_json::{Value, json};

use crate::{app::TestApp, socket::streamed};

on_both_engines! {
    async fn coming_back_brings_what_was_missed_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        for number in 1..=2 {
            socket.say(&format!("m{number}"), "Where can I park?").await;
            socket.until_idle().await;
        }
        socket.close().await;
        let mut back = app.connect(&session).await;
        assert!(back.is_quiet().await, "nothing is sent unasked");
        back.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
        assert_eq!(back.next().await, json!({"type": "session_ack", "sessionId": session.id, "lastSeq": 4}));
        for seq in 2..=4 {
            let message = back.next().await;
            assert_eq!((message["type"].as_str(), message["seq"].as_i64()), (Some("message"), Some(seq)));
        }
        assert!(back.is_quiet().await);
        back.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 4_000})).await;
        assert_eq!(back.next().await["lastSeq"], 4);
        // Whoever claims to have seen the future still gets the present.
        back.say("m3", "Where can I park?").await;
        assert_eq!(back.next_of("message").await["seq"], 6);
        back.send(json!({"type": "init", "sessionId": session.id})).await;
        assert_eq!(back.next_of("message").await["seq"], 1, "without lastSeq, everything");
    }

    async fn a_tab_that_opens_in_the_middle_continues_without_gap_or_repeat(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut first = app.connect(&session).await;
        first.say("m1", "When can I visit?").await;
        for _ in 0..4 {
            first.next_of("token").await;
        }
        let mut late = app.connect(&session).await;
        late.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 0})).await;
        assert_eq!(late.next().await["type"], "session_ack");
        assert_eq!(late.next().await["seq"], 1);
        assert_eq!(late.next().await, json!({"type": "status", "status": "typing"}));
        let frames = late.until_idle().await;
        assert_eq!(frames[0]["offset"], 0);
        assert!(frames[0]["delta"].as_str().unwrap().split_whitespace().count() >= 4);
        let answer = &frames[frames.len() - 2];
        assert_eq!(answer["content"], streamed(&frames));
    }

    async fn nothing_of_an_answer_comes_before_a_client_could_ask_for_all_of_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut first = app.connect(&session).await;
        first.say("m1", "When can I visit?").await;
        first.next_of("token").await;
        let mut late = app.connect(&session).await;
        // Some words later.
        for _ in 0..4 {
            first.next_of("token").await;
        }
        late.send(json!({"type": "init", "sessionId": session.id, "lastSeq": 1})).await;
        let frames = late.until_idle().await;
        assert_eq!(frames[0]["type"], "session_ack");
        assert_eq!(frames[frames.len() - 2]["content"], streamed(&frames));
    }

    async fn an_answer_goes_on_when_the_one_who_asked_is_gone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        socket.close().await;
        app.state.answers.close();
        app.state.answers.wait().await;
        let path = format!("/v1/sessions/{}/messages", session.id);
        let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
        assert!(page["messages"][1]["content"].as_str().unwrap().contains("10 am to 8 pm"));
    }

    async fn stopping_keeps_what_was_said_and_marks_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let mut frames = vec![socket.next_of("token").await, socket.next_of("token").await];
        socket.send(json!({"type": "cancel", "messageId": "m1"})).await;
        frames.extend(socket.until_idle().await);
        let answer = &frames[frames.len() - 2];
        assert_eq!(answer["metadata"]["stopped"], true);
        assert_eq!(answer["content"], streamed(&frames));
        assert!(!answer["content"].as_str().unwrap().contains("8 pm"), "it was stopped early: {answer}");
        // The conversation goes on.
        socket.say("m2", "Where can I park?").await;
        assert_eq!(socket.next_of("message").await["inReplyTo"], "m2");
    }

    async fn a_question_that_waits_can_be_withdrawn(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.say("m2", "Where can I park?").await;
        socket.send(json!({"type": "cancel", "messageId": "m2"})).await;
        assert_eq!(socket.next_of("message").await["inReplyTo"], "m1");
        app.state.answers.close();
        app.state.answers.wait().await;
        let path = format!("/v1/sessions/{}/messages", session.id);
        let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
        assert_eq!(page["messages"].as_array().unwrap().len(), 3);
    }

    async fn a_question_withdrawn_at_once_is_not_answered_to_the_end(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut sockets = Vec::new();
        for _ in 0..20 {
            let session = app.init("slow").await;
            let mut socket = app.connect(&session).await;
            socket.send(json!({"type": "user_message", "messageId": "m1", "content": "When can I visit?"})).await;
            socket.send(json!({"type": "cancel", "messageId": "m1"})).await;
            sockets.push(socket);
        }
        for mut socket in sockets {
            socket.next_of("ack").await;
            while let Some(frame) = socket.next_if_any().await {
                // The first words may have been quicker.
                let is_stopped = frame["type"] == "message" && frame["metadata"]["stopped"] == true;
                assert!(is_stopped || frame["type"] == "status" || frame["type"] == "token", "{frame}");
            }
        }
    }

    async fn stopping_what_is_not_being_answered_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("slow").await;
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "cancel", "messageId": "nothing"})).await;
        assert_eq!(socket.next().await, json!({"type": "status", "status": "idle"}));
        socket.say("m1", "When can I visit?").await;
        socket.next_of("token").await;
        socket.send(json!({"type": "cancel", "messageId": "nothing"})).await;
        let frames = socket.until_idle().await;
        assert_eq!(frames[frames.len() - 2]["type"], "message", "nobody is idle while the answer runs");
    }

    async fn an_answer_that_a_client_has_from_the_store_is_not_streamed_to_it_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let answer = socket.until_idle().await.into_iter().find(|frame| frame["type"] == "message").unwrap();
        let seq = answer["seq"].as_i64().unwrap();
        socket.close().await;
        // Stored, and not announced yet: how it stands between the commit and the word of it.
        let Ok(Claims::Session(claims)) = app.state.tokens.verify(&session.token, app.state.clock.now()) else { panic!("a session's token") };
        let conversation = app.state.conversations.enter(claims.session);
        conversation.begin_answer("m1", answer["messageId"].as_str().unwrap());
        conversation.extend_answer(answer["content"].as_str().unwrap());
        let mut back = app.connect(&session).await;
        back.send(json!({"type": "init", "sessionId": session.id, "lastSeq": seq})).await;
        assert_eq!(back.next().await["type"], "session_ack");
        assert_eq!(back.next().await, json!({"type": "status", "status": "typing"}));
        conversation.complete_answer(seq, &ServerFrame::Pong);
        assert_eq!(back.next().await, json!({"type": "status", "status": "idle"}));
    }

    async fn an_answer_that_keeps_dying_fails_and_can_be_asked_for_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        // What processes that died over this answer would have left.
        let Ok(Claims::Session(claims)) = app.state.tokens.verify(&session.token, app.state.clock.now()) else { panic!("a session's token") };
        let scope = app.state.store.tenant(claims.tenant).await.unwrap();
        let stored = scope.session(claims.session).await.unwrap();
        let question = NewUserMessage { message_id: "m1".into(), content: "When can I visit?".into(), attachments: Vec::new(), client_timestamp: None, is_spoken: false, begin: false, emergency: None };
        scope.accept_user_message(&stored, question, app.state.clock.now()).await.unwrap();
        for _ in 0..5 {
            scope.begin_next_turn(claims.session, app.state.clock.now()).await.unwrap();
        }
        // So many deaths within so short a time might be the server's own trouble.
        app.clock.advance(180);
        answer_what_waits(&app.state, scope, claims.session, None);
        let error = socket.next_of("error").await;
        assert_eq!((&error["code"], &error["messageId"], &error["retryable"]), (&json!("AI_ERROR"), &json!("m1"), &json!(true)));
        socket.until_idle().await;
        assert_eq!(socket.say("m1", "When can I visit?").await, 1);
        assert_eq!(socket.next_of("message").await["inReplyTo"], "m1");
    }

    async fn a_reader_that_lags_far_behind_misses_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut lazy = app.connect(&session).await;
        let mut busy = app.connect(&session).await;
        for number in 1..=12 {
            busy.say(&format!("m{number}"), "When can I visit, and where can I park?").await;
            busy.until_idle().await;
        }
        let mut seqs = Vec::new();
        while seqs.len() < 24 {
            seqs.push(lazy.next_of("message").await["seq"].as_i64().unwrap());
        }
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=24).collect::<Vec<_>>());
    }
}
