//! Answers that are read out in a call: the transcript has what was heard. Here the test is the voice.

use std::{sync::Arc, time::Duration};

use kuzushi_server::conversation::{Conversation, ToSay, Voice};
use kuzushi_store::on_both_engines;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    app::TestApp,
    server::StartedSession,
    socket::{Socket, streamed},
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who has the voice of a conversation, and says nothing by themselves.
struct Reader {
    conversation: Arc<Conversation>,
    voice: Option<Voice>,
    to_say: mpsc::Receiver<ToSay>,
}

/// An answer that they were given whole.
struct Given {
    question_id: String,
    text: String,
    heard: watch::Sender<usize>,
}

impl Reader {
    fn of(app: &TestApp, session: &StartedSession) -> Self {
        let conversation = app.state.conversations.enter(session.id.parse().unwrap());
        let (voice, to_say) = conversation.take_voice();
        Self { conversation, voice: Some(voice), to_say }
    }

    async fn next(&mut self) -> ToSay {
        timeout(PATIENCE, self.to_say.recv()).await.expect("something to say").expect("a conversation")
    }

    /// The next answer, from its beginning to its end.
    async fn answer(&mut self) -> Given {
        let (question_id, heard) = loop {
            match self.next().await {
                ToSay::Begin { question_id, heard, .. } => break (question_id, heard),
                // The question was typed.
                ToSay::Stop => {}
                _ => panic!("an answer"),
            }
        };
        let mut text = String::new();
        loop {
            match self.next().await {
                ToSay::Text { text: piece, .. } => text.push_str(piece.expose()),
                ToSay::End { .. } => return Given { question_id, text, heard },
                _ => panic!("the rest of it"),
            }
        }
    }
}

async fn reader(app: &TestApp) -> (StartedSession, Socket, Reader) {
    let session = app.init("portal").await;
    let socket = app.connect(&session).await;
    let reader = Reader::of(app, &session);
    (session, socket, reader)
}

/// The text that comes as tokens until there is as much of it.
async fn shown(socket: &mut Socket, bytes: usize) -> String {
    let mut frames: Vec<Value> = Vec::new();
    while streamed(&frames).len() < bytes {
        frames.push(socket.next_of("token").await);
    }
    streamed(&frames)
}

on_both_engines! {
    async fn an_answer_is_shown_as_it_is_heard_and_stored_when_all_was(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "When can I visit my mother?").await;
        let Given { question_id, text, heard } = reader.answer().await;
        assert_eq!(question_id, "m1");
        heard.send(12).unwrap();
        assert_eq!(shown(&mut socket, 12).await, text[..12]);
        assert!(socket.is_quiet().await, "nothing is shown that was not heard");
        heard.send(text.len()).unwrap();
        drop(heard);
        let answer = socket.next_of("message").await;
        assert_eq!((&answer["content"], &answer["metadata"]), (&json!(text), &json!({"channel": "voice"})));
        assert_eq!(answer["citations"][0]["title"], "Visiting hours");
    }

    async fn whoever_breaks_in_keeps_what_they_heard(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "When can I visit my mother?").await;
        let Given { text, heard, .. } = reader.answer().await;
        heard.send(12).unwrap();
        shown(&mut socket, 12).await;
        reader.conversation.withdraw("m1");
        drop(heard);
        let answer = socket.next_of("message").await;
        assert_eq!((&answer["content"], &answer["metadata"]), (&json!(text[..12]), &json!({"stopped": true, "channel": "voice"})));
        assert!(matches!(reader.next().await, ToSay::Stop));
    }

    async fn when_a_call_ends_the_rest_comes_as_text(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "When can I visit my mother?").await;
        let Given { text, heard, .. } = reader.answer().await;
        heard.send(12).unwrap();
        shown(&mut socket, 12).await;
        drop((heard, reader.voice.take()));
        let answer = socket.next_of("message").await;
        assert_eq!((&answer["content"], answer["metadata"].get("stopped")), (&json!(text), None));
        // And from now on nobody reads anything out.
        socket.say("m2", "Where can I park?").await;
        let answer = socket.next_of("message").await;
        assert!(answer.get("metadata").is_none_or(|metadata| metadata.get("channel").is_none()), "{answer}");
    }

    async fn whoever_types_in_a_call_quietens_the_voice_and_hears_the_answer(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "When can I visit my mother?").await;
        assert!(matches!(reader.next().await, ToSay::Stop));
        let Given { heard, .. } = reader.answer().await;
        heard.send(12).unwrap();
        socket.say("m2", "Where can I park?").await;
        assert!(matches!(reader.next().await, ToSay::Stop));
        // As a call does that stops saying something.
        reader.conversation.withdraw("m1");
        drop(heard);
        while !matches!(reader.next().await, ToSay::Begin { question_id, .. } if question_id == "m2") {}
    }

    async fn a_notice_is_said(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "My chest hurts and I cannot breathe").await;
        let ToSay::Notice(text) = reader.next().await else { panic!("a notice before anything else") };
        assert!(text.expose().contains("911"));
    }

    async fn a_server_that_closes_stores_what_was_being_heard(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, mut socket, mut reader) = reader(&app).await;
        socket.say("m1", "When can I visit my mother?").await;
        let Given { text, heard, .. } = reader.answer().await;
        heard.send(12).unwrap();
        app.state.closing.cancel();
        timeout(PATIENCE, async { while reader.conversation.is_answering() { tokio::time::sleep(Duration::from_millis(10)).await; } }).await.unwrap();
        let path = format!("/v1/sessions/{}/messages", session.id);
        let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
        assert_eq!(page["messages"][1]["content"], text);
    }
}
