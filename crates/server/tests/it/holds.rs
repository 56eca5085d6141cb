//! Legal holds, from outside.

use kuzushi_domain::StaffRole;
use kuzushi_server::retention::erase_what_is_due;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, patients::PASSWORD, server::problem};

async fn answer(response: reqwest::Response) -> Value {
    let status = response.status();
    assert!(status.is_success(), "{status}");
    response.json().await.unwrap()
}

on_both_engines! {
    async fn a_visitor_is_told_that_the_hospital_keeps_a_copy_for_now(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (owner, agent) = (app.key(StaffRole::Owner, tenant).await, app.key(StaffRole::Agent, tenant).await);
        let path = |rest: &str| format!("/v1/admin/tenants/{tenant}{rest}");
        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.until_idle().await;
        let hold = json!({"matter": "Case 1", "reason": "A letter", "sessionId": session.id});
        let placed = answer(app.post(&path("/holds"), &owner, hold).await).await;
        assert_eq!((&placed["sessionId"], placed.get("lifted")), (&json!(session.id), None));

        let ended = answer(app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({"erase": true})).await).await;
        assert_eq!((&ended["erased"], &ended["erasureDeferred"]), (&json!(false), &json!(true)));
        assert_eq!(socket.close_code().await, 4008);
        let messages = format!("/v1/sessions/{}/messages", session.id);
        assert_eq!(app.read(&messages, &session.token).await["messages"], json!([]));
        let by_staff = path(&format!("/conversations/{}", session.id));
        let seen = app.read(&by_staff, &agent).await;
        assert_eq!((&seen["erased"], &seen["erasureDeferred"], &seen["messageCount"]), (&json!(false), &json!(true), &json!(0)));
        assert_eq!(app.read(&format!("{by_staff}/messages"), &agent).await["messages"], json!([]), "not part of anybody's work");
        let refused = app.get(&format!("{by_staff}/messages"), &owner).await;
        assert_eq!(problem(refused).await.1, "REASON_REQUIRED");
        answer(app.post(&path("/break-glass"), &owner, json!({"reason": "Case 1"})).await).await;
        let read = app.read(&format!("{by_staff}/messages"), &owner).await;
        assert!(read["messages"][0]["content"].as_str().unwrap().starts_with("When can I visit?"));

        erase_what_is_due(&app.state).await.unwrap();
        assert_eq!(app.read(&by_staff, &agent).await["erased"], false);
        let lift = path(&format!("/holds/{}/lift", placed["holdId"].as_str().unwrap()));
        let lifted = answer(app.post(&lift, &owner, json!({"reason": "Settled"})).await).await;
        assert_eq!(lifted["lifted"]["reason"], "Settled");
        assert_eq!(problem(app.post(&lift, &owner, json!({"reason": "Settled"})).await).await, (409, "CHANGED".into(), String::new()));
        erase_what_is_due(&app.state).await.unwrap();
        assert_eq!(app.read(&by_staff, &agent).await["erased"], true);
        assert_eq!(app.read(&format!("{by_staff}/messages"), &owner).await["messages"], json!([]));
        let listed = app.read(&path("/holds?inForce=false"), &owner).await;
        assert_eq!(listed["holds"][0], lifted);
        assert_eq!(app.read(&path("/holds?inForce=true"), &owner).await["holds"], json!([]));
    }

    async fn deleting_a_held_patient_is_accepted_and_done_later(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let jane = app.add_patient(Some(PASSWORD)).await;
        let session = app.init("portal").await;
        app.sign_in(&session, &jane).await;
        let holds = format!("/v1/admin/tenants/{tenant}/holds");
        let hold = json!({"matter": "Case 1", "reason": "A letter", "userId": jane.id.to_string()});
        let placed = answer(app.post(&holds, &owner, hold).await).await;
        let path = format!("/v1/admin/tenants/{tenant}/users/{}", jane.id);
        let deleted = app.request(Method::DELETE, &format!("{path}?eraseConversations=true")).bearer_auth(&owner).send().await.unwrap();
        assert_eq!(deleted.status(), 202);
        assert_eq!(deleted.json::<Value>().await.unwrap(), json!({"account": true, "conversations": 1}));
        assert_eq!(app.get(&path, &owner).await.status(), 404);
        assert_eq!(app.get("/v1/sessions", &session.token).await.status(), 401);
        let fresh = app.init("portal").await;
        let refused = app.try_to_sign_in(&fresh, jane.email.as_ref().unwrap().expose(), PASSWORD).await;
        assert_eq!(problem(refused).await.1, "INVALID_CREDENTIALS");
        let lift = format!("{holds}/{}/lift", placed["holdId"].as_str().unwrap());
        answer(app.post(&lift, &owner, json!({"reason": "Settled"})).await).await;
        erase_what_is_due(&app.state).await.unwrap();
        let audit = format!("/v1/admin/tenants/{tenant}/audit?action=user.deleted");
        assert_eq!(app.read(&audit, &owner).await["events"][0]["target"], jane.id.to_string());
    }

    async fn a_hold_that_cannot_be_placed_says_what_is_wrong(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let owner = app.key(StaffRole::Owner, tenant).await;
        let holds = format!("/v1/admin/tenants/{tenant}/holds");
        let (session, user) = ("sess_00000000000000000000000000000000", "usr_00000000000000000000000000000000");
        for (body, field) in [
            (json!({"matter": " ", "reason": "A letter"}), "matter"),
            (json!({"matter": "Case 1", "reason": ""}), "reason"),
            (json!({"matter": "Case 1", "reason": "A letter", "sessionId": "x"}), "sessionId"),
            (json!({"matter": "Case 1", "reason": "A letter", "sessionId": session}), "sessionId"),
            (json!({"matter": "Case 1", "reason": "A letter", "userId": user}), "userId"),
            (json!({"matter": "Case 1", "reason": "A letter", "userId": user, "sessionId": session}), ""),
        ] {
            let refused = app.post(&holds, &owner, body).await;
            assert_eq!(problem(refused).await, (400, "INVALID_BODY".into(), field.into()));
        }
        assert_eq!(app.read(&holds, &owner).await["holds"], json!([]));
    }
}
