//! Calls over the voice socket: who may make one, how it is passed on to whoever serves it, and what stays on record.

use std::time::Duration;

use kuzushi_domain::CallOutcome;
use kuzushi_server::{config::Config, seed::agree};
use kuzushi_store::{Call, Engine, on_both_engines};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    app::{TestApp, own_machines},
    canary::typed,
    server::{ORIGIN, StartedSession},
    socket::Socket,
    voice_provider::{Manner, VoiceProvider},
};

/// A patient is told within this that nothing comes of a call.
const TOLD_WITHIN: Duration = Duration::from_secs(3);

/// A server whose calls an outside provider serves, that behaves so.
async fn start(engine: Engine, manner: Manner) -> (TestApp, VoiceProvider) {
    start_with(engine, manner, |_| {}).await
}

async fn start_with(engine: Engine, manner: Manner, change: impl FnOnce(&mut Config)) -> (TestApp, VoiceProvider) {
    let provider = VoiceProvider::start(manner).await;
    let app = TestApp::start_with(engine, |config| {
        config.voice.provider_url = Some(provider.url.clone());
        config.voice.calls_max = Some(100);
        change(config);
    })
    .await;
    agree_with(&app, &provider).await;
    (app, provider)
}

async fn agree_with(app: &TestApp, provider: &VoiceProvider) {
    let endpoint = provider.url.replacen("ws", "http", 1).parse().unwrap();
    let tenant = app.state.store.installation().published_app("talk").await.unwrap().unwrap().app.tenant;
    let scope = app.state.store.tenant(tenant).await.unwrap();
    agree(&scope, own_machines(endpoint), app.state.clock.now()).await.unwrap();
}

pub async fn voice_socket(app: &TestApp, session: &StartedSession) -> Socket {
    app.open_voice(&format!("?sessionId={}&token={}", session.id, session.token), Some(ORIGIN)).await
}

pub fn offer() -> Value {
    json!({"type": "offer", "sdp": {"type": "offer", "sdp": "v=0 offer"}})
}

/// A call that was answered.
async fn call(app: &TestApp, session: &StartedSession) -> (Socket, String) {
    let mut socket = voice_socket(app, session).await;
    socket.send(offer()).await;
    let call = socket.next_of("call").await["callId"].as_str().unwrap().to_owned();
    assert!(call.starts_with("call_"));
    assert_eq!(socket.next_of("answer").await["sdp"], json!({"type": "answer", "sdp": "v=0 answer"}));
    (socket, call)
}

async fn recorded(app: &TestApp, session: &StartedSession) -> Vec<Call> {
    recorded_of(app, session, "talk").await
}

async fn recorded_of(app: &TestApp, session: &StartedSession, project: &str) -> Vec<Call> {
    let tenant = app.state.store.installation().published_app(project).await.unwrap().unwrap().app.tenant;
    let scope = app.state.store.tenant(tenant).await.unwrap();
    scope.calls(session.id.parse().unwrap(), 50).await.unwrap()
}

/// How the newest call ended, once it has.
async fn outcome(app: &TestApp, session: &StartedSession) -> CallOutcome {
    outcome_of(app, session, "talk").await
}

/// The same in an app of this project.
pub async fn outcome_of(app: &TestApp, session: &StartedSession, project: &str) -> CallOutcome {
    let ended = async {
        loop {
            if let Some(end) = recorded_of(app, session, project).await.into_iter().next().and_then(|call| call.end) {
                return end.outcome;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), ended).await.expect("the call ends")
}

pub async fn no_calls(app: &TestApp) {
    let gone = async {
        while app.state.calls.places.count() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("no place is kept");
}

pub async fn transcript(app: &TestApp, session: &StartedSession) -> Vec<Value> {
    let path = format!("/v1/sessions/{}/messages", session.id);
    let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
    page["messages"].as_array().unwrap().clone()
}

on_both_engines! {
    async fn a_call_is_passed_on_in_both_directions_and_on_record(engine: Engine) {
        let (app, provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        assert_eq!(session.body["voice"]["enabled"], true);
        assert_eq!(session.body["features"]["voice"], true);
        let (mut socket, id) = call(&app, &session).await;
        assert_eq!(provider.heard().await["sdp"], json!({"type": "offer", "sdp": "v=0 offer"}));
        let going_on = recorded(&app, &session).await.remove(0);
        assert_eq!((going_on.id.to_string(), going_on.provider.as_str(), going_on.end), (id, "external", None));

        let candidate = json!({"type": "ice-candidate", "candidate": {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"}, "sessionId": session.id});
        socket.send(candidate.clone()).await;
        assert_eq!(provider.heard().await, candidate);
        for frame in [
            json!({"type": "ice-candidate", "candidate": {"candidate": "candidate:2 1 udp 1 192.0.2.2 9 typ host"}, "more": 7}),
            json!({"type": "state", "state": "thinking"}),
            json!({"type": "transcript", "role": "user", "text": "When can", "final": false}),
        ] {
            provider.say(frame.clone());
            assert_eq!(socket.next().await, frame, "as it came");
        }
        app.clock.advance(42);
        socket.send(json!({"type": "end"})).await;
        assert_eq!(socket.next_of("ended").await["reason"], "hung_up");
        assert_eq!(socket.close_code().await, 1000);
        assert_eq!(provider.heard().await, json!({"type": "end"}));
        assert_eq!(provider.heard().await, json!("closed"));
        let end = recorded(&app, &session).await.remove(0).end.unwrap();
        assert_eq!(end.outcome, CallOutcome::HungUp);
        assert!((42..60).contains(&end.seconds), "{}", end.seconds);
        no_calls(&app).await;
    }

    async fn what_is_said_is_in_the_chat_as_spoken_and_watched_for_danger(engine: Engine) {
        let (app, provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let mut chat = app.connect(&session).await;
        let (mut socket, _) = call(&app, &session).await;
        let said = typed("My chest hurts and I cannot breathe");
        provider.say(json!({"type": "transcript", "role": "user", "text": said, "final": true}));
        provider.say(json!({"type": "transcript", "role": "assistant", "text": "I will get you to a human.", "final": true}));
        assert_eq!(socket.next_of("transcript").await["text"], said);
        let message = chat.next_of("message").await;
        assert_eq!((&message["role"], &message["content"], &message["metadata"]), (&json!("user"), &json!(said), &json!({"channel": "voice"})));
        let notice = chat.next_of("notice").await;
        assert_eq!(notice["code"], "EMERGENCY");
        assert!(notice["content"].as_str().unwrap().contains("911"), "{notice}");
        let answer = chat.next_of("message").await;
        assert_eq!((&answer["role"], &answer["inReplyTo"]), (&json!("assistant"), &message["messageId"]));
        let stored = transcript(&app, &session).await;
        assert_eq!(stored.iter().map(|message| message["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(chat.is_quiet().await, "nobody else answers what was said");
    }

    async fn either_side_may_vanish_and_nothing_is_left(engine: Engine) {
        let (app, provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let (socket, _) = call(&app, &session).await;
        provider.heard().await;
        // As a page that is closed, and as one whose machine lost power.
        socket.close().await;
        assert_eq!(outcome(&app, &session).await, CallOutcome::HungUp);
        while provider.heard().await != json!("closed") {}
        let (socket, _) = call(&app, &session).await;
        drop(socket);
        assert_eq!(outcome(&app, &session).await, CallOutcome::Lost);
        while provider.heard().await != json!("closed") {}
        let (mut socket, _) = call(&app, &session).await;
        provider.say(json!({"type": "ended", "reason": "enough"}));
        assert_eq!(socket.next_of("ended").await["reason"], "provider_hung_up");
        assert_eq!(outcome(&app, &session).await, CallOutcome::ProviderHungUp);
        assert_eq!(recorded(&app, &session).await.len(), 3);
        no_calls(&app).await;
    }

    async fn whatever_a_provider_does_the_patient_is_told_in_time(engine: Engine) {
        for manner in [Manner::Mute, Manner::Deaf, Manner::Flooding, Manner::Senseless, Manner::Oversized, Manner::Dying] {
            let (app, _provider) = start(engine, manner).await;
            let session = app.init("talk").await;
            let mut socket = voice_socket(&app, &session).await;
            let begun = Instant::now();
            socket.send(offer()).await;
            let error = socket.next_of("error").await;
            assert_eq!(error["code"], "PROVIDER_FAILED", "{manner:?}");
            assert_eq!(socket.next_of("ended").await["reason"], "provider_failed", "{manner:?}");
            assert!(begun.elapsed() < TOLD_WITHIN, "{manner:?}: {:?}", begun.elapsed());
            assert_eq!(socket.close_code().await, 1000);
            assert_eq!(outcome(&app, &session).await, CallOutcome::ProviderFailed, "{manner:?}");
            no_calls(&app).await;
        }
    }

    async fn a_provider_that_cannot_be_reached_is_told_as_well(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.voice.provider_url = Some("ws://127.0.0.1:9/calls".into())).await;
        let endpoint = "http://127.0.0.1:9/calls".parse().unwrap();
        let tenant = app.state.store.installation().published_app("talk").await.unwrap().unwrap().app.tenant;
        agree(&app.state.store.tenant(tenant).await.unwrap(), own_machines(endpoint), app.state.clock.now()).await.unwrap();
        let session = app.init("talk").await;
        let mut socket = voice_socket(&app, &session).await;
        let begun = Instant::now();
        socket.send(offer()).await;
        assert_eq!(socket.next_of("error").await["code"], "PROVIDER_FAILED");
        assert!(begun.elapsed() < TOLD_WITHIN);
        assert_eq!(outcome(&app, &session).await, CallOutcome::ProviderFailed);
    }

    async fn a_conversation_has_one_call_and_the_newest_is_it(engine: Engine) {
        let (app, _provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let (mut first, _) = call(&app, &session).await;
        let mut second = voice_socket(&app, &session).await;
        second.send(offer()).await;
        second.next_of("call").await;
        assert_eq!(first.next_of("ended").await["reason"], "replaced");
        assert_eq!(app.state.calls.places.count(), 1);
        let calls = recorded(&app, &session).await;
        assert_eq!(calls[1].end.as_ref().unwrap().outcome, CallOutcome::Replaced);
        assert!(calls[0].end.is_none());
    }

    async fn limits_hold_for_an_app_and_for_a_node(engine: Engine) {
        let (app, _provider) = start_with(engine, Manner::Well, |config| config.voice.calls_max = Some(1)).await;
        let session = app.init("talk").await;
        let (socket, _) = call(&app, &session).await;
        let other = app.init("talk").await;
        let mut refused = voice_socket(&app, &other).await;
        refused.send(offer()).await;
        assert_eq!(refused.next_of("error").await["code"], "RATE_LIMITED");
        assert_eq!(refused.close_code().await, 4029);
        assert!(recorded(&app, &other).await.is_empty());
        socket.close().await;
        no_calls(&app).await;
    }

    async fn who_may_not_call_hears_why(engine: Engine) {
        let (app, provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let path = |query: &str| format!("?sessionId={}{query}", session.id);
        let mut stranger = app.open_voice(&path("&token=nonsense"), Some(ORIGIN)).await;
        assert_eq!(stranger.close_code().await, 4003);
        let mut elsewhere = app.open_voice(&path(&format!("&token={}", session.token)), Some("https://evil.example")).await;
        assert_eq!(elsewhere.close_code().await, 4004);
        let mut late = app.open_voice(&path(""), Some(ORIGIN)).await;
        late.send(offer()).await;
        assert_eq!(late.next().await["type"], "error");
        assert_eq!(late.close_code().await, 4003);
        let mut in_first_frame = app.open_voice("", Some(ORIGIN)).await;
        in_first_frame.send(json!({"type": "auth", "token": session.token, "sessionId": session.id})).await;
        in_first_frame.send(offer()).await;
        in_first_frame.next_of("call").await;
        let other = app.init("portal").await;
        assert_eq!(other.body["voice"]["unavailable"], "SWITCHED_OFF");
        let mut silent = voice_socket(&app, &other).await;
        silent.send(offer()).await;
        let error = silent.next_of("error").await;
        assert_eq!((&error["code"], error["message"].as_str().unwrap().contains("SWITCHED_OFF")), (&json!("VOICE_UNAVAILABLE"), true));
        assert_eq!(silent.close_code().await, 1000);
        drop(provider);
    }

    async fn without_an_agreement_that_covers_voice_nothing_is_said_to_anybody(engine: Engine) {
        let provider = VoiceProvider::start(Manner::Well).await;
        let app = TestApp::start_with(engine, |config| config.voice.provider_url = Some(provider.url.clone())).await;
        let session = app.init("talk").await;
        assert_eq!((&session.body["voice"]["enabled"], &session.body["voice"]["unavailable"]), (&json!(false), &json!("NO_AGREEMENT")));
        let mut socket = voice_socket(&app, &session).await;
        socket.send(offer()).await;
        assert_eq!(socket.next_of("error").await["code"], "VOICE_UNAVAILABLE");
        assert!(timeout(Duration::from_millis(300), provider.heard()).await.is_err());
    }

    async fn a_bad_frame_is_named_and_the_call_goes_on(engine: Engine) {
        let (app, _provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let mut socket = voice_socket(&app, &session).await;
        for (frame, code, named) in [
            (json!({"type": "dance"}), "UNKNOWN_TYPE", "offer, ice-candidate or end"),
            (json!({"type": "offer", "sdp": "v=0"}), "BAD_FRAME", "sdp"),
            (json!({"type": "ice-candidate", "candidate": {"candidate": "a"}}), "NOT_ALLOWED", "after the offer"),
            (json!({"type": "offer", "sdp": {"type": "offer", "sdp": "v=0"}, "sessionId": "sess_other"}), "NOT_ALLOWED", "sessionId"),
        ] {
            socket.send(frame).await;
            let error = socket.next_of("error").await;
            assert_eq!(error["code"], code);
            assert!(error["message"].as_str().unwrap().contains(named), "{error}");
        }
        socket.send_raw(Message::binary(vec![1, 2, 3])).await;
        assert_eq!(socket.next_of("error").await["code"], "BAD_FRAME");
        socket.send(offer()).await;
        socket.next_of("answer").await;
    }

    async fn whoever_ends_the_conversation_ends_the_call(engine: Engine) {
        let (app, _provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let (mut socket, _) = call(&app, &session).await;
        app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({})).await;
        assert_eq!(socket.next_of("ended").await["reason"], "session_ended");
        assert_eq!(socket.close_code().await, 4008);
        assert_eq!(outcome(&app, &session).await, CallOutcome::SessionEnded);
    }

    async fn a_server_that_stops_ends_its_calls(engine: Engine) {
        let (app, _provider) = start(engine, Manner::Well).await;
        let session = app.init("talk").await;
        let (mut socket, _) = call(&app, &session).await;
        app.state.stopping.cancel();
        assert_eq!(socket.next_of("ended").await["reason"], "restarting");
        assert_eq!(socket.close_code().await, 1012);
        assert_eq!(outcome(&app, &session).await, CallOutcome::Restarting);
    }

    async fn two_hundred_calls_in_a_row_leave_no_task_and_no_place(engine: Engine) {
        let (app, provider) = start(engine, Manner::Well).await;
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let mut before = 0;
        for number in 0..200 {
            // As they end: hung up, closed, or gone without a word.
            let session = app.init("talk").await;
            let (mut socket, _) = call(&app, &session).await;
            match number % 3 {
                0 => {
                    socket.send(json!({"type": "end"})).await;
                    assert_eq!(socket.close_code().await, 1000);
                }
                1 => socket.close().await,
                _ => drop(socket),
            }
            while provider.heard().await != json!("closed") {}
            if number == 20 {
                no_calls(&app).await;
                before = tasks();
            }
        }
        no_calls(&app).await;
        let settled = async { while tasks() > before + 5 { sleep(Duration::from_millis(50)).await; } };
        assert!(timeout(Duration::from_secs(10), settled).await.is_ok(), "{} tasks, and {before} before", tasks());
    }

    async fn a_call_lasts_as_long_as_it_may(engine: Engine) {
        let (app, _provider) = start_with(engine, Manner::Well, |config| {
            config.voice.call_max_duration = "1s".parse().unwrap();
        })
        .await;
        let session = app.init("talk").await;
        let (mut socket, _) = call(&app, &session).await;
        assert_eq!(socket.next_of("ended").await["reason"], "too_long");
        assert_eq!(outcome(&app, &session).await, CallOutcome::TooLong);
    }

    async fn every_session_gets_servers_and_credentials_of_its_own(engine: Engine) {
        let (app, _provider) = start_with(engine, Manner::Well, |config| {
            config.voice.stun_server_url = vec!["stun:stun.example.org:3478".into()];
            config.voice.turn_server_url = vec!["turn:turn.example.org:3478?transport=udp".into()];
            config.voice.turn_secret = Some(kuzushi_server::config::Secret::new("north".into()));
        })
        .await;
        let (one, two) = (app.init("talk").await, app.init("talk").await);
        let servers = |session: &StartedSession| session.body["voice"]["rtcConfig"]["iceServers"].clone();
        assert_eq!(servers(&one)[0], json!({"urls": ["stun:stun.example.org:3478"]}));
        let turn = servers(&one)[1].clone();
        assert_eq!(turn["urls"], json!(["turn:turn.example.org:3478?transport=udp"]));
        let (expiry, whose) = turn["username"].as_str().unwrap().split_once(':').unwrap();
        let left = expiry.parse::<i64>().unwrap() - app.state.clock.now().timestamp();
        assert!((3_500..=3_600).contains(&left) && whose == one.id, "{turn}");
        assert_ne!(turn["credential"], servers(&two)[1]["credential"]);
        assert_eq!(servers(&app.init("portal").await), json!([]), "of no use without calls");
    }
}
