//! A hospital's own site says who a visitor is.

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kuzushi_domain::{Clock, StaffRole};
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    canary::typed,
    server::{StartedSession, problem},
};

/// The hospital's own site, with a key of the app's.
pub struct Site {
    kid: String,
    secret: String,
}

impl Site {
    pub async fn with_key(app: &TestApp, kid: &str) -> Self {
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "/identity-keys").await;
        let made = app.post(&path, &key, json!({"kid": kid})).await;
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        assert_eq!(made["algorithm"], "HS256");
        Self { kid: kid.to_owned(), secret: made["secret"].as_str().unwrap().to_owned() }
    }

    fn says(&self, app: &TestApp, subject: &str, jti: &str) -> String {
        self.says_more(app, subject, jti, json!({}))
    }

    /// With these claims besides.
    pub fn says_more(&self, app: &TestApp, subject: &str, jti: &str, more: Value) -> String {
        let expires_at = app.clock.now() + TimeDelta::minutes(5);
        let mut claims = json!({"sub": typed(subject), "aud": "portal", "jti": jti, "exp": expires_at.timestamp(), "name": typed("Jane Doe")});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(self.secret.as_bytes())).unwrap()
    }
}

pub async fn identify(app: &TestApp, session: &StartedSession, token: &str) -> Response {
    app.post("/v1/auth/identify", &session.token, json!({"token": token, "sessionId": session.id})).await
}

on_both_engines! {
    async fn whom_the_site_names_finds_their_conversations_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let site = Site::with_key(&app, "2026-11").await;
        let (first, second) = (app.init("portal").await, app.init("portal").await);
        let known = identify(&app, &first, &site.says(&app, "patient-7", "1")).await;
        assert_eq!(known.status(), 200);
        let known: Value = known.json().await.unwrap();
        assert_eq!((&known["user"]["name"], known["user"].get("email")), (&json!(typed("Jane Doe")), None));
        let again: Value = identify(&app, &second, &site.says(&app, "patient-7", "2")).await.json().await.unwrap();
        assert_eq!(again["user"], known["user"]);
        let list = app.read("/v1/sessions", again["token"].as_str().unwrap()).await;
        assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
        // Staff see who is known by what.
        let tenant = app.tenant().await;
        let agent = app.key(StaffRole::Agent, tenant).await;
        let users = app.read(&format!("/v1/admin/tenants/{tenant}/users"), &agent).await;
        assert_eq!((&users["users"][0]["subject"], users["users"].as_array().unwrap().len()), (&json!(typed("patient-7")), 1));
    }

    async fn a_word_counts_once_on_whatever_node_and_for_nobody_elses_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let site = Site::with_key(&app, "2026-11").await;
        let session = app.init("portal").await;
        let token = site.says(&app, "patient-7", "1");
        assert_eq!(identify(&app, &session, &token).await.status(), 200);
        for node in [&app, &other_node] {
            let fresh = node.init("portal").await;
            let replayed = problem(identify(node, &fresh, &token).await).await;
            assert_eq!((replayed.0, replayed.1.as_str()), (401, "IDENTITY_REFUSED"));
        }
        let other = identify(&app, &session, &site.says(&app, "patient-8", "2")).await;
        assert_eq!(problem(other).await.1, "SOMEBODY_ELSES");
        let late = site.says(&app, "patient-7", "3");
        app.clock.advance(301);
        let refused = identify(&app, &session, &late).await.text().await.unwrap();
        assert!(refused.contains("IDENTITY_REFUSED") && refused.contains("expired"), "{refused}");
    }

    async fn keys_are_rotated_without_a_gap(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (old, new) = (Site::with_key(&app, "2026-11").await, Site::with_key(&app, "2026-12").await);
        let session = app.init("portal").await;
        for (site, jti) in [(&old, "1"), (&new, "2")] {
            assert_eq!(identify(&app, &session, &site.says(&app, "patient-7", jti)).await.status(), 200);
        }
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "/identity-keys").await;
        let list = app.get(&path, &key).await.text().await.unwrap();
        assert!(list.contains("2026-11") && !list.contains(&old.secret), "secrets are shown once: {list}");
        let taken = app.post(&path, &key, json!({"kid": "2026-11"})).await;
        assert_eq!(problem(taken).await.1, "ALREADY_EXISTS");
        for (body, field) in [
            (json!({"kid": "with space"}), "kid"),
            (json!({"kid": "weak", "publicKey": {"kty": "oct", "k": "AA"}}), "publicKey"),
        ] {
            assert_eq!(problem(app.post(&path, &key, body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        let gone = app.request(Method::DELETE, &format!("{path}/2026-11")).bearer_auth(&key).send().await.unwrap();
        assert_eq!(gone.status(), 204);
        let refused = identify(&app, &session, &old.says(&app, "patient-7", "3")).await;
        assert_eq!(problem(refused).await.1, "IDENTITY_REFUSED");
        assert_eq!(identify(&app, &session, &new.says(&app, "patient-7", "4")).await.status(), 200);
        let forged = Site { kid: "2026-12".into(), secret: old.secret };
        let refused = identify(&app, &session, &forged.says(&app, "patient-7", "5")).await;
        assert_eq!(problem(refused).await.1, "IDENTITY_REFUSED");
    }

    async fn where_an_app_wants_to_know_who_writes_nobody_else_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        app.configure(&key, json!({"features": {"identityRequired": true}})).await;
        let session = app.init("portal").await;
        assert_eq!(session.body["features"]["identityRequired"], true);
        let mut socket = app.connect(&session).await;
        socket.send(json!({"type": "user_message", "messageId": "m1", "content": "When can I visit?"})).await;
        let refused = socket.next_of("error").await;
        assert_eq!((&refused["code"], &refused["messageId"]), (&json!("NOT_ALLOWED"), &json!("m1")));
        let site = Site::with_key(&app, "2026-11").await;
        assert_eq!(identify(&app, &session, &site.says(&app, "patient-7", "1")).await.status(), 200);
        socket.say("m1", "When can I visit?").await;
        socket.until_idle().await;
    }
}
