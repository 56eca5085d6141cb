//! The demo hospital's site.

use kuzushi_server::demo;
use kuzushi_store::on_both_engines;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::TestApp;

on_both_engines! {
    async fn its_pages_are_there_under_a_strict_policy(engine: Engine) {
        let app = TestApp::start_demo(engine).await;
        for page in ["/demo", "/demo/visiting", "/demo/appointments", "/demo/billing", "/demo/guides", "/demo/staff", "/demo/articles/visiting-hours"] {
            let response = app.request(Method::GET, page).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{page}");
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            let body = response.text().await.unwrap();
            assert!(body.contains("/widget/v1/snippet.js"), "{page} embeds the widget");
            assert!(!body.contains("{{") && !body.contains(" style="), "{page}");
            let project = if page == "/demo/staff" { "stmarys-doctor-dashboard" } else { "stmarys-patient-portal" };
            assert!(body.contains(project), "{page}");
        }
    }

    async fn what_is_not_there_has_a_page_that_says_so(engine: Engine) {
        let app = TestApp::start_demo(engine).await;
        for page in ["/demo/nothing", "/demo/articles/nothing", "/demo/..%2flayout", "/demo/assets/nothing.svg"] {
            let response = app.request(Method::GET, page).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{page}");
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{page}");
        }
    }

    async fn every_citation_leads_to_a_page(engine: Engine) {
        let app = TestApp::start_demo(engine).await;
        let guides = app.request(Method::GET, "/demo/guides").send().await.unwrap().text().await.unwrap();
        let mut articles = 0;
        for link in guides.split("href=\"").filter_map(|rest| rest.split('"').next()) {
            if link.starts_with("/demo/articles/") {
                assert_eq!(app.request(Method::GET, link).send().await.unwrap().status(), StatusCode::OK, "{link}");
                articles += 1;
            }
        }
        assert!(articles >= 30, "{articles} articles");
    }

    async fn its_patient_signs_in_with_what_the_page_says(engine: Engine) {
        let app = TestApp::start_demo(engine).await;
        for _ in 0..2 {
            demo::add_patient(&app.state).await.unwrap();
        }
        let page = app.request(Method::GET, "/demo").send().await.unwrap().text().await.unwrap();
        let said: Vec<_> = page.split("<strong>").skip(1).filter_map(|rest| rest.split("</strong>").next()).collect();
        let email = said.iter().position(|text| text.contains('@')).unwrap();
        let init = app.request(Method::POST, "/v1/widget/session/init");
        let init = init.json(&json!({"projectId": "stmarys-patient-portal"})).send().await.unwrap();
        let init: Value = init.json().await.unwrap();
        assert_eq!(init["features"]["signIn"], true);
        let login = json!({"email": said[email], "password": said[email + 1], "sessionId": init["sessionId"]});
        let signed_in = app.post("/v1/auth/login", init["token"].as_str().unwrap(), login).await;
        assert_eq!(signed_in.status(), StatusCode::OK);
    }
}
