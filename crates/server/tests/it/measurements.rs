//! What the widget measures of itself.

use kuzushi_domain::StaffRole;
use kuzushi_server::retention::erase_what_is_due;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    server::{ORIGIN, StartedSession, problem},
};

impl TestApp {
    /// As a page sends it that is being left: with the token in the body, and no header of its own.
    async fn measure(&self, session: &StartedSession, events: Value) -> u16 {
        let body = json!({"token": session.token, "events": events}).to_string();
        let request = self.request(Method::POST, "/v1/widget/events").header("origin", ORIGIN);
        request.header("content-type", "text/plain;charset=UTF-8").body(body).send().await.unwrap().status().as_u16()
    }

    async fn measurements(&self, query: &str) -> Value {
        let editor = self.key(StaffRole::Editor, self.tenant().await).await;
        let path = self.app_path("portal", &format!("/measurements{query}")).await;
        self.read(&path, &editor).await["measurements"].clone()
    }
}

on_both_engines! {
    async fn measurements_are_counted_in_ranges_and_lead_to_nobody(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        assert_eq!(session.body["measuredPercent"], 10);
        assert_eq!(app.measurements("").await, json!([]));
        let events = json!([
            {"kind": "load", "value": 40}, {"kind": "load", "value": 60}, {"kind": "load", "value": 9_000},
            {"kind": "open", "value": 100}, {"kind": "reconnects", "value": 0}, {"kind": "call", "value": 61},
            {"kind": "error", "code": "AI_TIMEOUT"}, {"kind": "error", "code": "OTHER"},
        ]);
        assert_eq!(app.measure(&session, events).await, 204);
        let again = app.init("portal").await;
        assert_eq!(app.measure(&again, json!([{"kind": "load", "value": 50}])).await, 204);
        let range = |range: &str, times: u32| json!({"range": range, "times": times});
        let expected = json!([
            {"kind": "load", "times": 4, "medianAtMost": 50, "ranges": [range("50", 2), range("100", 1), range("more", 1)]},
            {"kind": "open", "times": 1, "medianAtMost": 100, "p95AtMost": 100, "ranges": [range("100", 1)]},
            {"kind": "reconnects", "times": 1, "medianAtMost": 0, "p95AtMost": 0, "ranges": [range("0", 1)]},
            {"kind": "call", "times": 1, "medianAtMost": 120, "p95AtMost": 120, "ranges": [range("120", 1)]},
            {"kind": "error", "times": 2, "ranges": [range("AI_TIMEOUT", 1), range("OTHER", 1)]},
        ]);
        assert_eq!(app.measurements("").await, expected);
        assert_eq!(app.measurements("?from=2020-01-01&until=2020-01-31").await, json!([]));
        app.clock.advance(401 * 86_400);
        erase_what_is_due(&app.state).await.unwrap();
        assert_eq!(app.measurements("?from=2020-01-01").await, json!([]));
    }

    async fn whatever_is_no_measurement_is_refused_and_nothing_of_it_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let good = json!({"kind": "load", "value": 40});
        for (events, field) in [
            (json!([good, {"kind": "mood", "value": 1}]), "events[1].kind"),
            (json!([good, {"kind": "load"}]), "events[1].value"),
            (json!([good, {"kind": "load", "value": 86_400_001}]), "events[1].value"),
            (json!([good, {"kind": "load", "value": 40, "code": "OTHER"}]), "events[1].code"),
            (json!([{"kind": "error", "value": 1, "code": "OTHER"}]), "events[0].value"),
            (json!([{"kind": "error"}]), "events[0].code"),
            (json!([{"kind": "error", "code": "my knee hurts"}]), "events[0].code"),
            (json!([{"kind": "load", "value": 1, "text": "my knee hurts"}]), "events[0]"),
            (json!([{"kind": "load", "value": -1}]), "events[0].value"),
            (json!(vec![good.clone(); 33]), "events"),
        ] {
            let body = json!({"token": session.token, "events": events});
            let request = app.request(Method::POST, "/v1/widget/events").json(&body);
            let (status, code, named) = problem(request.send().await.unwrap()).await;
            assert_eq!((status, code.as_str()), (400, "INVALID_BODY"), "{field}");
            assert!(named.starts_with(field), "{field}: {named}");
        }
        let nobody = app.request(Method::POST, "/v1/widget/events").json(&json!({"events": []}));
        assert_eq!(problem(nobody.send().await.unwrap()).await.1, "INVALID_TOKEN");
        let elsewhere = app.request(Method::POST, "/v1/widget/events").header("origin", "https://elsewhere.example");
        let elsewhere = elsewhere.json(&json!({"token": session.token, "events": [good]}));
        assert_eq!(problem(elsewhere.send().await.unwrap()).await.1, "ORIGIN_NOT_ALLOWED");
        assert_eq!(app.measurements("").await, json!([]));
    }

    async fn who_asks_not_to_be_tracked_is_not_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let session = app.init("portal").await;
        let events = json!([{"kind": "load", "value": 40}]);
        for header in ["dnt", "sec-gpc"] {
            let request = app.request(Method::POST, "/v1/widget/events").header(header, "1");
            let request = request.json(&json!({"token": session.token, "events": events}));
            assert_eq!(request.send().await.unwrap().status(), 204);
        }
        assert_eq!(app.measurements("").await, json!([]));
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        app.configure(&key, json!({"measurements": {"enabled": false}})).await;
        let session = app.init("portal").await;
        assert_eq!(session.body.get("measuredPercent"), None);
        assert_eq!(app.measure(&session, events).await, 204);
        assert_eq!(app.measurements("").await, json!([]));
    }
}
