//! What every answer tells browsers, and who may read it from where.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::json;

use crate::{
    app::TestApp,
    permissions::routes,
    server::{ORIGIN, problem},
};

const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

fn header<'answer>(response: &'answer Response, name: &str) -> &'answer str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("a text"))
}

/// Fails where an answer lacks what all answers say.
fn check(place: &str, response: &Response) {
    let is_page = header(response, "content-type").starts_with("text/html");
    assert_eq!(header(response, "x-content-type-options"), "nosniff", "{place}");
    assert_eq!(header(response, "referrer-policy"), "no-referrer", "{place}");
    assert_eq!(response.headers().get_all("content-security-policy").iter().count(), 1, "{place}");
    let policy = header(response, "content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{place}: {policy}");
    let resources = if is_page { "same-origin" } else { "cross-origin" };
    assert_eq!(header(response, "cross-origin-resource-policy"), resources, "{place}");
    assert_eq!(header(response, "permissions-policy").contains("camera=()"), is_page, "{place}");
    assert_eq!(header(response, "x-frame-options"), if is_page { "DENY" } else { "" }, "{place}");
    assert_eq!(header(response, "strict-transport-security"), "", "{place}: this was no TLS");
}

on_both_engines! {
    async fn every_route_says_what_browsers_have_to_know(engine: Engine) {
        let app = TestApp::start_demo(engine).await;
        let undocumented = [
            "/", "/favicon.ico", "/demo", "/demo/", "/demo/staff", "/demo/nowhere", "/demo/assets/favicon.svg",
            "/demo/articles/visiting-hours", "/widget/v1/snippet.js", "/widget/v1/nothing.js", "/widget/loader.js",
            "/openapi.json", "/config.schema.json", "/ws/chat", "/nowhere",
        ];
        let undocumented = undocumented.map(|path| (Method::GET, path.to_owned()));
        let mut pages = 0;
        for (method, path) in routes().into_iter().chain(undocumented) {
            let response = app.request(method.clone(), &path).send().await.unwrap();
            check(&format!("{method} {path}"), &response);
            pages += usize::from(header(&response, "content-type").starts_with("text/html"));
            let is_demo = path.starts_with("/demo") && !path.starts_with("/demo/assets");
            assert_eq!(header(&response, "content-security-policy") == DATA_POLICY, !is_demo && path != "/", "{path}");
        }
        assert!(pages >= 4, "{pages} pages");
        check("a wrong method", &app.request(Method::DELETE, "/healthz").send().await.unwrap());
    }

    async fn browsers_are_told_to_stay_with_tls_by_a_trusted_proxy_alone(engine: Engine) {
        let told = async |app: &TestApp| {
            let request = app.request(Method::GET, "/healthz").header("x-forwarded-proto", "https");
            header(&request.send().await.unwrap(), "strict-transport-security").to_owned()
        };
        let behind_a_proxy = TestApp::start(engine).await;
        assert_eq!(told(&behind_a_proxy).await, "max-age=63072000");
        let open = TestApp::start_with(engine, |config| config.http.trusted_proxies.clear()).await;
        assert_eq!(told(&open).await, "");
    }

    async fn pages_of_other_origins_read_what_is_for_visitors_and_nothing_of_the_administration(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let preflight = async |path: &str, method: &str| {
            let request = app.request(Method::OPTIONS, path).header("origin", ORIGIN);
            request.header("access-control-request-method", method).send().await.unwrap()
        };
        assert_eq!(header(&preflight("/v1/sessions", "GET").await, "access-control-allow-origin"), "*");
        let path = format!("/v1/admin/tenants/{tenant}/apps");
        let refused = preflight(&path, "GET").await;
        assert!(refused.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
        let read = app.request(Method::GET, &path).header("origin", ORIGIN).bearer_auth(&key).send().await.unwrap();
        assert_eq!((read.status().as_u16(), header(&read, "access-control-allow-origin")), (200, ""));

        // A page that may not embed the app can read that, and nothing else.
        let session = app.init("portal").await;
        let stranger = app.request(Method::GET, "/v1/sessions").header("origin", "https://evil.example");
        let stranger = stranger.bearer_auth(&session.token).send().await.unwrap();
        assert_eq!(header(&stranger, "access-control-allow-origin"), "*");
        assert_eq!(problem(stranger).await.1, "ORIGIN_NOT_ALLOWED");
        let stranger = app.request(Method::POST, "/v1/widget/session/init").header("origin", "https://evil.example");
        let stranger = stranger.json(&json!({"projectId": "portal"})).send().await.unwrap();
        assert_eq!(problem(stranger).await.1, "ORIGIN_NOT_ALLOWED");
    }
}
