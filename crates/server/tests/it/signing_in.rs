//! Patients sign in, find their conversations, and sign out.

use kuzushi_domain::{Phi, StaffRole};
use kuzushi_store::{NewUser, User, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    canary::typed,
    patients::{PASSWORD, SignedIn},
    server::{StartedSession, problem},
    socket::Socket,
};

/// Under which address a patient signs in.
fn address(user: &User) -> &str {
    user.email.as_ref().unwrap().expose()
}

fn ids(list: &Value) -> Vec<&str> {
    list["sessions"].as_array().unwrap().iter().map(|session| session["sessionId"].as_str().unwrap()).collect()
}

/// A socket that a patient's token opens.
async fn patients_socket(app: &TestApp, session: &StartedSession, patient: &SignedIn) -> Socket {
    app.connect(&StartedSession { token: patient.token.clone(), ..session.clone() }).await
}

async fn status(app: &TestApp, path: &str, token: &str) -> u16 {
    app.get(path, token).await.status().as_u16()
}

on_both_engines! {
    async fn what_a_patient_wrote_before_and_elsewhere_is_theirs(engine: Engine) {
        let app = TestApp::start(engine).await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let (at_home, at_work) = (app.init("portal").await, app.init("portal").await);
        let mut socket = app.connect(&at_home).await;
        socket.say("m1", "When can I visit?").await;
        socket.until_idle().await;
        let home = app.sign_in(&at_home, &jane).await;
        assert_eq!(home.body["user"], json!({
            "userId": jane.id.to_string(), "email": address(&jane), "name": typed("Jane Doe"),
        }));
        assert!(home.body["expiresAt"].is_string());
        assert_eq!(app.read("/v1/auth/me", &home.token).await, home.body["user"]);
        // What was open goes on.
        socket.say("m2", "And when not?").await;
        socket.until_idle().await;

        let work = app.sign_in(&at_work, &jane).await;
        app.init("portal").await;
        let list = app.read("/v1/sessions", &work.token).await;
        assert_eq!(ids(&list), [at_work.id.as_str(), at_home.id.as_str()]);
        assert_eq!(list["sessions"][1]["messageCount"], 4);
        let page = app.read("/v1/sessions?limit=1", &work.token).await;
        assert_eq!(ids(&page), [at_work.id.as_str()]);
        let before = page["before"].as_str().unwrap();
        assert_eq!(ids(&app.read(&format!("/v1/sessions?before={before}"), &work.token).await), [at_home.id.as_str()]);
        let path = format!("/v1/sessions/{}", at_home.id);
        let messages = app.read(&format!("{path}/messages"), &work.token).await;
        assert_eq!(messages["messages"][0]["content"], typed("When can I visit?"));
        assert_eq!(app.read(&format!("{path}/export"), &work.token).await["messages"].as_array().unwrap().len(), 4);
        patients_socket(&app, &at_home, &work).await;

        // A new conversation of somebody who is signed in is theirs from the beginning.
        let next = app.init_request("portal").bearer_auth(&work.token).send().await.unwrap();
        assert_eq!(next.status(), 201);
        let next: Value = next.json().await.unwrap();
        assert_eq!(ids(&app.read("/v1/sessions", &home.token).await)[0], next["sessionId"].as_str().unwrap());
        let ended = app.post(&format!("{path}/end"), &work.token, json!({"erase": true})).await;
        assert_eq!(ended.status(), 200);
        assert_eq!(socket.close_code().await, 4008);
    }

    async fn every_wrong_attempt_has_the_same_answer(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let without = app.add_patient(None).await;
        let disabled = app.add_patient(Some(PASSWORD)).await;
        let path = format!("/v1/admin/tenants/{}/users/{}", app.tenant().await, disabled.id);
        app.request(Method::PATCH, &path).bearer_auth(&key).json(&json!({"disabled": true})).send().await.unwrap();
        let elsewhere = app.state.store.tenant(app.add_tenant("elsewhere.example").await).await.unwrap();
        let hash = app.state.passwords.hash(Phi::from(PASSWORD)).await.unwrap();
        let john = NewUser {
            email: "john@example.org".parse().unwrap(),
            name: Phi::from("John"),
            password_hash: Some(hash),
        };
        elsewhere.create_user(john, kuzushi_domain::Clock::now(&app.clock)).await.unwrap();

        let session = app.init("portal").await;
        let mut answers = Vec::new();
        for (email, password) in [
            (address(&jane), "not her password"),
            (address(&jane), ""),
            (address(&without), PASSWORD),
            (address(&disabled), PASSWORD),
            ("nobody@example.org", PASSWORD),
            ("john@example.org", PASSWORD),
        ] {
            let answer = app.try_to_sign_in(&session, email, password).await;
            answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
        }
        assert!(answers[0].1.contains("INVALID_CREDENTIALS"), "{answers:?}");
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 401), "{answers:?}");
        assert_eq!(problem(app.try_to_sign_in(&session, "jane", PASSWORD).await).await.2, "email");
        assert_eq!(status(&app, "/v1/auth/me", &session.token).await, 401, "nobody is signed in");
    }

    async fn nobody_takes_another_conversation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (jane, john) = (app.add_patient(Some(PASSWORD)).await, app.add_patient(Some(PASSWORD)).await);
        let (own, foreign) = (app.init("portal").await, app.init("portal").await);
        let mixed = StartedSession { token: own.token.clone(), ..foreign.clone() };
        let refused = app.try_to_sign_in(&mixed, address(&jane), PASSWORD).await;
        assert_eq!(problem(refused).await.1, "NOT_FOUND");
        let without = app.request(Method::POST, "/v1/auth/login");
        let body = json!({"email": address(&jane), "password": PASSWORD, "sessionId": own.id});
        assert_eq!(problem(without.json(&body).send().await.unwrap()).await.1, "INVALID_TOKEN");

        let signed_in = app.sign_in(&own, &jane).await;
        let taken = app.try_to_sign_in(&own, address(&john), PASSWORD).await;
        assert_eq!(problem(taken).await.1, "SOMEBODY_ELSES");
        app.sign_in(&own, &jane).await;
        let path = format!("/v1/sessions/{}/messages", foreign.id);
        assert_eq!(problem(app.get(&path, &signed_in.token).await).await.1, "NOT_FOUND");
        let johns = app.sign_in(&foreign, &john).await;
        let path = format!("/v1/sessions/{}/messages", own.id);
        assert_eq!(problem(app.get(&path, &johns.token).await).await.1, "NOT_FOUND");
        let mut socket = app.open(&format!("?sessionId={}&token={}", own.id, johns.token), None).await;
        assert_eq!(socket.close_code().await, 4001);
        let from = app.request(Method::GET, "/v1/auth/me").bearer_auth(&johns.token).header("origin", "https://evil.example");
        assert_eq!(problem(from.send().await.unwrap()).await.1, "ORIGIN_NOT_ALLOWED");

        let ended = app.init("portal").await;
        app.post(&format!("/v1/sessions/{}/end", ended.id), &ended.token, json!({})).await;
        let refused = app.try_to_sign_in(&ended, address(&jane), PASSWORD).await;
        assert_eq!(problem(refused).await.1, "SESSION_ENDED");
        app.clock.advance(8 * 86_400);
        assert_eq!(status(&app, "/v1/auth/me", &johns.token).await, 401, "expired");
    }

    async fn signing_out_closes_what_was_open_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let (at_home, at_work) = (app.init("portal").await, app.init("portal").await);
        let mut anonymous = other_node.connect(&at_home).await;
        let (home, work) = (app.sign_in(&at_home, &jane).await, app.sign_in(&at_work, &jane).await);
        let mut homes = patients_socket(&app, &at_work, &home).await;
        let mut homes_elsewhere = patients_socket(&other_node, &at_home, &home).await;
        let mut works = patients_socket(&other_node, &at_home, &work).await;
        let mut at_works = app.connect(&at_work).await;

        let out = app.post("/v1/auth/logout", &home.token, json!({})).await;
        assert_eq!(out.status(), 204);
        for socket in [&mut homes, &mut homes_elsewhere, &mut anonymous] {
            assert_eq!(socket.close_code().await, 4008);
        }
        let messages = format!("/v1/sessions/{}/messages", at_home.id);
        for node in [&app, &other_node] {
            assert_eq!(status(node, "/v1/auth/me", &home.token).await, 401);
            assert_eq!(status(node, "/v1/sessions", &home.token).await, 401);
            assert_eq!(status(node, &messages, &at_home.token).await, 401, "the session's own token");
            assert_eq!(status(node, &messages, &work.token).await, 200);
            let again = node.init_request("portal").bearer_auth(&at_home.token).send().await.unwrap();
            assert_eq!(problem(again).await.1, "INVALID_TOKEN");
            let mut late = node.open(&format!("?sessionId={}&token={}", at_home.id, home.token), None).await;
            assert_eq!(late.close_code().await, 4003);
        }
        for socket in [&mut works, &mut at_works] {
            socket.say("m1", "When can I visit?").await;
            socket.until_idle().await;
        }
    }

    async fn a_patient_who_does_nothing_is_signed_out_on_every_node(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        app.configure(&key, json!({"signIn": {"idleTimeoutMinutes": 5, "absoluteTimeoutMinutes": 15}})).await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let (at_home, at_work) = (app.init("portal").await, app.init("portal").await);
        let mut before = app.connect(&at_home).await;
        let (home, work) = (app.sign_in(&at_home, &jane).await, app.sign_in(&at_work, &jane).await);
        let mut works = patients_socket(&other_node, &at_work, &work).await;
        let lasts = chrono::DateTime::parse_from_rfc3339(home.body["expiresAt"].as_str().unwrap()).unwrap();
        let left = (lasts.to_utc() - kuzushi_domain::Clock::now(&app.clock)).num_seconds();
        assert!((890..=900).contains(&left), "{left}");

        // Writing counts, on a socket that came in before the patient signed in as well; being connected does not.
        app.clock.advance(240);
        before.say("m1", "When can I visit?").await;
        before.until_idle().await;
        app.clock.advance(61);
        assert_eq!(works.close_code().await, 4008);
        assert_eq!(status(&other_node, "/v1/auth/me", &work.token).await, 401);
        let messages = format!("/v1/sessions/{}/messages", at_work.id);
        assert_eq!(status(&app, &messages, &at_work.token).await, 401, "the session's own token");

        for _ in 0..2 {
            app.clock.advance(200);
            assert_eq!(status(&app, "/v1/sessions", &home.token).await, 200, "reading counts");
        }
        app.clock.advance(200);
        assert_eq!(before.close_code().await, 4008);
        assert_eq!(status(&app, "/v1/auth/me", &home.token).await, 401);
        let path = format!("/v1/admin/tenants/{tenant}/audit?action=sign_in.timed_out");
        let events = app.read(&path, &key).await;
        let why: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| &event["details"]["because"]).collect();
        assert_eq!(why, ["expired", "idle"]);
    }

    async fn a_patient_hears_how_long_they_stay_signed_in_and_says_that_they_are_there(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        app.configure(&key, json!({"signIn": {"idleTimeoutMinutes": 5, "absoluteTimeoutMinutes": 12}})).await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let tokens = [app.init("portal").await, app.init("portal").await, app.init("portal").await];
        let [home, work, phone] = &tokens;
        let home = app.sign_in(home, &jane).await.token;
        let (work, phone) = (app.sign_in(work, &jane).await.token, app.sign_in(phone, &jane).await.token);
        let is_about = |end: &Value, left: i64, at_most: i64| {
            let near = |field: &str, wanted| (wanted - 15..=wanted).contains(&end[field].as_i64().unwrap());
            assert!(near("secondsLeft", left) && near("secondsLeftAtMost", at_most), "{left} {at_most}: {end}");
            assert_eq!(end["idleTimeoutSeconds"], 300);
        };
        is_about(&app.read("/v1/auth/login", &home).await, 300, 720);
        app.clock.advance(200);
        is_about(&app.read("/v1/auth/login", &home).await, 100, 520);
        for token in [&home, &phone] {
            let stayed = app.post("/v1/auth/stay", token, json!({})).await;
            is_about(&stayed.json().await.unwrap(), 300, 520);
        }
        is_about(&app.read("/v1/auth/login", &home).await, 300, 520);
        assert_eq!(app.post("/v1/auth/logout", &phone, json!({})).await.status(), 204);

        // Being asked about kept nobody signed in. It is said why, before the server's clean-up and after it.
        app.clock.advance(150);
        for path in ["/v1/auth/login", "/v1/auth/me", "/v1/sessions"] {
            assert_eq!(problem(app.get(path, &work).await).await, (401, "SIGNED_OUT_IDLE".into(), String::new()));
            assert_eq!(problem(app.get(path, &phone).await).await.1, "INVALID_TOKEN", "they signed out themselves");
            app.state.store.installation().time_out_logins(kuzushi_domain::Clock::now(&app.clock)).await.unwrap();
        }
        let late = app.post("/v1/auth/stay", &work, json!({})).await;
        assert_eq!(problem(late).await.1, "SIGNED_OUT_IDLE");
        is_about(&app.post("/v1/auth/stay", &home, json!({})).await.json().await.unwrap(), 300, 370);
        app.clock.advance(250);
        is_about(&app.post("/v1/auth/stay", &home, json!({})).await.json().await.unwrap(), 120, 120);
    }

    async fn being_disabled_deleted_or_given_a_password_signs_out_everywhere(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let change = |body: Value| (Method::PATCH, body);
        for (method, body) in [
            change(json!({"disabled": true})),
            change(json!({"password": "another one altogether"})),
            (Method::DELETE, json!({})),
        ] {
            let jane = app.add_patient(Some(PASSWORD)).await;
            let session = app.init("portal").await;
            let signed_in = app.sign_in(&session, &jane).await;
            let mut sockets = vec![
                patients_socket(&app, &session, &signed_in).await,
                patients_socket(&other_node, &session, &signed_in).await,
                other_node.connect(&session).await,
            ];
            let path = format!("/v1/admin/tenants/{tenant}/users/{}", jane.id);
            let done = app.request(method.clone(), &path).bearer_auth(&key).json(&body).send().await.unwrap();
            assert!(done.status().is_success(), "{method} {body}");
            for socket in &mut sockets {
                assert_eq!(socket.close_code().await, 4008, "{method} {body}");
            }
            assert_eq!(status(&other_node, "/v1/sessions", &signed_in.token).await, 401);
            let fresh = app.init("portal").await;
            let again = app.try_to_sign_in(&fresh, address(&jane), PASSWORD).await;
            assert_eq!(problem(again).await.1, "INVALID_CREDENTIALS");
        }
    }

    async fn what_a_deleted_patient_wrote_opens_for_nobody_and_is_erased_on_request(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let scope = app.state.store.tenant(tenant).await.unwrap();
        for erase in [false, true] {
            let jane = app.add_patient(Some(PASSWORD)).await;
            let session = app.init("portal").await;
            app.sign_in(&session, &jane).await;
            let path = format!("/v1/admin/tenants/{tenant}/users/{}?eraseConversations={erase}", jane.id);
            let deleted = app.request(Method::DELETE, &path).bearer_auth(&key).send().await.unwrap();
            assert_eq!(deleted.status(), 204);
            assert_eq!(status(&app, "/v1/sessions", &session.token).await, 401);
            let left = scope.session(session.id.parse().unwrap()).await.unwrap();
            assert_eq!((left.is_erased(), left.ended_at.is_some()), (erase, erase));
        }
    }

    async fn a_hash_from_elsewhere_lets_in_and_is_replaced(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Owner, tenant).await;
        let hash = bcrypt::hash("correct horse battery", 4).unwrap();
        let new = json!({"email": "jane@example.org", "name": "Jane", "passwordHash": hash});
        assert_eq!(app.post(&format!("/v1/admin/tenants/{tenant}/users"), &key, new).await.status(), 201);
        let scope = app.state.store.tenant(tenant).await.unwrap();
        let email = "jane@example.org".parse().unwrap();
        for begins_with in ["$2", "$argon2id$", "$argon2id$"] {
            let kept = scope.credentials(&email).await.unwrap().unwrap().password_hash.unwrap();
            assert!(kept.starts_with(begins_with), "{kept}");
            let session = app.init("portal").await;
            let answer = app.try_to_sign_in(&session, "JANE@example.org", "correct horse battery").await;
            assert_eq!(answer.status(), 200);
            let wrong = app.try_to_sign_in(&session, "jane@example.org", "correct horse").await;
            assert_eq!(wrong.status(), 401);
        }
    }

    async fn too_many_attempts_wait_and_lock_nobody_else_out(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.logins_per_minute_per_account = 2).await;
        let (jane, john) = (app.add_patient(Some(PASSWORD)).await, app.add_patient(Some(PASSWORD)).await);
        let session = app.init("portal").await;
        for email in [address(&jane), "nobody@example.org"] {
            for _ in 0..2 {
                assert_eq!(app.try_to_sign_in(&session, email, "wrong").await.status(), 401);
            }
            let refused = app.try_to_sign_in(&session, &email.to_uppercase(), PASSWORD).await;
            let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=30).contains(&wait), "{wait}");
            assert_eq!(problem(refused).await.1, "RATE_LIMITED");
        }
        app.sign_in(&session, &john).await;
    }
}
