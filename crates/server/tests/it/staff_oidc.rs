//! Staff sign in with the hospital's own provider: a real one, with forms and cookies of its own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kuzushi_domain::{Id, StaffRole, id};
use kuzushi_server::auth::oidc;
use kuzushi_store::on_both_engines;
use reqwest::{Client, Method, Response, Url, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    identity_provider::{Browser, CLIENT_ID, CLIENT_SECRET, TestProvider, location},
    server::problem,
};

const BASE: &str = "https://assistant.general.example";
const CALLBACK: &str = "https://assistant.general.example/v1/admin/auth/oidc/callback";
const VERIFIER: &str = "what the page made up before it began, and keeps";

/// What stands in the query of an address.
type Pairs = Vec<(String, String)>;

struct Fixture {
    app: TestApp,
    provider: TestProvider,
    tenant: Id<id::Tenant>,
    operator: String,
    /// Follows nothing, as a test wants to see where it is sent.
    http: Client,
}

impl Fixture {
    async fn new(engine: kuzushi_store::Engine) -> Self {
        let app = TestApp::start_with(engine, |config| config.http.api_base_url = Some(BASE.into())).await;
        let provider = TestProvider::start(CALLBACK);
        let tenant = app.tenant().await;
        let operator = app.key(StaffRole::Operator, tenant).await;
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let fixture = Self { app, provider, tenant, operator, http };
        let set = fixture.set_provider(&fixture.of_tenant("/identity-provider"), &fixture.provider.issuer).await;
        assert_eq!(set.status(), 200);
        fixture
    }

    fn of_tenant(&self, rest: &str) -> String {
        format!("/v1/admin/tenants/{}{rest}", self.tenant)
    }

    async fn set_provider(&self, path: &str, issuer: &str) -> Response {
        let body = json!({"issuer": issuer, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
        self.app.request(Method::PUT, path).bearer_auth(&self.operator).json(&body).send().await.unwrap()
    }

    async fn get(&self, path_and_query: &str) -> Response {
        self.http.get(format!("http://{}{path_and_query}", self.app.address)).send().await.unwrap()
    }

    async fn try_to_start(&self, tenant: Option<&str>) -> Response {
        let challenge = URL_SAFE_NO_PAD.encode(oidc::hash(VERIFIER));
        let tenant = tenant.map(|tenant| format!("&tenant={tenant}")).unwrap_or_default();
        self.get(&format!("/v1/admin/auth/oidc/start?challenge={challenge}{tenant}")).await
    }

    /// Where a sign-in to the small hospital begins at the provider.
    async fn start(&self) -> String {
        let started = self.try_to_start(Some("general.example")).await;
        assert_eq!(started.status(), 303);
        location(&started).unwrap()
    }

    /// What the server says to what the provider sent back.
    async fn come_back(&self, at: &Url) -> Response {
        assert_eq!(at.as_str().split('?').next(), Some(CALLBACK));
        self.get(&format!("{}?{}", at.path(), at.query().unwrap())).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Response {
        let body = json!({"code": code, "verifier": verifier});
        self.app.request(Method::POST, "/v1/admin/auth/oidc/token").json(&body).send().await.unwrap()
    }

    async fn sign_in(&self, email: &str) -> Response {
        let back = Browser::default().sign_in(&self.start().await, email).await;
        self.come_back(&back).await
    }

    async fn invite(&self, email: &str) -> String {
        let body = json!({"email": email, "name": "Ann", "role": "editor"});
        let invited = self.app.post(&self.of_tenant("/staff"), &self.operator, body).await;
        invited.json::<Value>().await.unwrap()["staffId"].as_str().unwrap().to_owned()
    }
}

/// The code in the address of the console.
fn console_code(answer: &Response) -> String {
    assert_eq!(answer.status(), 303);
    let target = location(answer).unwrap();
    target.strip_prefix(&format!("{BASE}/admin#code=")).expect("the console").to_owned()
}

async fn refused(answer: Response) {
    assert_eq!(problem(answer).await, (401, "OIDC_REFUSED".into(), String::new()));
}

on_both_engines! {
    async fn whoever_was_invited_signs_in_with_the_hospitals_provider(engine: Engine) {
        let fixture = Fixture::new(engine).await;
        let id = fixture.invite("Ann@General.example").await;
        let answer = fixture.sign_in("ann@general.example").await;
        let code = console_code(&answer);
        let signed_in: Value = fixture.redeem(&code, VERIFIER).await.json().await.unwrap();
        assert_eq!((&signed_in["staff"]["staffId"], &signed_in["staff"]["hasProvider"]), (&json!(id), &json!(true)));
        let token = signed_in["token"].as_str().unwrap();
        let articles = fixture.app.app_path("portal", "/articles").await;
        assert_eq!(fixture.app.get(&articles, token).await.status(), 200);
        refused(fixture.redeem(&code, VERIFIER).await).await;

        // Known by what the provider calls them from now on, on another node as well.
        let other = fixture.app.start_beside().await;
        let again = console_code(&fixture.sign_in("ann@general.example").await);
        let body = json!({"code": again, "verifier": VERIFIER});
        assert_eq!(other.post("/v1/admin/auth/oidc/token", "", body).await.status(), 200);
        let trail = fixture.app.read(&fixture.of_tenant(&format!("/audit?actor={id}")), &fixture.operator).await;
        let trail: Vec<_> = trail["events"].as_array().unwrap().iter().map(|event| (event["action"].as_str().unwrap(), event["details"]["by"].as_str())).collect();
        let signed_in = ("sign_in.done", Some("identity provider"));
        assert_eq!(trail, [signed_in, signed_in, ("staff.linked", None)]);

        // Being disabled ends it, and nobody gets in again.
        let path = fixture.of_tenant(&format!("/staff/{id}"));
        let disable = fixture.app.request(Method::PATCH, &path).bearer_auth(&fixture.operator).json(&json!({"disabled": true}));
        assert_eq!(disable.send().await.unwrap().status(), 200);
        assert_eq!(fixture.app.get(&articles, token).await.status(), 401);
        refused(fixture.sign_in("ann@general.example").await).await;
    }

    async fn nobody_is_let_in_unseen(engine: Engine) {
        let fixture = Fixture::new(engine).await;
        let elsewhere = fixture.app.add_tenant("elsewhere.example").await;
        let path = format!("/v1/admin/tenants/{elsewhere}/staff");
        let other = json!({"email": "bob@elsewhere.example", "name": "Bob", "role": "owner"});
        assert_eq!(fixture.app.post(&path, &fixture.operator, other).await.status(), 201);
        fixture.invite("unverified@general.example").await;
        for email in ["nobody@general.example", "bob@elsewhere.example", "unverified@general.example"] {
            refused(fixture.sign_in(email).await).await;
        }
        let staff = fixture.app.read(&fixture.of_tenant("/staff"), &fixture.operator).await;
        assert_eq!(staff["staff"].as_array().unwrap().len(), 1, "nobody was added");
        assert_eq!(staff["staff"][0]["hasProvider"], false);
        let trail = fixture.app.read(&fixture.of_tenant("/audit?action=sign_in.refused"), &fixture.operator).await;
        assert_eq!(trail["events"].as_array().unwrap().len(), 3);
        assert!(!trail.to_string().contains('@'), "{trail}");

        // Operators have a provider of their own, or none.
        assert_eq!(problem(fixture.try_to_start(None).await).await.1, "NO_IDENTITY_PROVIDER");
        for unknown in ["elsewhere.example", "nowhere.example"] {
            assert_eq!(problem(fixture.try_to_start(Some(unknown)).await).await.1, "NO_IDENTITY_PROVIDER");
        }
        let set = fixture.set_provider("/v1/admin/identity-provider", &fixture.provider.issuer).await;
        assert_eq!(set.status(), 200);
        let body = json!({"email": "olga@example.org", "name": "Olga"});
        assert_eq!(fixture.app.post("/v1/admin/staff", &fixture.operator, body).await.status(), 201);
        let started = location(&fixture.try_to_start(None).await).unwrap();
        let back = Browser::default().sign_in(&started, "olga@example.org").await;
        let code = console_code(&fixture.come_back(&back).await);
        let signed_in: Value = fixture.redeem(&code, VERIFIER).await.json().await.unwrap();
        assert_eq!(signed_in["staff"]["role"], "operator");
    }

    async fn what_was_not_meant_for_this_sign_in_is_refused(engine: Engine) {
        let fixture = Fixture::new(engine).await;
        fixture.invite("ann@general.example").await;
        let come_back_with = async |change: &dyn Fn(&mut Pairs)| {
            let back = Browser::default().sign_in(&fixture.start().await, "ann@general.example").await;
            let mut pairs: Pairs = back.query_pairs().into_owned().collect();
            change(&mut pairs);
            let mut changed = back.clone();
            changed.query_pairs_mut().clear().extend_pairs(&pairs);
            (fixture.come_back(&changed).await, back)
        };
        let set = |pairs: &mut Pairs, name: &str, value: &str| {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name.into(), value.into()));
        };
        // A state that nobody began with, or none.
        refused(come_back_with(&|pairs| set(pairs, "state", "another")).await.0).await;
        refused(come_back_with(&|pairs| pairs.retain(|(name, _)| name != "state")).await.0).await;
        // Another provider's answer, or a refusal.
        refused(come_back_with(&|pairs| set(pairs, "iss", "https://elsewhere.example")).await.0).await;
        refused(come_back_with(&|pairs| set(pairs, "error", "access_denied")).await.0).await;
        refused(come_back_with(&|pairs| set(pairs, "code", "another")).await.0).await;

        // An answer is good once, and its code not for another sign-in.
        let (answer, back) = come_back_with(&|_| {}).await;
        let code = console_code(&answer);
        refused(fixture.come_back(&back).await).await;
        let stolen = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        refused(come_back_with(&|pairs| set(pairs, "code", &stolen)).await.0).await;
        // Of two who signed in at the same time, neither comes back as the other: PKCE ties the code to who began.
        let (one, two) = (fixture.start().await, fixture.start().await);
        let one = Browser::default().sign_in(&one, "ann@general.example").await;
        let two = Browser::default().sign_in(&two, "ann@general.example").await;
        let mut mixed = one.clone();
        let code_of_two = two.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let mut pairs: Vec<(String, String)> = one.query_pairs().into_owned().collect();
        set(&mut pairs, "code", &code_of_two);
        mixed.query_pairs_mut().clear().extend_pairs(&pairs);
        refused(fixture.come_back(&mixed).await).await;

        // An ID token with another nonce was made for another sign-in.
        let mut start: Url = fixture.start().await.parse().unwrap();
        let mut pairs: Vec<(String, String)> = start.query_pairs().into_owned().collect();
        set(&mut pairs, "nonce", "another");
        start.query_pairs_mut().clear().extend_pairs(&pairs);
        let back = Browser::default().sign_in(start.as_str(), "ann@general.example").await;
        refused(fixture.come_back(&back).await).await;

        // The code for the console is good in the browser that began only, and for a minute.
        refused(fixture.redeem(&code, "another page's").await).await;
        refused(fixture.redeem(&code, VERIFIER).await).await;
        let code = console_code(&fixture.sign_in("ann@general.example").await);
        fixture.app.clock.advance(60);
        refused(fixture.redeem(&code, VERIFIER).await).await;
        // And whoever takes too long at the provider begins again.
        let start = fixture.start().await;
        fixture.app.clock.advance(600);
        refused(fixture.come_back(&Browser::default().sign_in(&start, "ann@general.example").await).await).await;
    }

    async fn a_provider_that_is_away_or_mistaken_is_said_to_be(engine: Engine) {
        let fixture = Fixture::new(engine).await;
        fixture.invite("ann@general.example").await;
        let path = fixture.of_tenant("/identity-provider");
        let back = Browser::default().sign_in(&fixture.start().await, "ann@general.example").await;
        // Nobody listens there; and this is somebody else's server, whose answers make no sense.
        for issuer in ["http://127.0.0.1:1", &format!("http://{}", fixture.app.address)] {
            assert_eq!(fixture.set_provider(&path, issuer).await.status(), 200);
            let answer = fixture.try_to_start(Some("general.example")).await;
            assert_eq!(problem(answer).await, (502, "PROVIDER_UNAVAILABLE".into(), String::new()));
        }
        assert_eq!(fixture.set_provider(&path, "http://127.0.0.1:1").await.status(), 200);
        // It goes away while somebody is there. What it answers names the issuer that it was.
        let mut without_issuer = back.clone();
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        without_issuer.query_pairs_mut().clear().extend_pairs(&pairs);
        assert_eq!(problem(fixture.come_back(&without_issuer).await).await.0, 502);

        // A wrong secret is the provider's to refuse.
        let body = json!({"issuer": fixture.provider.issuer, "clientId": CLIENT_ID, "clientSecret": "another"});
        let put = fixture.app.request(Method::PUT, &path).bearer_auth(&fixture.operator).json(&body);
        assert_eq!(put.send().await.unwrap().status(), 200);
        refused(fixture.sign_in("ann@general.example").await).await;
    }

    async fn a_provider_is_set_read_and_removed_and_its_secret_never_shown(engine: Engine) {
        let fixture = Fixture::new(engine).await;
        let path = fixture.of_tenant("/identity-provider");
        let owner = fixture.app.key(StaffRole::Owner, fixture.tenant).await;
        let known = fixture.app.read(&path, &owner).await;
        assert_eq!((&known["clientId"], &known["version"]), (&json!(CLIENT_ID), &json!(1)));
        assert!(!known.to_string().contains("odd"), "{known}");
        let put = async |key: &str, body: Value, tag: &str| {
            let request = fixture.app.request(Method::PUT, &path).bearer_auth(key).header("if-match", tag);
            request.json(&body).send().await.unwrap()
        };
        let issuer = &fixture.provider.issuer;
        let same = json!({"issuer": issuer, "clientId": CLIENT_ID});
        assert_eq!(problem(put(&owner, same.clone(), "*").await).await.0, 403, "the server asks that address");
        assert_eq!(problem(put(&fixture.operator, same.clone(), "\"2\"").await).await.1, "CHANGED");
        let kept = put(&fixture.operator, same, "\"1\"").await;
        assert_eq!(kept.json::<Value>().await.unwrap()["version"], 2);
        fixture.invite("ann@general.example").await;
        console_code(&fixture.sign_in("ann@general.example").await);
        for (body, field) in [
            (json!({"issuer": "https://another.example", "clientId": CLIENT_ID}), "clientSecret"),
            (json!({"issuer": "http://another.example", "clientId": CLIENT_ID, "clientSecret": "s"}), "issuer"),
            (json!({"issuer": "another", "clientId": CLIENT_ID, "clientSecret": "s"}), "issuer"),
            (json!({"issuer": issuer, "clientId": " "}), "clientId"),
        ] {
            assert_eq!(problem(put(&fixture.operator, body, "*").await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        let challenge = fixture.get("/v1/admin/auth/oidc/start?challenge=short").await;
        assert_eq!(problem(challenge).await, (400, "INVALID_QUERY".into(), "challenge".into()));
        let remove = fixture.app.request(Method::DELETE, &path).bearer_auth(&fixture.operator).send().await.unwrap();
        assert_eq!(remove.status(), 204);
        assert_eq!(fixture.app.get(&path, &owner).await.status(), 404);
        assert_eq!(problem(fixture.try_to_start(Some("general.example")).await).await.0, 404);
    }
}
