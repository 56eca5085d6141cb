//! Calls that OpenAI Realtime serves: set up, listened to, watched over for danger, and hung up.

use kuzushi_domain::{CallOutcome, StaffRole};
use kuzushi_server::config::Secret;
use kuzushi_store::{Engine, on_both_engines};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    calls::{no_calls, offer, outcome_of, transcript, voice_socket},
    canary::typed,
    openai_realtime::{ANSWER, FakeRealtime, KEY, Told},
    server::StartedSession,
    socket::Socket,
};

async fn start(engine: Engine, realtime: &FakeRealtime, key: &str) -> TestApp {
    let (base_url, key) = (realtime.base_url.clone(), Secret::new(key.to_owned()));
    let app = TestApp::start_with(engine, |config| {
        config.providers.openai_base_url = Some(base_url);
        config.providers.openai_api_key = Some(key);
    })
    .await;
    let owner = app.key(StaffRole::Owner, app.tenant().await).await;
    app.configure(
        &owner,
        json!({
            "features": {"voice": true},
            "systemPrompt": "You answer for General Hospital.",
            "assistant": {"provider": "builtin"},
            "voice": {"provider": "openai", "model": "gpt-realtime", "voice": "cedar"},
            "contact": {"hospitalName": "General Hospital", "phone": "555-0100"},
        }),
    )
    .await;
    app
}

/// A call that goes on, after that an AI answers was said.
async fn call(engine: Engine, realtime: &FakeRealtime) -> (TestApp, StartedSession, Socket) {
    let app = start(engine, realtime, KEY).await;
    let session = app.init("portal").await;
    assert_eq!(session.body["voice"]["enabled"], true, "{}", session.body["voice"]);
    let mut socket = voice_socket(&app, &session).await;
    socket.send(offer()).await;
    assert_eq!(socket.next_of("answer").await["sdp"], json!({"type": "answer", "sdp": ANSWER}));
    let Told::Call { sdp, session: asked } = realtime.told().await else { panic!("a call first") };
    assert_eq!(sdp, "v=0 offer");
    assert_eq!(
        asked,
        json!({
            "type": "realtime",
            "model": "gpt-realtime",
            "instructions": "You answer for General Hospital.",
            "audio": {
                "input": {"transcription": {"model": "gpt-4o-mini-transcribe"}},
                "output": {"voice": "cedar"},
            },
        })
    );
    let disclosure = said(&realtime.event().await);
    assert!(disclosure.contains("AI") && disclosure.contains("555-0100"), "{disclosure}");
    (app, session, socket)
}

/// What it is to say word for word.
fn said(event: &Value) -> String {
    assert_eq!(event["type"], "response.create", "{event}");
    let instructions = event["response"]["instructions"].as_str().expect("instructions");
    instructions.strip_prefix("Say exactly this, and nothing else: ").expect("word for word").to_owned()
}

fn done(status: &str) -> Value {
    json!({"type": "response.done", "response": {"status": status}})
}

fn heard(text: &str) -> Value {
    json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_1", "content_index": 0, "transcript": text})
}

on_both_engines! {
    async fn what_is_said_is_shown_as_it_is_said_and_stored_as_spoken(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let (app, session, mut socket) = call(engine, &realtime).await;
        let question = typed("When can I visit my mother?");
        for (event, state) in [
            (done("completed"), None),
            (json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 100, "item_id": "item_1"}), Some("listening")),
            (json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 900, "item_id": "item_1"}), Some("thinking")),
            (json!({"type": "input_audio_buffer.committed", "item_id": "item_1"}), None),
            (json!({"type": "response.created", "response": {"status": "in_progress"}}), None),
            (json!({"type": "output_audio_buffer.started", "response_id": "resp_1"}), Some("speaking")),
        ] {
            realtime.say(event);
            if let Some(state) = state {
                assert_eq!(socket.next_of("state").await["state"], state);
            }
        }
        realtime.say(heard(&question));
        assert_eq!(socket.next().await, json!({"type": "transcript", "role": "user", "text": question, "final": true}));
        let delta = |name: &str, delta: &str| json!({"type": name, "response_id": "resp_1", "item_id": "item_2", "output_index": 0, "content_index": 0, "delta": delta});
        realtime.say(delta("response.output_audio_transcript.delta", "From ten "));
        assert_eq!(socket.next().await["text"], "From ten ");
        // As servers have it that speak the protocol of before.
        realtime.say(delta("response.audio_transcript.delta", "to eight."));
        assert_eq!(socket.next().await, json!({"type": "transcript", "role": "assistant", "text": "From ten to eight.", "final": false}));
        // Sound goes to the browser by another way, and new kinds of events come.
        realtime.say(delta("response.output_audio.delta", "AAAA"));
        realtime.say(json!({"type": "something.new", "transcript": 7}));
        realtime.say(json!({"type": "response.output_audio_transcript.done", "item_id": "item_2", "transcript": "From ten to eight."}));
        assert_eq!(socket.next().await, json!({"type": "transcript", "role": "assistant", "text": "From ten to eight.", "final": true}));
        realtime.say(done("completed"));
        realtime.say(json!({"type": "output_audio_buffer.stopped", "response_id": "resp_1"}));
        assert_eq!(socket.next_of("state").await["state"], "listening");
        let stored = transcript(&app, &session).await;
        let stored: Vec<_> = stored.iter().map(|message| (&message["role"], &message["content"], &message["metadata"]["channel"])).collect();
        assert_eq!(stored, [
            (&json!("user"), &json!(question), &json!("voice")),
            (&json!("assistant"), &json!("From ten to eight."), &json!("voice")),
        ]);

        socket.send(json!({"type": "end"})).await;
        assert_eq!(socket.next_of("ended").await["reason"], "hung_up");
        assert_eq!(realtime.told().await, Told::HungUp("rtc_1".into()));
        no_calls(&app).await;
        assert_eq!(realtime.calls(), 0);
    }

    async fn whoever_is_in_danger_hears_whom_to_call_before_anything_else_and_again(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let (app, session, mut socket) = call(engine, &realtime).await;
        let mut chat = app.connect(&session).await;
        // It has begun to answer by the time its transcript is there.
        realtime.say(done("completed"));
        realtime.say(json!({"type": "response.created", "response": {"status": "in_progress"}}));
        let danger = typed("My chest hurts and I cannot breathe");
        realtime.say(heard(&danger));
        assert_eq!(socket.next_of("transcript").await["text"], danger);
        assert_eq!(realtime.event().await["type"], "response.cancel");
        assert_eq!(realtime.event().await["type"], "output_audio_buffer.clear");
        let notice = said(&realtime.event().await);
        assert!(notice.contains("911"), "{notice}");
        assert_eq!(chat.next_of("notice").await["code"], "EMERGENCY");
        // Somebody breaks in on it: it is said again, and not for ever.
        for _ in 0..3 {
            realtime.say(done("cancelled"));
            assert_eq!(said(&realtime.event().await), notice);
        }
        realtime.say(done("cancelled"));
        realtime.say(heard("Thank you"));
        assert_eq!(socket.next_of("transcript").await["text"], "Thank you");
        let stored = transcript(&app, &session).await;
        assert!(stored.iter().any(|message| message["role"] == "system"), "{stored:?}");
        socket.send(json!({"type": "end"})).await;
        assert_eq!(realtime.told().await, Told::HungUp("rtc_1".into()));
    }

    async fn what_it_refuses_is_asked_for_again_when_it_can_be(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let (_app, _session, mut socket) = call(engine, &realtime).await;
        // Somebody spoke at once, and it answers them before the notice could be asked for.
        realtime.say(done("completed"));
        let refused = json!({"type": "invalid_request_error", "code": "conversation_already_has_active_response", "message": "", "param": null});
        realtime.say(heard("I want to kill myself"));
        assert_eq!(realtime.event().await["type"], "output_audio_buffer.clear");
        let notice = said(&realtime.event().await);
        realtime.say(json!({"type": "error", "error": refused}));
        realtime.say(done("completed"));
        assert_eq!(said(&realtime.event().await), notice);
        // Other errors are no end.
        realtime.say(json!({"type": "error", "error": {"type": "server_error", "code": null, "message": "canary"}}));
        realtime.say(json!({"type": "error"}));
        realtime.say(json!({"type": "input_audio_buffer.speech_stopped"}));
        while socket.next_of("state").await["state"] != "thinking" {}
        // And another way through the network there is not.
        socket.send(offer()).await;
        assert_eq!(socket.next_of("error").await["code"], "NOT_ALLOWED");
    }

    async fn a_connection_that_it_ends_ends_the_call(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let (app, session, mut socket) = call(engine, &realtime).await;
        realtime.close();
        assert_eq!(socket.next_of("ended").await["reason"], "provider_hung_up");
        assert_eq!(outcome_of(&app, &session, "portal").await, CallOutcome::ProviderHungUp);
        while realtime.told().await != Told::HungUp("rtc_1".into()) {}
        no_calls(&app).await;
    }

    async fn a_page_that_vanishes_is_hung_up_for(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let (app, session, socket) = call(engine, &realtime).await;
        drop(socket);
        while realtime.told().await != Told::HungUp("rtc_1".into()) {}
        assert_eq!(outcome_of(&app, &session, "portal").await, CallOutcome::Lost);
    }

    async fn a_wrong_key_and_a_call_that_nobody_may_watch_over_are_no_calls(engine: Engine) {
        let realtime = FakeRealtime::start().await;
        let app = start(engine, &realtime, "sk-wrong").await;
        let session = app.init("portal").await;
        let mut socket = voice_socket(&app, &session).await;
        socket.send(offer()).await;
        let error = socket.next_of("error").await;
        assert_eq!(error["code"], "PROVIDER_FAILED");
        assert!(!error["message"].as_str().unwrap().contains("sk-"), "{error}");
        assert_eq!(outcome_of(&app, &session, "portal").await, CallOutcome::ProviderFailed);

        let unheard = FakeRealtime::start_unheard().await;
        let app = start(engine, &unheard, KEY).await;
        let session = app.init("portal").await;
        let mut socket = voice_socket(&app, &session).await;
        socket.send(offer()).await;
        assert_eq!(socket.next_of("error").await["code"], "PROVIDER_FAILED");
        assert!(matches!(unheard.told().await, Told::Call { .. }));
        assert_eq!(unheard.told().await, Told::HungUp("rtc_1".into()), "it is not left to go on unwatched");
        assert_eq!(unheard.calls(), 0);
    }
}
