//! Who may do what: every route of the API, asked by everybody.

use std::fmt::Write;

use kuzushi_domain::{Actor, Id, StaffRole, id};
use kuzushi_server::{conversation::close_for_closed_tenants, router};
use kuzushi_store::{
    ArticlesDigest, Change, Engine, EvaluationResult, GapTopic, NewEvaluation, Replaces, User, on_both_engines,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD};

/// `key_` and 32 digits.
const KEY_ID_LENGTH: usize = 36;

/// The committed table: which status a key of each role, and everybody else, gets from each route.
const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/snapshots/it__permissions__every_route_answers_everybody_as_the_table_says__permissions.snap",
);

/// A body that a route takes, where it takes one. A new route without a line here fails the test.
fn body(route: &str) -> Option<Value> {
    match route {
        "POST /v1/widget/session/init" => Some(json!({
            "projectId": "portal", "widgetInstanceId": "w", "pageUrl": "https://www.general.example/",
            "hostOrigin": "https://www.general.example", "userAgent": "a", "locale": "en-US",
        })),
        "POST /v1/widget/events" => Some(json!({"events": [{"kind": "load", "value": 120}]})),
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
        // It is activated further down, and later conversations have it: it takes files, as the first one does.
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/configs" => {
            Some(json!({"configData": {"features": {"fileUpload": true}}}))
        }
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/configs/{version}/activate" => Some(json!({})),
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/roll-back" => Some(json!({})),
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/split" => {
            Some(json!({"arms": [{"version": 1, "weight": 50}, {"version": 2, "weight": 50}]}))
        }
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}" => {
            Some(json!({"cases": [{"question": "Where?", "expect": {"noAnswer": true}}]}))
        }
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/required-suite" => Some(json!({"required": false})),
        // Of a suite that there is not: one evaluation at a time runs in an app.
        "POST /v1/admin/tenants/{tenantId}/apps/{appId}/evaluations" => Some(json!({"suite": "none", "version": 1})),
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
        "POST /v1/admin/tenants/{tenantId}/agreements" => Some(json!({
            "endpoint": "https://{fresh}.example/v1", "kind": "own-machines", "modalities": ["text"], "reason": "Ours",
        })),
        "POST /v1/admin/tenants/{tenantId}/agreements/{agreementId}/withdraw" => Some(json!({"reason": "It ended"})),
        "PUT /v1/admin/tenants/{tenantId}/spending-limits" => Some(json!({"tokensPerDay": 1_000_000})),
        "POST /v1/admin/tenants/{tenantId}/break-glass" => Some(json!({"reason": "A complaint"})),
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}" => {
            Some(json!({"title": "Third", "body": "Text"}))
        }
        "PATCH /v1/admin/tenants/{tenantId}/apps/{appId}/gaps/{gapId}" => Some(json!({"state": "resolved"})),
        // A string is sent as it is.
        "PUT /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}/document" => Some(json!("Text")),
        "POST /v1/admin/auth/login" => Some(json!({"email": "{fresh}@example.org", "password": "nobody's"})),
        "POST /v1/admin/auth/enrolment" => Some(json!({"code": "nobody's", "password": PASSWORD})),
        "PUT /v1/admin/auth/password" => Some(json!({"password": PASSWORD, "newPassword": "quite another one"})),
        "PUT /v1/admin/identity-provider" | "PUT /v1/admin/tenants/{tenantId}/identity-provider" => {
            Some(json!({"issuer": "https://login.example.org", "clientId": "kuzushi", "clientSecret": "s"}))
        }
        "POST /v1/admin/auth/oidc/token" => Some(json!({"code": "nobody's", "verifier": "nobody's"})),
        "POST /v1/admin/auth/totp" => Some(json!({"password": PASSWORD})),
        "POST /v1/admin/auth/totp/confirm" => Some(json!({"totp": "000000"})),
        "POST /v1/admin/auth/totp/remove" => Some(json!({"totp": "000000"})),
        "POST /v1/admin/staff" => Some(json!({"email": "{fresh}@example.org", "name": "Third"})),
        "POST /v1/admin/tenants/{tenantId}/staff" => {
            Some(json!({"email": "{fresh}@example.org", "name": "Third", "role": "editor"}))
        }
        "PATCH /v1/admin/staff/{staffId}" | "PATCH /v1/admin/tenants/{tenantId}/staff/{staffId}" => {
            Some(json!({"name": "Changed"}))
        }
        "GET /v1/admin/auth/oidc/start"
        | "GET /v1/admin/auth/oidc/callback"
        | "GET /v1/admin/identity-provider"
        | "DELETE /v1/admin/identity-provider"
        | "GET /v1/admin/tenants/{tenantId}/identity-provider"
        | "DELETE /v1/admin/tenants/{tenantId}/identity-provider"
        | "POST /v1/admin/auth/logout"
        | "GET /v1/admin/auth/me"
        | "GET /v1/admin/staff"
        | "GET /v1/admin/staff/{staffId}"
        | "DELETE /v1/admin/staff/{staffId}"
        | "POST /v1/admin/staff/{staffId}/enrolment"
        | "GET /v1/admin/tenants/{tenantId}/staff"
        | "GET /v1/admin/tenants/{tenantId}/staff/{staffId}"
        | "DELETE /v1/admin/tenants/{tenantId}/staff/{staffId}"
        | "POST /v1/admin/tenants/{tenantId}/staff/{staffId}/enrolment"
        | "GET /v1/admin/audit"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/articles"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/emergencies"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/measurements"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/gaps"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/gaps/{gapId}/questions"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}"
        | "DELETE /v1/admin/tenants/{tenantId}/apps/{appId}/articles/{slug}"
        | "GET /v1/admin/tenants/{tenantId}/audit"
        | "GET /v1/admin/tenants/{tenantId}/agreements"
        | "GET /v1/admin/tenants/{tenantId}/agreements/{agreementId}"
        | "GET /v1/admin/tenants/{tenantId}/spending-limits"
        | "GET /v1/admin/tenants/{tenantId}/usage"
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
        // Without a form: who may send files is asked before what they send.
        | "POST /v1/sessions/{sessionId}/files"
        | "GET /v1/sessions/{sessionId}/files/{fileId}"
        | "DELETE /v1/sessions/{sessionId}/files/{fileId}"
        | "GET /v1/admin/tenants/{tenantId}/conversations/{sessionId}/files/{fileId}"
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
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/suites"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}"
        | "DELETE /v1/admin/tenants/{tenantId}/apps/{appId}/suites/{suite}"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/evaluations"
        | "GET /v1/admin/tenants/{tenantId}/apps/{appId}/evaluations/{evaluationId}"
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

/// The small hospital with something to return to, and an article to remove for each caller.
struct Prepared {
    app: TestApp,
    tenant: Id<id::Tenant>,
    app_id: String,
    evaluation: String,
    gap: Id<id::Gap>,
}

impl Prepared {
    async fn new(engine: Engine, callers: &[&str]) -> Self {
        let app = TestApp::start_with(engine, |config| config.limits.logins_per_minute_per_address = 1_000).await;
        let tenant = app.tenant().await;
        let app_path = app.app_path("portal", "").await;
        let app_id = app_path.rsplit('/').next().expect("an id").to_owned();
        let operator = app.key(StaffRole::Operator, tenant).await;
        // Both take files: chance decides which of them a conversation has.
        let second = json!({"configData": {"features": {"fileUpload": true}}});
        app.post(&format!("{app_path}/configs"), &operator, second).await;
        app.post(&format!("{app_path}/configs/2/activate"), &operator, json!({})).await;
        let split = json!({"arms": [{"version": 1, "weight": 60}, {"version": 2, "weight": 40}]});
        let split = app.request(Method::PUT, &format!("{app_path}/split")).bearer_auth(&operator).json(&split);
        assert_eq!(split.send().await.expect("an answer").status(), 200);
        for caller in callers {
            let word = word(caller);
            let article = app.request(Method::PUT, &format!("{app_path}/articles/{word}")).bearer_auth(&operator);
            let article = article.json(&json!({"title": "Another", "body": "Text"})).send().await.expect("an answer");
            assert!(article.status().is_success());
        }
        for suite in callers.iter().map(|caller| word(caller)).chain(["starter"]) {
            let suite = app.request(Method::PUT, &format!("{app_path}/suites/{suite}")).bearer_auth(&operator);
            let suite = suite.json(&json!({"cases": [{"question": "Where?", "expect": {"emergency": false}}]}));
            assert!(suite.send().await.expect("an answer").status().is_success());
        }
        let scope = app.state.store.tenant(tenant).await.expect("the tenant");
        let new = NewEvaluation { version: 1, suite: "starter".into(), suite_hash: "none".into(), cases: 1 };
        let articles = ArticlesDigest::of(&[]);
        let result = EvaluationResult { passed: 1, articles, expectations: json!([]), report: b"[]".to_vec() };
        let app_key = app_id.parse().expect("an id");
        let evaluation = scope.record_evaluation(app_key, new, result, app.state.clock.now()).await;
        let evaluation = evaluation.expect("an evaluation").id.to_string();
        let session = scope.session(app.init("portal").await.id.parse().expect("an id")).await.expect("a conversation");
        let now = app.state.clock.now();
        scope.record_gap(&session, 1, GapTopic::Near(Id::generate()), now).await.expect("a gap");
        let gap = scope.gaps(session.app, None, None, 1, now).await.expect("gaps")[0].id;
        Self { app, tenant, app_id, evaluation, gap }
    }

    /// The status that a caller gets from a route.
    async fn ask(
        &self,
        method: &Method,
        template: &str,
        caller: &str,
        token: &str,
        session: &str,
        patient: &User,
    ) -> u16 {
        // Each time another one to revoke, and somebody else to delete.
        let revoked = self.app.key(StaffRole::Agent, self.tenant).await;
        let tenant = (!template.starts_with("/v1/admin/staff")).then_some(self.tenant);
        let member = self.app.invite_staff(tenant.map_or(StaffRole::Operator, |_| StaffRole::Agent), tenant).await;
        let hold = if template.contains("{holdId}") { self.app.place_hold().await } else { String::new() };
        let is_agreement = template.contains("{agreementId}");
        let agreement = if is_agreement { self.app.agree("https://models.example/v1").await } else { String::new() };
        let file = if template.contains("{fileId}") { self.app.keep_file(session).await } else { String::new() };
        let now = self.app.state.clock.now();
        // Somebody else's, for each of them to decide, until one of them does.
        let scope = self.app.state.store.tenant(self.tenant).await.expect("the tenant").by(Actor::CommandLine);
        let app_key = self.app_id.parse().expect("an id");
        let request = scope.request_change(app_key, Change::EndApproval, Replaces::default(), String::new(), now);
        let request = request.await.expect("a request").id;
        // What one of them closed is open for the next.
        self.app.state.store.installation().reopen_tenant(self.tenant, now).await.expect("an open tenant");
        close_for_closed_tenants(&self.app.state).await;
        let word = word(caller);
        let path = template
            .replace("{requestId}", &request.to_string())
            .replace("{sessionId}", session)
            .replace("{tenantId}", &self.tenant.to_string())
            .replace("{appId}", &self.app_id)
            .replace("{kid}", word)
            .replace("{suite}", if method == Method::GET { "starter" } else { word })
            .replace("{evaluationId}", &self.evaluation)
            .replace("{gapId}", &self.gap.to_string())
            .replace("{slug}", if method == Method::GET { "parking" } else { word })
            .replace("{userId}", &patient.id.to_string())
            .replace("{staffId}", &member.id.to_string())
            .replace("{keyId}", &revoked[..KEY_ID_LENGTH])
            .replace("{holdId}", &hold)
            .replace("{agreementId}", &agreement)
            .replace("{fileId}", &file)
            .replace("{version}", "1");
        let query = if template.ends_with("config-differences") { "?from=1&to=2" } else { "" };
        let request = self.app.request(method.clone(), &format!("{path}{query}"));
        let mut request = request.header("origin", crate::server::ORIGIN);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let body = body(&format!("{method} {template}"));
        if let Some(Value::String(text)) = body {
            request = request.header("content-type", "text/plain").body(text);
        } else if let Some(body) = body {
            let body = body.to_string().replace("{sessionId}", session).replace("{fresh}", word);
            request = request.header("content-type", "application/json").body(body);
        }
        request.send().await.expect("an answer").status().as_u16()
    }
}

/// What a caller's own things are called.
fn word(caller: &str) -> &str {
    caller.split(' ').next_back().unwrap_or_default()
}

on_both_engines! {
    async fn people_may_do_what_keys_of_their_role_may(engine: Engine) {
        let roles = StaffRole::ALL.map(StaffRole::as_str);
        let prepared = Prepared::new(engine, &roles).await;
        let app = &prepared.app;
        let session = app.init("portal").await;
        let mut people = Vec::new();
        for role in StaffRole::ALL {
            people.push((role.as_str(), app.add_staff(role, prepared.tenant).await));
        }
        let table = std::fs::read_to_string(TABLE).expect("the table");
        let mut own_accounts = String::new();
        for (method, template) in routes() {
            let mut answers = Vec::new();
            for (role, person) in &people {
                let is_own_account = template.starts_with("/v1/admin/auth/");
                // The routes of one's own account change or end it.
                let token = if is_own_account {
                    let person = app.add_staff(role.parse().expect("a role"), prepared.tenant).await;
                    person.token
                } else {
                    person.token.clone()
                };
                let patient = app.add_patient(None).await;
                let status = prepared.ask(&method, &template, role, &token, &session.id, &patient).await;
                answers.push(format!("{role} {status}"));
            }
            let answers = answers.join(", ");
            if template.starts_with("/v1/admin/auth/") {
                writeln!(own_accounts, "{method} {template}\n    {answers}").expect("a string grows");
            } else {
                let of_keys = table.split(&format!("\n{method} {template}\n")).nth(1).and_then(|rest| rest.lines().next());
                let of_keys = of_keys.expect("the table has every route");
                assert!(of_keys.ends_with(&format!(" {answers}")), "{method} {template}: {answers}, and keys {of_keys}");
            }
        }
        insta::assert_snapshot!("own_accounts", own_accounts);
    }

    async fn every_route_answers_everybody_as_the_table_says(engine: Engine) {
        let roles = StaffRole::ALL.map(StaffRole::as_str);
        let prepared = Prepared::new(engine, &[&["nobody", "garbage", "visitor", "patient"][..], &roles].concat()).await;
        let app = &prepared.app;
        let tenant = prepared.tenant;
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let (own, foreign) = (app.init("portal").await, app.init("portal").await);
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
        let mut table = String::new();
        for (method, template) in routes() {
            let mut line = format!("{method} {template}\n   ");
            for (caller, token) in &callers {
                // Each time another session to end.
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
                let status = prepared.ask(&method, &template, caller, &token, &session, &patient).await;
                write!(line, " {caller} {status},").expect("a string grows");
            }
            writeln!(table, "{}", line.trim_end_matches(',')).expect("a string grows");
        }
        insta::assert_snapshot!("permissions", table);
    }
}
