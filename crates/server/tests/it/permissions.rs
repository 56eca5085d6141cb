//! Who may do what: every route of the API, asked by everybody.

use std::fmt::Write;

use kuzushi_domain::{Actor, StaffRole};
use kuzushi_server::{conversation::close_for_closed_tenants, router};
use kuzushi_store::{Change, Replaces, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD};

/// `key_` and 32 digits.
const KEY_ID_LENGTH: usize = 36;

/// A body that a route takes, where it takes one. A new route without a line here fails the test.
fn body(route: &str) -> Option<Value> {
    match route {
        "POST /v1/widget/session/init" => Some(json!({
            "projectId": "portal", "widgetInstanceId": "w", "pageUrl": "https://www.general.example/",
            "hostOrigin": "https://www.general.example", "userAgent": "a", "locale": "en-US",
        })),
        "POST /v1/sessions/{sessionId}/end" => Some(json!({})),
        "POST /v1/auth/login" => {
            Some(json!({"email": "nobody@example.org", "password": "nobody's", "sessionId": "{sessionId}"}))
        }
        "POST /v1/auth/identify" => Some(json!({"token": "nobody's", "sessionId": "{sessionId}"})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys" => Some(json!({"kid": "{fresh}"})),
        "POST /v1/admin/tenants" => Some(json!({"name": "Third", "domain": "third.example"})),
        "POST /v1/admin/tenants/{tenantId}/apps" => {
            Some(json!({"projectId": "third", "name": "Third", "allowedOrigins": ["https://third.example"]}))
        }
        "PATCH /v1/admin/tenants/{tenantId}/apps/{appId}" => Some(json!({"description": "changed"})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/configs" => Some(json!({"configData": {}})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}/activate" => Some(json!({})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/roll-back" => Some(json!({})),
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/split" => {
            Some(json!({"arms": [{"version": 1, "weight": 50}, {"version": 2, "weight": 50}]}))
        }
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/approval" => Some(json!({"required": false})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/approve"
        | "POST /v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/refuse"
        | "POST /v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}/withdraw"
        | "POST /v1/admin/tenants/{tenantId}/close"
        | "POST /v1/admin/tenants/{tenantId}/reopen" => Some(json!({})),
        "PATCH /v1/admin/tenants/{tenantId}" => Some(json!({"name": "General"})),
        // Of another name than the tenant has: the others still need it.
        "POST /v1/admin/tenants/{tenantId}/erase" => Some(json!({"name": "Nobody's"})),
        "POST /v1/admin/tenants/{tenantId}/keys" => Some(json!({"name": "new", "role": "agent"})),
        "POST /v1/admin/tenants/{tenantId}/users" => Some(json!({"email": "third@example.org", "name": "Third"})),
        "POST /v1/admin/tenants/{tenantId}/users/search" => Some(json!({"email": "nobody@example.org"})),
        "PATCH /v1/admin/tenants/{tenantId}/users/{userId}" => Some(json!({"name": "Changed"})),
        "POST /v1/admin/tenants/{tenantId}/holds" => {
            Some(json!({"matter": "Case 1", "reason": "A letter", "sessionId": "{sessionId}"}))
        }
        "POST /v1/admin/tenants/{tenantId}/holds/{holdId}/lift" => Some(json!({"reason": "Settled"})),
        "POST /v1/admin/tenants/{tenantId}/break-glass" => Some(json!({"reason": "A complaint"})),
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}" => {
            Some(json!({"title": "Third", "body": "Text"}))
        }
        "GET /v1/admin/audit"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/articles"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}"
        | "DELETE /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}"
        | "GET /v1/admin/tenants/{tenantId}/audit"
        | "GET /v1/admin/tenants/{tenantId}/holds"
        | "GET /v1/admin/tenants/{tenantId}/holds/{holdId}"
        | "GET /v1/admin/tenants/{tenantId}/audit/export"
        | "GET /v1/admin/tenants/{tenantId}/conversations"
        | "GET /v1/admin/tenants/{tenantId}/conversations/{sessionId}"
        | "GET /v1/admin/tenants/{tenantId}/conversations/{sessionId}/messages"
        | "POST /v1/auth/logout"
        | "GET /v1/auth/login"
        | "GET /v1/auth/me"
        | "POST /v1/auth/stay"
        | "GET /v1/sessions"
        | "GET /v1/sessions/{sessionId}/messages"
        | "GET /v1/sessions/{sessionId}/export"
        | "GET /healthz"
        | "GET /readyz"
        | "GET /v1/admin/tenants"
        | "GET /v1/admin/tenants/{tenantId}"
        | "GET /v1/admin/tenants/{tenantId}/keys"
        | "DELETE /v1/admin/tenants/{tenantId}/keys/{keyId}"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys"
        | "DELETE /v1/admin/tenants/{tenantId}/apps/{appId}/identity-keys/{kid}"
        | "GET /v1/admin/tenants/{tenantId}/users"
        | "GET /v1/admin/tenants/{tenantId}/users/{userId}"
        | "DELETE /v1/admin/tenants/{tenantId}/users/{userId}"
        | "GET /v1/admin/tenants/{tenantId}/apps"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/configs"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/config-differences"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/split"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/split/results"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/approval-requests/{requestId}"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/activations" => None,
        new => panic!("{new}: say here which body it takes, and look at the table of who may use it"),
    }
}

/// Method and path template of every route in the description of the API.
pub fn routes() -> Vec<(Method, String)> {
    let description = serde_json::to_value(router::description()).expect("JSON");
    let paths = description["paths"].as_object().expect("paths").clone();
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for method in methods.as_object().expect("methods").keys() {
            if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) {
                routes.push((method, path.clone()));
            }
        }
    }
    routes.sort_by(|one, other| (&one.1, one.0.as_str()).cmp(&(&other.1, other.0.as_str())));
    routes
}

on_both_engines! {
    async fn every_route_answers_everybody_as_the_table_says(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.logins_per_minute_per_address = 1_000).await;
        let tenant = app.tenant().await;
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let app_path = app.app_path("portal", "").await;
        let app_id = app_path.rsplit('/').next().expect("an id").to_owned();
        let (own, foreign) = (app.init("portal").await, app.init("portal").await);
        // Something to return to.
        let operator = app.key(StaffRole::Operator, tenant).await;
        app.post(&format!("{app_path}/configs"), &operator, json!({"configData": {}})).await;
        app.post(&format!("{app_path}/configs/2/activate"), &operator, json!({})).await;
        let split = json!({"arms": [{"version": 1, "weight": 60}, {"version": 2, "weight": 40}]});
        let split = app.request(Method::PUT, &format!("{app_path}/split")).bearer_auth(&operator).json(&split);
        assert_eq!(split.send().await.expect("an answer").status(), 200);

        let scope = app.state.store.tenant(tenant).await.expect("the tenant").by(Actor::CommandLine);
        let app_key = app_id.parse().expect("an id");
        let mut callers = vec![
            ("nobody", String::new()),
            ("garbage", "key_0198a6c2000070008000000000000000_secret".into()),
            ("own visitor", own.token.clone()),
            ("other visitor", foreign.token.clone()),
            ("own patient", String::new()),
            ("other patient", String::new()),
            ("other owner", app.key(StaffRole::Owner, elsewhere).await),
        ];
        for role in StaffRole::ALL {
            callers.push((role.as_str(), app.key(role, tenant).await));
        }
        // An article to remove for each of them.
        for (caller, _) in &callers {
            let word = caller.split(' ').next_back().unwrap_or_default();
            let article = app.request(Method::PUT, &format!("{app_path}/articles/{word}")).bearer_auth(&operator);
            let article = article.json(&json!({"title": "Another", "body": "Text"})).send().await.expect("an answer");
            assert!(article.status().is_success());
        }
        let mut table = String::new();
        for (method, template) in routes() {
            let route = format!("{method} {template}");
            let body = body(&route);
            let mut line = format!("{route}\n   ");
            for (caller, token) in &callers {
                // Each time another one to revoke, and another session to end.
                let revoked = app.key(StaffRole::Agent, tenant).await;
                let hold = if template.contains("{holdId}") { app.place_hold().await } else { String::new() };
                let patient = app.add_patient(caller.ends_with("patient").then_some(PASSWORD)).await;
                let mut token = token.clone();
                let mut session = own.id.clone();
                if *caller == "own visitor" {
                    let fresh = app.init("portal").await;
                    (token, session) = (fresh.token, fresh.id);
                } else if caller.ends_with("patient") {
                    let fresh = app.init("portal").await;
                    token = app.sign_in(&fresh, &patient).await.token;
                    if *caller == "own patient" {
                        session = fresh.id;
                    }
                }
                let word = caller.split(' ').next_back().unwrap_or_default();
                let now = app.state.clock.now();
                // Somebody else's, for each of them to decide, until one of them does.
                let request = scope.request_change(app_key, Change::EndApproval, Replaces::default(), String::new(), now);
                let request = request.await.expect("a request").id;
                // What one of them closed is open for the next.
                app.state.store.installation().reopen_tenant(tenant, now).await.expect("an open tenant");
                close_for_closed_tenants(&app.state).await;
                let path = template
                    .replace("{requestId}", &request.to_string())
                    .replace("{sessionId}", &session)
                    .replace("{tenantId}", &tenant.to_string())
                    .replace("{appId}", &app_id)
                    .replace("{kid}", word)
                    .replace("{slug}", if method == Method::GET { "parking" } else { word })
                    .replace("{userId}", &patient.id.to_string())
                    .replace("{keyId}", &revoked[..KEY_ID_LENGTH])
                    .replace("{holdId}", &hold)
                    .replace("{version}", "1");
                let query = if template.ends_with("config-differences") { "?from=1&to=2" } else { "" };
                let mut request = app
                    .request(method.clone(), &format!("{path}{query}"))
                    .header("origin", crate::server::ORIGIN);
                if !token.is_empty() {
                    request = request.bearer_auth(token);
                }
                if let Some(body) = &body {
                    let body = body.to_string().replace("{sessionId}", &session).replace("{fresh}", word);
                    request = request.header("content-type", "application/json").body(body);
                }
                let status = request.send().await.expect("an answer").status().as_u16();
                write!(line, " {caller} {status},").expect("a string grows");
            }
            writeln!(table, "{}", line.trim_end_matches(',')).expect("a string grows");
        }
        insta::assert_snapshot!("permissions", table);
    }
}
