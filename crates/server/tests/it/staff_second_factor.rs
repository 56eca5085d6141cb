//! Staff's second factors.

use data_encoding::BASE32_NOPAD;
use kuzushi_domain::{Clock, StaffRole};
use kuzushi_server::{auth::totp, config::SecondFactor};
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD, server::problem, staff::StaffAccount};

const ME: &str = "/v1/admin/auth/me";

/// A person's phone.
struct Phone(Vec<u8>);

impl Phone {
    /// What it shows on a test's clock.
    fn code(&self, app: &TestApp) -> String {
        totp::code(&self.0, totp::step(app.clock.now()))
    }
}

async fn start(engine: kuzushi_store::Engine) -> TestApp {
    TestApp::start_with(engine, |config| {
        config.staff.staff_second_factor = SecondFactor::All;
        config.limits.logins_per_minute_per_account = 1_000;
    })
    .await
}

async fn begin(app: &TestApp, token: &str) -> Phone {
    let begun = app.post("/v1/admin/auth/totp", token, json!({"password": PASSWORD})).await;
    assert_eq!(begun.status(), 200);
    let begun: Value = begun.json().await.unwrap();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["otpauthUrl"].as_str().unwrap().contains(&format!("secret={secret}&")));
    Phone(BASE32_NOPAD.decode(secret.as_bytes()).unwrap())
}

async fn confirm(app: &TestApp, token: &str, code: &str) -> Response {
    app.post("/v1/admin/auth/totp/confirm", token, json!({"totp": code})).await
}

/// Sets a second factor up; the phone, and the recovery codes.
async fn set_up(app: &TestApp, token: &str) -> (Phone, Vec<String>) {
    let phone = begin(app, token).await;
    let confirmed = confirm(app, token, &phone.code(app)).await;
    assert_eq!(confirmed.status(), 200);
    let codes: Value = confirmed.json().await.unwrap();
    // Each code counts once.
    app.clock.advance(30);
    (phone, serde_json::from_value(codes["recoveryCodes"].clone()).unwrap())
}

async fn login(app: &TestApp, account: &StaffAccount, shown: Value) -> Response {
    let mut body = json!({"email": account.email, "password": PASSWORD});
    if let Some(tenant) = account.tenant {
        body["tenant"] = json!(tenant.to_string());
    }
    for (field, value) in shown.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.request(Method::POST, "/v1/admin/auth/login").json(&body).send().await.unwrap()
}

async fn code_of(response: Response) -> String {
    problem(response).await.1
}

on_both_engines! {
    async fn a_password_alone_opens_nothing_but_setting_a_second_factor_up(engine: Engine) {
        let app = start(engine).await;
        let tenant = app.tenant().await;
        let ann = app.add_staff(StaffRole::Editor, tenant).await;
        let elsewhere = app.sign_in_staff(&ann).await;
        let articles = app.app_path("portal", "/articles").await;
        assert_eq!(problem(app.get(&articles, &ann.token).await).await, (403, "SECOND_FACTOR_REQUIRED".into(), String::new()));
        assert_eq!(app.read(ME, &ann.token).await["hasSecondFactor"], false);
        // Keys have no phone.
        let key = app.key(StaffRole::Editor, tenant).await;
        assert_eq!(app.get(&articles, &key).await.status(), 200);

        let nothing = problem(confirm(&app, &ann.token, "000000").await).await;
        assert_eq!(nothing, (400, "INVALID_BODY".into(), "totp".into()));
        let wrong = app.post("/v1/admin/auth/totp", &ann.token, json!({"password": "another password"})).await;
        assert_eq!(problem(wrong).await, (400, "INVALID_BODY".into(), "password".into()));
        let abandoned = begin(&app, &ann.token).await;
        let phone = begin(&app, &ann.token).await;
        assert_eq!(problem(confirm(&app, &ann.token, &abandoned.code(&app)).await).await.2, "totp");
        let confirmed = confirm(&app, &ann.token, &phone.code(&app)).await;
        assert_eq!(confirmed.json::<Value>().await.unwrap()["recoveryCodes"].as_array().unwrap().len(), 10);
        assert_eq!(app.get(&articles, &ann.token).await.status(), 200);
        assert_eq!(app.read(ME, &ann.token).await["hasSecondFactor"], true);
        assert_eq!(app.get(ME, &elsewhere).await.status(), 401, "signed in with a password alone");
        let again = app.post("/v1/admin/auth/totp", &ann.token, json!({"password": PASSWORD})).await;
        assert_eq!(problem(again).await.1, "ALREADY_EXISTS");

        assert_eq!(code_of(login(&app, &ann, json!({})).await).await, "TOTP_REQUIRED");
        assert_eq!(code_of(login(&app, &ann, json!({"password": "another password"})).await).await, "INVALID_CREDENTIALS");
        let used = login(&app, &ann, json!({"totp": phone.code(&app)})).await;
        assert_eq!(code_of(used).await, "CODE_REFUSED", "it confirmed the phone, and counts once");
        app.clock.advance(30);
        let signed_in: Value = login(&app, &ann, json!({"totp": phone.code(&app)})).await.json().await.unwrap();
        assert_eq!(app.get(&articles, signed_in["token"].as_str().unwrap()).await.status(), 200);
        let auditor = app.key(StaffRole::Auditor, tenant).await;
        let trail = app.read(&format!("/v1/admin/tenants/{tenant}/audit?actor={}", ann.id), &auditor).await;
        let trail: Vec<_> = trail["events"].as_array().unwrap().iter().map(|event| (&event["action"], &event["details"]["secondFactor"])).collect();
        assert_eq!(trail[0], (&json!("sign_in.done"), &json!("totp")));
        assert_eq!(trail[1].0, "second_factor.added");
    }

    async fn of_two_who_send_the_same_code_one_is_let_in(engine: Engine) {
        let app = start(engine).await;
        let other = app.start_beside().await;
        let ann = app.add_staff(StaffRole::Operator, app.tenant().await).await;
        let (phone, _) = set_up(&app, &ann.token).await;
        let code = json!({"totp": phone.code(&app)});
        let (here, there) = tokio::join!(login(&app, &ann, code.clone()), login(&other, &ann, code.clone()));
        let mut statuses = [here.status().as_u16(), there.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        assert_eq!(code_of(login(&other, &ann, code).await).await, "CODE_REFUSED");
    }

    async fn a_recovery_code_lets_in_once_and_takes_the_phone_away(engine: Engine) {
        let app = start(engine).await;
        let ann = app.add_staff(StaffRole::Auditor, app.tenant().await).await;
        let (phone, codes) = set_up(&app, &ann.token).await;
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(login(&app, &ann, json!({"recoveryCode": typed})).await.status(), 200);
        for used in [codes[0].as_str(), "aaaa-bbbb-cccc-dddd", ""] {
            assert_eq!(code_of(login(&app, &ann, json!({"recoveryCode": used})).await).await, "CODE_REFUSED");
        }
        let remove = async |body: Value| app.post("/v1/admin/auth/totp/remove", &ann.token, body).await;
        assert_eq!(code_of(remove(json!({})).await).await, "TOTP_REQUIRED");
        assert_eq!(code_of(remove(json!({"totp": "000000"})).await).await, "CODE_REFUSED");
        assert_eq!(remove(json!({"recoveryCode": codes[1]})).await.status(), 204);
        let tenants = "/v1/admin/tenants";
        assert_eq!(code_of(app.get(tenants, &ann.token).await).await, "SECOND_FACTOR_REQUIRED", "until there is another");
        assert_eq!(login(&app, &ann, json!({})).await.status(), 200);
        let (next, _) = set_up(&app, &ann.token).await;
        assert_eq!(app.get(tenants, &ann.token).await.status(), 200);
        for gone in [json!({"recoveryCode": codes[2]}), json!({"totp": phone.code(&app)})] {
            assert_eq!(code_of(login(&app, &ann, gone).await).await, "CODE_REFUSED");
        }
        assert_eq!(login(&app, &ann, json!({"totp": next.code(&app)})).await.status(), 200);
    }

    async fn whoever_guesses_at_codes_has_to_wait_ever_longer(engine: Engine) {
        let app = start(engine).await;
        let other = app.start_beside().await;
        let ann = app.add_staff(StaffRole::Owner, app.tenant().await).await;
        let (phone, codes) = set_up(&app, &ann.token).await;
        for node in [&app, &other, &app, &other, &app] {
            assert_eq!(code_of(login(node, &ann, json!({"totp": "000000"})).await).await, "CODE_REFUSED");
        }
        let right = || json!({"totp": phone.code(&app)});
        let held = login(&other, &ann, right()).await;
        let wait: i64 = held.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((50..=60).contains(&wait), "{wait}");
        assert_eq!(code_of(held).await, "RATE_LIMITED", "the right one has to wait as well");
        assert_eq!(login(&app, &ann, json!({"recoveryCode": codes[0]})).await.status(), 200, "nobody is locked out");
        assert_eq!(login(&app, &ann, right()).await.status(), 200, "who is in has shown who it was");
        for _ in 0..5 {
            login(&app, &ann, json!({"totp": "000000"})).await;
        }
        app.clock.advance(60);
        assert_eq!(code_of(login(&app, &ann, json!({"totp": "000000"})).await).await, "CODE_REFUSED");
        app.clock.advance(60);
        assert_eq!(code_of(login(&app, &ann, right()).await).await, "RATE_LIMITED", "two minutes now");
        app.clock.advance(60);
        assert_eq!(login(&app, &ann, right()).await.status(), 200);
    }

    async fn a_lost_phone_is_for_others_to_forget_and_a_new_password_does_not_get_around_it(engine: Engine) {
        let app = start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let ann = app.add_staff(StaffRole::Owner, tenant).await;
        let (phone, codes) = set_up(&app, &ann.token).await;
        let path = format!("/v1/admin/tenants/{tenant}/staff/{}", ann.id);
        let renewed: Value = app.post(&format!("{path}/enrolment"), &owner, json!({})).await.json().await.unwrap();
        let enrol = async |shown: Value| {
            let mut body = json!({"code": renewed["enrolmentCode"], "password": "quite another one"});
            body.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
            app.post("/v1/admin/auth/enrolment", "", body).await
        };
        assert_eq!(code_of(enrol(json!({})).await).await, "TOTP_REQUIRED");
        assert_eq!(code_of(enrol(json!({"totp": "000000"})).await).await, "CODE_REFUSED");
        assert_eq!(code_of(enrol(json!({"recoveryCode": "aaaa"})).await).await, "CODE_REFUSED");
        assert_eq!(app.get(ME, &ann.token).await.status(), 200, "nothing has changed");
        let enrolled: Value = enrol(json!({"totp": phone.code(&app)})).await.json().await.unwrap();
        let token = enrolled["token"].as_str().unwrap();
        assert_eq!(app.get(&path, token).await.status(), 200);

        let reset = async |token: &str| {
            let request = app.request(Method::PATCH, &path).bearer_auth(token).json(&json!({"resetSecondFactor": true}));
            request.send().await.unwrap()
        };
        assert_eq!(code_of(reset(token).await).await, "OWN_ACCOUNT", "whoever finds the browser open must not");
        assert_eq!(reset(&owner).await.status(), 200);
        assert_eq!(app.get(ME, token).await.status(), 401);
        let password = json!({"password": "quite another one"});
        let signed_in = login(&app, &ann, password.clone()).await;
        assert_eq!(signed_in.status(), 200, "with the password alone, to set up another");
        let token = signed_in.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        assert_eq!(code_of(app.get(&path, &token).await).await, "SECOND_FACTOR_REQUIRED");
        let mut gone = password;
        gone["recoveryCode"] = json!(codes[0]);
        assert_eq!(login(&app, &ann, gone).await.status(), 200, "what was shown for nothing does no harm");
    }
}
