//! What patients ask about and no article covers, as staff see it.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    canary::typed,
    server::problem,
    socket::{Socket, streamed},
};

async fn ask(socket: &mut Socket, name: &str, question: &str) -> String {
    socket.say(name, question).await;
    streamed(&socket.until_idle().await)
}

/// The gaps as this key sees them, once there are so many questions in them: they are noted after the answer.
async fn gaps(app: &TestApp, path: &str, key: &str, questions: u64) -> Vec<Value> {
    for _ in 0..100 {
        let list = app.read(path, key).await;
        let gaps = list["gaps"].as_array().expect("a list").clone();
        if gaps.iter().filter_map(|gap| gap["questions"].as_u64()).sum::<u64>() == questions {
            return gaps;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never {questions} questions");
}

on_both_engines! {
    async fn a_question_that_nothing_covers_is_listed_without_words_until_it_is_resolved_or_erased(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let editor = app.key(StaffRole::Editor, tenant).await;
        let path = app.app_path("portal", "/gaps").await;
        let (one, two) = (app.init("portal").await, app.init("portal").await);
        let (mut here, mut there) = (app.connect(&one).await, app.connect(&two).await);
        assert!(ask(&mut here, "m1", "When can I visit?").await.contains("isit"));
        assert!(gaps(&app, &path, &editor, 0).await.is_empty(), "it was answered");
        assert!(ask(&mut here, "m2", "Do you have zumba lessons?").await.contains("I don't know"));
        assert!(ask(&mut there, "m1", "Is there a zumba lesson?").await.contains("I don't know"));
        // Only a clinician may say, whatever the articles hold.
        ask(&mut there, "m2", "What dose of ibuprofen should I take?").await;
        let open = gaps(&app, &path, &editor, 2).await;
        assert_eq!(open.len(), 1, "the same topic: {open:?}");
        assert!(!json!(open).to_string().to_lowercase().contains("zumba"));

        let gap = format!("{path}/{}", open[0]["gapId"].as_str().unwrap());
        assert_eq!(problem(app.get(&format!("{gap}/questions"), &editor).await).await.0, 403);
        let owner = app.key(StaffRole::Owner, tenant).await;
        assert_eq!(problem(app.get(&format!("{gap}/questions"), &owner).await).await.1, "REASON_REQUIRED");
        let agent = app.key(StaffRole::Agent, tenant).await;
        let asked = app.read(&format!("{gap}/questions"), &agent).await;
        assert_eq!(asked["questions"][0]["content"], json!(typed("Is there a zumba lesson?")));
        assert_eq!(asked["questions"][1]["sessionId"], json!(one.id));
        let auditor = app.key(StaffRole::Auditor, tenant).await;
        let trail = format!("/v1/admin/tenants/{tenant}/audit?action=");
        let count = |list: Value| list["events"].as_array().unwrap().len();
        assert_eq!(count(app.read(&format!("{trail}conversation.read"), &auditor).await), 2);
        assert!(count(app.read(&format!("{trail}gaps.read"), &auditor).await) >= 2);

        let resolve = app.request(Method::PATCH, &gap).bearer_auth(&editor).json(&json!({"state": "resolved"}));
        let resolved: Value = resolve.send().await.unwrap().json().await.unwrap();
        assert_eq!((&resolved["state"], resolved["resolvedAt"].is_string()), (&json!("resolved"), true));
        assert!(gaps(&app, &format!("{path}?state=open"), &editor, 0).await.is_empty());
        assert_eq!(problem(app.get(&format!("{path}?state=lost"), &editor).await).await.2, "state");
        ask(&mut here, "m3", "Are there zumba lessons?").await;
        assert_eq!(gaps(&app, &format!("{path}?state=open"), &editor, 3).await.len(), 1, "asked again, open again");

        for session in [&one, &two] {
            let end = app.post(&format!("/v1/sessions/{}/end", session.id), &session.token, json!({"erase": true})).await;
            assert_eq!(end.status(), 200);
        }
        assert!(gaps(&app, &path, &editor, 0).await.is_empty());
        assert_eq!(app.get(&format!("{gap}/questions"), &agent).await.status(), 404);
    }
}
