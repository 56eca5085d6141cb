use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;

on_both_engines! {
    async fn a_server_that_works_is_alive_and_ready(engine: Engine) {
        let app = TestApp::start(engine).await;
        let alive: Value = app.request(Method::GET, "/healthz").send().await.unwrap().json().await.unwrap();
        assert_eq!(alive["status"], "ok");
        let ready = app.request(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.status(), 200);
        // There are no models in a test's data folder.
        let voice = if cfg!(feature = "voice") { "NO_MODELS" } else { "NOT_BUILT" };
        assert_eq!(ready.json::<Value>().await.unwrap()["checks"], json!({"database": "ok", "migrations": "ok", "stopping": "no", "voice": voice}));
    }

    async fn a_stopping_server_is_alive_and_not_ready(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.state.stopping.cancel();
        assert_eq!(app.request(Method::GET, "/healthz").send().await.unwrap().status(), 200);
        assert_eq!(app.request(Method::GET, "/readyz").send().await.unwrap().status(), 503);
    }
}

#[tokio::test]
async fn the_api_describes_itself() {
    let app = TestApp::start(kuzushi_store::Engine::Sqlite).await;
    let description: Value = app.request(Method::GET, "/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    for path in ["/v1/widget/session/init", "/v1/sessions/{sessionId}/messages"] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
    for frames in ["ClientFrame", "ServerFrame"] {
        assert!(description["components"]["schemas"][frames]["oneOf"].is_array(), "{frames}");
    }
}
