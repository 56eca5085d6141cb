//! What lets staff in is in the one answer that hands it out: in no later one, no log at any level, and nowhere in the database.

use data_encoding::BASE32_NOPAD;
use kuzushi_domain::{Clock, SystemClock};
use kuzushi_server::auth::totp;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{canary::typed, process::ServerProcess};

const EMAIL: &str = "ann@example.org";

fn texts(list: &Value) -> Vec<String> {
    serde_json::from_value(list.clone()).unwrap()
}

/// Whether the bytes hold these ones, as they are or in hexadecimal, as PostgreSQL shows them.
fn hold(content: &[u8], secret: &[u8]) -> bool {
    let in_hexadecimal = hex::encode(secret);
    [secret, in_hexadecimal.as_bytes()].into_iter().any(|form| content.windows(form.len()).any(|window| window == form))
}

on_both_engines! {
    async fn staffs_secrets_are_in_no_log_database_or_later_answer(engine: Engine) {
        let mut app = ServerProcess::start(engine).await;
        let password = typed("four words make one");
        let invitation = app.ask(&["admin", "create-operator", "--email", EMAIL, "--name", "Ann"]).trim().to_owned();
        let answer = async |path: &str, token: &str, body: Value| app.post(path, token, body).await;
        let enrolment = json!({"code": invitation, "password": password});
        let enrolled: Value = answer("/v1/admin/auth/enrolment", "", enrolment.clone()).await.json().await.unwrap();
        let weak = enrolled["token"].as_str().unwrap().to_owned();
        let begun: Value = answer("/v1/admin/auth/totp", &weak, json!({"password": password})).await.json().await.unwrap();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let phone = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        let code = totp::code(&phone, totp::step(SystemClock.now()));
        let confirmed: Value =
            answer("/v1/admin/auth/totp/confirm", &weak, json!({"totp": code})).await.json().await.unwrap();
        let recovery_codes = texts(&confirmed["recoveryCodes"]);
        let login = json!({"email": EMAIL, "password": password, "recoveryCode": recovery_codes[0]});
        let signed_in: Value = answer("/v1/admin/auth/login", "", login.clone()).await.json().await.unwrap();
        let token = signed_in["token"].as_str().unwrap().to_owned();
        let ben = json!({"email": "ben@example.org", "name": "Ben"});
        let invited: Value = answer("/v1/admin/staff", &token, ben).await.json().await.unwrap();
        let other_invitation = invited["enrolmentCode"].as_str().unwrap().to_owned();

        let mut secrets = vec![password.clone(), secret, weak, token.clone()];
        secrets.extend(recovery_codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
        // The first part of an invitation's code is whose it is.
        secrets.extend([&invitation, &other_invitation].map(|code| code["stf_".len() + 32..].to_owned()));

        let mut later = Vec::new();
        for path in ["auth/me", "staff", "audit"] {
            later.push(app.get(&format!("/v1/admin/{path}"), &token).await.text().await.unwrap());
        }
        // Mistakes are where secrets slip out.
        for (path, body) in [
            ("login", login),
            ("login", json!({"email": EMAIL, "password": password})),
            ("login", json!({"email": EMAIL, "password": password, "totp": recovery_codes[1]})),
            ("login", json!({"email": EMAIL, "password": [password]})),
            ("login", json!({"email": password, "password": password, "tenant": password})),
            ("enrolment", enrolment),
            ("enrolment", json!({"code": other_invitation, "password": [password]})),
            ("totp", json!({"password": password})),
            ("totp/remove", json!({"recoveryCode": [recovery_codes[1]]})),
            ("oidc/token", json!({"code": other_invitation, "verifier": password})),
        ] {
            let refused = answer(&format!("/v1/admin/auth/{path}"), &token, body).await;
            assert!(refused.status().is_client_error(), "{path}: {}", refused.status());
            later.push(refused.text().await.unwrap());
        }
        let change = json!({"password": "not the present one", "newPassword": password});
        let change = app.request(Method::PUT, "/v1/admin/auth/password").bearer_auth(&token).json(&change);
        later.push(change.send().await.unwrap().text().await.unwrap());
        assert!(app.stop().await.success());

        let log = std::fs::read_to_string(app.log()).unwrap();
        assert!(log.contains("/v1/admin/auth/totp/confirm"), "requests are logged");
        let content = app.database_content();
        assert!(hold(&content, b"general.example"), "the database is looked through");
        assert!(!hold(&content, &phone), "the phone's secret is not sealed");
        for secret in &secrets {
            assert!(!log.contains(secret), "the log holds `{secret}`");
            assert!(!hold(&content, secret.as_bytes()), "the database holds `{secret}`");
            for answer in &later {
                assert!(!answer.contains(secret), "{answer}");
            }
        }
    }
}
