//! Staff sign in and out.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD, server::problem};

const ME: &str = "/v1/admin/auth/me";

async fn status(app: &TestApp, path: &str, token: &str) -> u16 {
    app.get(path, token).await.status().as_u16()
}

on_both_engines! {
    async fn whoever_is_invited_chooses_a_password_and_signs_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let of_tenant = format!("/v1/admin/tenants/{tenant}");
        let new = json!({"email": " Ann@General.example", "name": "Ann Editor", "role": "editor"});
        let invited: Value = app.post(&format!("{of_tenant}/staff"), &owner, new).await.json().await.unwrap();
        let code = invited["enrolmentCode"].as_str().unwrap();
        let enrol = async |code: &str, password: &str| {
            app.post("/v1/admin/auth/enrolment", "", json!({"code": code, "password": password})).await
        };
        assert_eq!(problem(enrol(code, "short").await).await, (400, "INVALID_BODY".into(), "password".into()));
        for wrong in ["", "stf_0", &code[..code.len() - 1], "stf_0198a6c2000070008000000000000000_secret"] {
            assert_eq!(problem(enrol(wrong, PASSWORD).await).await.1, "INVALID_ENROLMENT", "{wrong}");
        }
        let early = app.staff_login("ann@general.example", PASSWORD, Some("general.example")).await;
        assert_eq!(problem(early).await.1, "INVALID_CREDENTIALS", "there is no password yet");
        let enrolled: Value = enrol(code, PASSWORD).await.json().await.unwrap();
        assert_eq!(problem(enrol(code, PASSWORD).await).await.1, "INVALID_ENROLMENT", "it is good once");
        assert_eq!((&enrolled["staff"]["role"], &enrolled["staff"]["email"]), (&json!("editor"), &json!("ann@general.example")));
        assert!(enrolled["staff"].get("enrolmentExpiresAt").is_none());

        for named in ["general.example".to_owned(), tenant.to_string()] {
            let response = app.staff_login("ANN@general.example ", PASSWORD, Some(&named)).await;
            assert_eq!(response.headers()["cache-control"], "no-store");
            let signed_in: Value = response.json().await.unwrap();
            let token = signed_in["token"].as_str().unwrap();
            assert_eq!(app.read(ME, token).await, signed_in["staff"]);
            assert!(!signed_in["staff"].to_string().contains("argon2"));
            // What the role may, and no more.
            assert_eq!(status(&app, &format!("{of_tenant}/apps"), token).await, 200);
            assert_eq!(status(&app, &format!("{of_tenant}/users"), token).await, 403);
            // It is no patient's token, nor a visitor's.
            assert_eq!(status(&app, "/v1/sessions", token).await, 401);
            assert_eq!(status(&app, "/v1/auth/me", token).await, 401);
            assert_eq!(app.init_request("portal").bearer_auth(token).send().await.unwrap().status(), 401);
            let session = app.init("portal").await;
            let query = format!("?sessionId={}&token={token}", session.id);
            assert_eq!(app.open(&query, Some(crate::server::ORIGIN)).await.close_code().await, 4003);
        }
        // And theirs open nothing here.
        let patient = app.add_patient(Some(PASSWORD)).await;
        let session = app.init("portal").await;
        let patients = app.sign_in(&session, &patient).await.token;
        for token in [session.token.as_str(), &patients, "key_0198a6c2000070008000000000000000_secret", "a.b.c"] {
            assert_eq!(problem(app.get(ME, token).await).await.1, "INVALID_KEY");
        }
        assert_eq!(problem(app.get(ME, &owner).await).await, (403, "FORBIDDEN".into(), String::new()));

        let auditor = app.key(StaffRole::Auditor, tenant).await;
        let by_ann = invited["staffId"].as_str().unwrap();
        let events = app.read(&format!("{of_tenant}/audit?action=sign_in.done&actor={by_ann}"), &auditor).await;
        let events = events["events"].as_array().unwrap();
        assert_eq!(events.len(), 3);
        assert_eq!(events[0]["actor"], json!({"id": by_ann, "name": "Ann Editor", "role": "editor"}));
        assert_eq!((&events[0]["details"]["by"], &events[2]["details"]["by"]), (&json!("password"), &json!("enrolment")));
    }

    async fn nobody_learns_who_has_an_account(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.logins_per_minute_per_account = 1_000).await;
        let tenant = app.tenant().await;
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let ann = app.add_staff(StaffRole::Editor, tenant).await;
        let operator = app.add_staff(StaffRole::Operator, tenant).await;
        let disabled = app.add_staff(StaffRole::Agent, tenant).await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/staff");
        let change = app.request(Method::PATCH, &format!("{path}/{}", disabled.id)).bearer_auth(&owner);
        assert_eq!(change.json(&json!({"disabled": true})).send().await.unwrap().status(), 200);
        let invited = json!({"email": "canary-new@example.org", "name": "New", "role": "agent"});
        assert_eq!(app.post(&path, &owner, invited).await.status(), 201);

        let mut answers = Vec::new();
        for (email, password, named) in [
            (ann.email.as_str(), "another password", Some("general.example")),
            (&ann.email, PASSWORD, Some("elsewhere.example")),
            (&ann.email, PASSWORD, Some("nowhere.example")),
            (&ann.email, PASSWORD, Some("ten_0198a6c2000070008000000000000000")),
            (&ann.email, PASSWORD, None),
            (&operator.email, PASSWORD, Some("general.example")),
            (&operator.email, "another password", None),
            (&disabled.email, PASSWORD, Some("general.example")),
            ("canary-new@example.org", PASSWORD, Some("general.example")),
            ("canary-nobody@example.org", PASSWORD, Some("general.example")),
            ("canary-nobody@example.org", PASSWORD, None),
        ] {
            let response = app.staff_login(email, password, named).await;
            assert_eq!(response.status(), 401, "{email} {named:?}");
            answers.push(response.text().await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].contains("INVALID_CREDENTIALS"));
        let wrong = app.staff_login("canary-not-an-address", PASSWORD, None).await.text().await.unwrap();
        assert!(wrong.contains("email") && !wrong.contains("canary"), "{wrong}");

        // Each is on record where it was tried, and says nothing but that two were for the same address.
        let operator = app.key(StaffRole::Operator, tenant).await;
        for (path, number) in [
            (format!("/v1/admin/tenants/{tenant}/audit"), 5),
            (format!("/v1/admin/tenants/{elsewhere}/audit"), 1),
            ("/v1/admin/audit".into(), 5),
        ] {
            let events = app.read(&format!("{path}?action=sign_in.refused"), &operator).await;
            assert_eq!(events["events"].as_array().unwrap().len(), number, "{path}");
            assert!(!events.to_string().contains("canary") && !events.to_string().contains('@'), "{events}");
        }
    }

    async fn what_ends_a_sign_in_ends_it_at_once_on_every_node(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.start_beside().await;
        let tenant = app.tenant().await;
        let owner = app.add_staff(StaffRole::Owner, tenant).await;
        let ann = app.add_staff(StaffRole::Editor, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/staff/{}", ann.id);
        let change = async |body: Value| {
            let request = app.request(Method::PATCH, &path).bearer_auth(&owner.token).json(&body);
            assert_eq!(request.send().await.unwrap().status(), 200);
        };
        let articles = app.app_path("portal", "/articles").await;

        assert_eq!(status(&other, &articles, &ann.token).await, 200);
        change(json!({"role": "agent"})).await;
        assert_eq!(status(&other, &articles, &ann.token).await, 403, "the role is the present one");
        assert_eq!(other.read(ME, &ann.token).await["role"], "agent");

        let second = app.sign_in_staff(&ann).await;
        let logout = app.post("/v1/admin/auth/logout", &second, json!({})).await;
        assert_eq!(logout.status(), 204);
        assert_eq!((status(&other, ME, &second).await, status(&other, ME, &ann.token).await), (401, 200));

        let second = app.sign_in_staff(&ann).await;
        let new_password = async |present: &str, new: &str| {
            let body = json!({"password": present, "newPassword": new});
            app.request(Method::PUT, "/v1/admin/auth/password").bearer_auth(&second).json(&body).send().await.unwrap()
        };
        let wrong = problem(new_password("another password", "quite another one").await).await;
        assert_eq!(wrong, (400, "INVALID_BODY".into(), "password".into()));
        assert_eq!(problem(new_password(PASSWORD, "short").await).await.2, "newPassword");
        assert_eq!(new_password(PASSWORD, "quite another one").await.status(), 204);
        assert_eq!((status(&other, ME, &ann.token).await, status(&other, ME, &second).await), (401, 200), "but here");
        let named = Some("general.example");
        assert_eq!(app.staff_login(&ann.email, PASSWORD, named).await.status(), 401);
        assert_eq!(app.staff_login(&ann.email, "quite another one", named).await.status(), 200);

        change(json!({"disabled": true})).await;
        assert_eq!(status(&other, ME, &second).await, 401);
        change(json!({"disabled": false})).await;
        assert_eq!(status(&other, ME, &second).await, 401, "it stays ended");
        let third = app.staff_login(&ann.email, "quite another one", named).await.json::<Value>().await.unwrap();
        let third = third["token"].as_str().unwrap();
        assert_eq!(status(&other, ME, third).await, 200);
        let delete = app.request(Method::DELETE, &path).bearer_auth(&owner.token).send().await.unwrap();
        assert_eq!((delete.status().as_u16(), status(&other, ME, third).await), (204, 401));
    }

    async fn staff_who_do_nothing_are_signed_out_and_all_are_in_the_end(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let ann = app.add_staff(StaffRole::Auditor, tenant).await;
        app.clock.advance(29 * 60);
        assert_eq!(status(&app, ME, &ann.token).await, 200);
        app.clock.advance(29 * 60);
        assert_eq!(status(&app, ME, &ann.token).await, 200, "it was in use");
        app.clock.advance(30 * 60);
        assert_eq!(status(&app, ME, &ann.token).await, 401);
        let token = app.sign_in_staff(&ann).await;
        for _ in 0..24 {
            assert_eq!(status(&app, ME, &token).await, 200);
            app.clock.advance(29 * 60);
        }
        assert_eq!(status(&app, ME, &token).await, 200, "11 hours and 36 minutes");
        app.clock.advance(24 * 60);
        assert_eq!(status(&app, ME, &token).await, 401);
        // The server notes it by itself.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let auditor = app.key(StaffRole::Auditor, tenant).await;
        let events = app.read(&format!("/v1/admin/tenants/{tenant}/audit?action=sign_in.timed_out"), &auditor).await;
        let why: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| &event["details"]["because"]).collect();
        assert_eq!(why, ["expired", "idle"]);
    }

    async fn whoever_guesses_at_an_account_has_to_wait(engine: Engine) {
        let app = TestApp::start_with(engine, |config| config.limits.logins_per_minute_per_account = 2).await;
        let tenant = app.tenant().await;
        let ann = app.add_staff(StaffRole::Editor, tenant).await;
        let guess = async |email: &str| app.staff_login(email, "another password", Some("general.example")).await;
        for email in [ann.email.as_str(), "nobody@example.org"] {
            assert_eq!((guess(email).await.status(), guess(email).await.status()), (401.try_into().unwrap(), 401.try_into().unwrap()));
            let third = guess(email).await;
            assert!(third.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 30);
            assert_eq!(problem(third).await.1, "RATE_LIMITED");
        }
        assert_eq!(status(&app, ME, &ann.token).await, 200, "nobody is locked out who is in");
    }
}
