//! Who reads what patients wrote, and that it is on record.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kuzushi_domain::StaffRole;
use kuzushi_store::{on_both_engines, testing::OPERATOR_KEY};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    canary::typed,
    patients::PASSWORD,
    process::kuzushi,
    server::{StartedSession, problem},
};

const WORDS: &str = "where do I go with my ankle-canary";

/// A conversation in which a patient has written.
async fn conversation(app: &TestApp) -> StartedSession {
    let session = app.init("portal").await;
    let mut socket = app.connect(&session).await;
    socket.say("m1", WORDS).await;
    socket.until_idle().await;
    session
}

/// What is on record: action, target, reason and details of each event, newest first.
async fn on_record(app: &TestApp, query: &str) -> Vec<Value> {
    let tenant = app.tenant().await;
    let auditor = app.key(StaffRole::Auditor, tenant).await;
    let list = app.read(&format!("/v1/admin/tenants/{tenant}/audit{query}"), &auditor).await;
    assert!(!list.to_string().contains("canary"), "{list}");
    list["events"].as_array().unwrap().clone()
}

on_both_engines! {
    async fn an_agent_reads_a_conversation_and_it_is_on_record(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (tenant, session) = (app.tenant().await, conversation(&app).await);
        let agent = app.key(StaffRole::Agent, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/conversations");
        let list = app.read(&path, &agent).await;
        let listed = &list["conversations"][0];
        assert_eq!((&listed["sessionId"], &listed["messageCount"]), (&json!(session.id), &json!(2)));
        assert_eq!((&listed["verified"], &listed["erased"]), (&json!(false), &json!(false)));
        assert!(!list.to_string().contains("canary"), "{list}");
        assert_eq!(&app.read(&format!("{path}/{}", session.id), &agent).await, listed);
        let messages = app.read(&format!("{path}/{}/messages", session.id), &agent).await;
        assert_eq!(messages["messages"][0]["content"], typed(WORDS));
        let events = on_record(&app, "?action=conversation.read").await;
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["target"], &events[0]["details"]), (&json!(session.id), &json!({"from": 1, "to": 2})));
        assert_eq!((&events[0]["actor"]["role"], &events[0]["actor"]["id"]), (&json!("agent"), &json!(agent[..36])));
        assert_eq!(on_record(&app, "?action=conversations.listed").await.len(), 2);
        assert_eq!(on_record(&app, &format!("?action=conversations.listed&target={}", session.id)).await.len(), 1);
    }

    async fn others_state_a_reason_first_and_read_until_it_expires(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (tenant, session) = (app.tenant().await, conversation(&app).await);
        let messages = format!("/v1/admin/tenants/{tenant}/conversations/{}/messages", session.id);
        let glass = format!("/v1/admin/tenants/{tenant}/break-glass");
        for role in [StaffRole::Owner, StaffRole::Operator] {
            let key = app.key(role, tenant).await;
            let other = app.key(role, tenant).await;
            let refused = app.get(&messages, &key).await;
            assert_eq!(problem(refused).await.1, "REASON_REQUIRED");
            for (body, field) in [
                (json!({"reason": " "}), "reason"),
                (json!({"reason": "A complaint", "minutes": 61}), "minutes"),
                (json!({"reason": "A complaint", "minutes": 0}), "minutes"),
            ] {
                let wrong = problem(app.post(&glass, &key, body).await).await;
                assert_eq!((wrong.0, wrong.2.as_str()), (400, field));
            }
            let granted = app.post(&glass, &key, json!({"reason": "A complaint", "minutes": 5})).await;
            assert_eq!(granted.status(), 201);
            assert_eq!(app.read(&messages, &key).await["messages"][0]["content"], typed(WORDS));
            assert_eq!(problem(app.get(&messages, &other).await).await.1, "REASON_REQUIRED", "it is another's reason");
            let read = &on_record(&app, "?action=conversation.read").await[0];
            assert_eq!((&read["reason"], &read["actor"]["role"]), (&json!("A complaint"), &json!(role.as_str())));
            // The clock goes on by itself as well.
            app.clock.advance(240);
            assert_eq!(app.get(&messages, &key).await.status(), 200);
            app.clock.advance(60);
            assert_eq!(problem(app.get(&messages, &key).await).await.1, "REASON_REQUIRED");
        }
        let granted = on_record(&app, "?action=access.granted").await;
        assert_eq!(granted.len(), 2);
        assert_eq!(granted[0]["details"], json!({"minutes": 5}));
    }

    async fn what_patients_do_to_their_account_is_on_record(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (session, user) = (app.init("portal").await, app.add_patient(Some(PASSWORD)).await);
        app.try_to_sign_in(&session, "nobody-canary@example.org", "canary-canary").await;
        app.try_to_sign_in(&session, user.email.as_ref().unwrap().expose(), "canary-canary").await;
        let refused = on_record(&app, "?action=sign_in.refused").await;
        assert_eq!(refused.len(), 2, "the same for whom there is an account and for whom there is none");
        assert_ne!(refused[0]["details"]["account"], refused[1]["details"]["account"]);
        assert_eq!(refused[0]["actor"], json!({"id": session.id}));
        let signed_in = app.sign_in(&session, &user).await;
        app.get(&format!("/v1/sessions/{}/export", session.id), &signed_in.token).await;
        let exported = on_record(&app, "?action=conversation.exported").await;
        assert_eq!((&exported[0]["target"], &exported[0]["actor"]), (&json!(session.id), &json!({"id": user.id.to_string()})));
        app.post(&format!("/v1/sessions/{}/end", session.id), &signed_in.token, json!({"erase": true})).await;
        assert_eq!(on_record(&app, "?action=conversation.erased").await[0]["target"], json!(session.id));
    }

    async fn the_trail_is_paged_filtered_and_exported(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let auditor = app.key(StaffRole::Auditor, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/audit");
        for _ in 0..201 {
            app.read(&path, &auditor).await;
        }
        let newest = app.read(&format!("{path}?limit=2"), &auditor).await;
        let seqs = |list: &Value| -> Vec<i64> {
            list["events"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect()
        };
        let seen = seqs(&newest);
        assert_eq!(seen[0], seen[1] + 1);
        let older = app.read(&format!("{path}?limit=2&before={}", newest["before"].as_str().unwrap()), &auditor).await;
        assert_eq!(seqs(&older), [seen[1] - 1, seen[1] - 2]);
        for (query, field) in [("?action=canary", "action"), ("?from=canary", "from"), ("/export?format=pdf", "format")] {
            let wrong = problem(app.get(&format!("{path}{query}"), &auditor).await).await;
            assert_eq!((wrong.0, wrong.2.as_str()), (400, field));
        }
        let exported = app.get(&format!("{path}/export"), &auditor).await;
        assert_eq!(exported.headers()["content-type"], "application/jsonl");
        let lines = exported.text().await.unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let length = lines[0]["seq"].as_i64().unwrap();
        assert_eq!(lines.len() as i64, length, "every event, over more than one page");
        assert_eq!(lines[0]["action"], "audit.exported");
        let table = app.get(&format!("{path}/export?format=csv"), &auditor).await.text().await.unwrap();
        assert_eq!(table.lines().count() as i64, length + 2, "a head, and the second export");
        let operator = app.key(StaffRole::Operator, tenant).await;
        let installation = app.read("/v1/admin/audit", &operator).await;
        assert_eq!(installation["events"].as_array().unwrap().last().unwrap()["action"], "tenant.created");
    }

    async fn the_command_line_finds_what_was_changed_behind_the_servers_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        conversation(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let mut command = kuzushi(folder.path());
            command.env("DATABASE_URL", &app.database.url).env("CONTENT_KEY", STANDARD.encode(OPERATOR_KEY));
            let output = command.arg("audit").args(arguments).output().unwrap();
            (output.status.success(), String::from_utf8(output.stdout).unwrap())
        };
        let (_, noted) = run(&["checkpoint"]);
        let file = folder.path().join("noted.jsonl");
        std::fs::write(&file, noted).unwrap();
        let (whole, said) = run(&["verify", "--checkpoint", file.to_str().unwrap()]);
        assert!(whole && said.contains("compared with 2 noted ones: whole"), "{said}");
        let (_, exported) = run(&["export", "--tenant", &app.tenant().await.to_string(), "--format", "csv"]);
        assert!(exported.starts_with("seq,at,actor") && exported.contains("audit.exported"), "{exported}");
        app.database.execute("UPDATE audit_events SET actor_name = 'nobody' WHERE seq = 2").await;
        let (whole, said) = run(&["verify"]);
        assert!(!whole && said.contains("event 2 was edited"), "{said}");
    }
}
