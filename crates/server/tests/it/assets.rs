//! The widget's files, as the build left them.

use kuzushi_store::Engine;
use reqwest::{Method, StatusCode};

use crate::{app::TestApp, server::problem};

async fn file(app: &TestApp, path: &str, accept_encoding: &str) -> reqwest::Response {
    app.request(Method::GET, path).header("accept-encoding", accept_encoding).send().await.unwrap()
}

#[tokio::test]
async fn fixed_names_are_kept_for_minutes_and_come_compressed() {
    let app = TestApp::start(Engine::Sqlite).await;
    for path in ["/widget/v1/snippet.js", "/widget/v1/loader.js", "/widget/loader.js"] {
        for (accepted, coding) in [("gzip, deflate, br", Some("br")), ("gzip", Some("gzip")), ("br;q=0", None)] {
            let response = file(&app, path, accepted).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let headers = response.headers();
            assert_eq!(headers.get("content-encoding").map(|value| value.to_str().unwrap()), coding, "{path}");
            assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
            assert!(headers["cache-control"].to_str().unwrap().contains("max-age=300"), "{path}");
            assert_eq!(headers["vary"], "accept-encoding");
            assert_eq!(headers["access-control-allow-origin"], "*");
            assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
            assert_eq!(headers["x-content-type-options"], "nosniff");
        }
    }
}

#[tokio::test]
async fn a_file_the_browser_has_is_not_sent_again() {
    let app = TestApp::start(Engine::Sqlite).await;
    let first = file(&app, "/widget/v1/loader.js", "br").await;
    let tag = first.headers()["etag"].clone();
    let again = app
        .request(Method::GET, "/widget/v1/loader.js")
        .header("accept-encoding", "br")
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["etag"], tag);
    let other_coding = file(&app, "/widget/v1/loader.js", "gzip").await;
    assert_ne!(other_coding.headers()["etag"], tag);
}

#[tokio::test]
async fn what_the_loader_names_is_kept_for_ever() {
    let app = TestApp::start(Engine::Sqlite).await;
    let loader = file(&app, "/widget/v1/loader.js", "identity").await.text().await.unwrap();
    let start = loader.find("widget-").expect("the loader names the widget");
    let name: String = loader[start..].chars().take_while(|character| !"\"'`".contains(*character)).collect();
    let response = file(&app, &format!("/widget/v1/{name}"), "br").await;
    assert_eq!(response.status(), StatusCode::OK, "{name}");
    assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn nothing_else_is_served() {
    let app = TestApp::start(Engine::Sqlite).await;
    for path in [
        "/widget/v1/nothing.js",
        "/widget/v1/loader.js.br",
        "/widget/v1/..%2f..%2fCargo.toml",
        "/widget/v1/%2e%2e/%2e%2e/Cargo.toml",
        "/widget/v1/",
        "/widget/v2/loader.js",
        "/demo",
    ] {
        assert_eq!(problem(file(&app, path, "br").await).await.1, "NOT_FOUND", "{path}");
    }
}
