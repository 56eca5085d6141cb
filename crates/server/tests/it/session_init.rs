use kuzushi_store::on_both_engines;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    server::{ORIGIN, problem},
};

const INIT: &str = "/v1/widget/session/init";

on_both_engines! {
    async fn a_new_session_has_everything_the_widget_needs(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        insta::allow_duplicates! {
            insta::assert_json_snapshot!("session_started", session.body, {
                ".sessionId" => "[id]",
                ".token" => "[token]",
                ".expiresAt" => "[time]",
                ".chat.wsUrl" => "[url]",
                ".voice.signalingUrl" => "[url]",
            });
        }
        assert_eq!(session.body["chat"]["wsUrl"], format!("ws://{}/ws/chat?sessionId={}", app.address, session.id));
        let expires: chrono::DateTime<chrono::Utc> = session.body["expiresAt"].as_str().unwrap().parse().unwrap();
        assert!(session.body["expiresAt"].as_str().unwrap().ends_with('Z'));
        assert!(expires > chrono::DateTime::<chrono::Utc>::MIN_UTC);
    }

    async fn a_token_brings_its_session_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.until_idle().await;
        let response = app.init_request("portal").bearer_auth(&session.token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let again: Value = response.json().await.unwrap();
        assert_eq!(again["sessionId"], session.id.as_str());
        assert_eq!(again["lastSeq"], 2);
    }

    async fn a_token_that_opens_nothing_here_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let resume = async |project: &str, token: &str| {
            problem(app.init_request(project).bearer_auth(token).send().await.unwrap()).await
        };
        let invalid = (401, String::from("INVALID_TOKEN"), String::new());
        assert_eq!(resume("portal", "nonsense").await, invalid);
        assert_eq!(resume("slow", &session.token).await, invalid, "another project's");
        let altered = format!("{}x", session.token);
        assert_eq!(resume("portal", &altered).await, invalid);
        app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({})).await;
        assert_eq!(resume("portal", &session.token).await.1, "SESSION_ENDED");
        let other = app.init("portal").await;
        app.clock.advance(8 * 86_400);
        assert_eq!(resume("portal", &other.token).await, invalid, "expired");
    }

    async fn only_allowed_origins_may_embed_an_app(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = |origin: Option<&str>| json!({"projectId": "portal", "hostOrigin": origin});
        let init = async |header: Option<&str>, host: Option<&str>| {
            let mut request = app.request(Method::POST, INIT).json(&body(host));
            if let Some(origin) = header {
                request = request.header("origin", origin);
            }
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(init(Some(ORIGIN), Some(ORIGIN)).await, 201);
        assert_eq!(init(Some("http://localhost:8080"), None).await, 201);
        assert_eq!(init(None, None).await, 201, "no browser");
        assert_eq!(init(Some("https://evil.example"), Some(ORIGIN)).await, 403);
        assert_eq!(init(Some(ORIGIN), Some("https://evil.example")).await, 403);
        assert_eq!(init(Some("null"), None).await, 403);
        assert_eq!(init(None, Some("https://evil.example")).await, 403);
    }

    async fn whoever_comes_back_in_another_language_is_told_in_that_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        assert!(session.body["aiDisclosure"].as_str().unwrap().starts_with("You are chatting with an AI"));
        let back = async |locale: Option<&str>| -> Value {
            let body = json!({"projectId": "portal", "locale": locale});
            let request = app.request(Method::POST, INIT).bearer_auth(&session.token).json(&body);
            request.send().await.unwrap().json().await.unwrap()
        };
        let told = back(Some("de-AT")).await;
        assert!(told["aiDisclosure"].as_str().unwrap().starts_with("Hier antwortet eine"), "{told}");
        assert_eq!(told["sessionId"], session.id.as_str());
        // Who says nothing goes on as before.
        assert!(back(None).await["aiDisclosure"].as_str().unwrap().starts_with("Hier antwortet eine"));
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "user_message", "messageId": "m1", "content": "My father has crushing chest pain"})).await;
        let notice = socket.next_of("notice").await;
        assert!(notice["content"].as_str().unwrap().starts_with("Das kann ein Notfall sein"), "{notice}");
    }

    async fn mistakes_are_named_by_field(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (body, code, field) in [
            ("", "INVALID_BODY", "projectId"),
            (r#"{"projectId":"portal","projectId":"slow"}"#, "INVALID_BODY", "projectId"),
            ("{", "INVALID_BODY", ""),
            (r#"["portal"]"#, "INVALID_BODY", ""),
            ("7", "INVALID_BODY", ""),
            ("{}", "INVALID_BODY", "projectId"),
            (r#"{"projectId":7}"#, "INVALID_BODY", "projectId"),
            (r#"{"projectId":" "}"#, "INVALID_BODY", "projectId"),
            (r#"{"projectId":"portal","locale":[]}"#, "INVALID_BODY", "locale"),
            (r#"{"projectId":"portal","widgetInstanceId":"a\u0000b"}"#, "INVALID_BODY", "widgetInstanceId"),
            (r#"{"projectId":"portal","userAgent":"\ud800"}"#, "INVALID_BODY", ""),
            (r#"{"projectId":"nobody"}"#, "UNKNOWN_PROJECT", ""),
            (r#"{"projectId":"nobo\u0000dy"}"#, "INVALID_BODY", "projectId"),
        ] {
            let request = app.request(Method::POST, INIT).header("content-type", "text/plain").body(body);
            let (status, got, named) = problem(request.send().await.unwrap()).await;
            assert_eq!((got.as_str(), named.as_str()), (code, field), "{body}");
            assert!(status < 500, "{body}");
        }
        let long = json!({"projectId": "portal", "pageUrl": "x".repeat(3_000)});
        let (_, _, field) = problem(app.request(Method::POST, INIT).json(&long).send().await.unwrap()).await;
        assert_eq!(field, "pageUrl");
        let huge = app.request(Method::POST, INIT).json(&json!({"projectId": "x".repeat(1_100_000)}));
        assert_eq!(problem(huge.send().await.unwrap()).await.1, "TOO_LARGE");
        let xml = app.request(Method::POST, INIT).header("content-type", "application/xml").body("<a/>");
        assert_eq!(problem(xml.send().await.unwrap()).await.1, "UNSUPPORTED_MEDIA_TYPE");
        let packed = app.request(Method::POST, INIT).header("content-encoding", "gzip").json(&json!({"projectId": "portal"}));
        assert_eq!(problem(packed.send().await.unwrap()).await.1, "UNSUPPORTED_MEDIA_TYPE");
        let get = app.request(Method::GET, INIT).send().await.unwrap();
        assert_eq!(problem(get).await.1, "METHOD_NOT_ALLOWED");
        let nowhere = app.request(Method::GET, "/v1/nowhere").send().await.unwrap();
        assert_eq!(problem(nowhere).await.1, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_and_kept_for_long() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    let response = app
        .request(Method::OPTIONS, "/v1/sessions")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["access-control-max-age"], "86400");
    assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert!(headers.get("access-control-allow-credentials").is_none());
}
