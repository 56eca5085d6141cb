//! New conversations divided among config versions.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    server::{ORIGIN, problem},
};

async fn put(app: &TestApp, path: &str, key: &str, body: Value) -> Response {
    app.request(Method::PUT, path).bearer_auth(key).json(&body).send().await.expect("an answer")
}

/// The config version that a browser of this name gets.
async fn version_of(app: &TestApp, widget: &str) -> i64 {
    let body = json!({"projectId": "portal", "widgetInstanceId": widget});
    let request = app.request(Method::POST, "/v1/widget/session/init").header("origin", ORIGIN).json(&body);
    let started: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    started["configVersion"].as_i64().expect("a version")
}

on_both_engines! {
    async fn browsers_are_divided_by_weight_keep_their_arm_and_are_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other_node = app.start_beside().await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "").await;
        let new = json!({"configData": {"uiHints": {"widgetTitle": "Another"}}});
        app.post(&format!("{path}/configs"), &key, new).await;
        assert_eq!(version_of(&other_node, "before").await, 1);
        let split = json!({"arms": [{"version": 2, "weight": 30}, {"version": 1, "weight": 70}], "replaces": 1});
        let made = put(&app, &format!("{path}/split"), &key, split).await;
        assert_eq!(made.status(), 200);
        let made: Value = made.json().await.unwrap();
        assert_eq!(app.read(&format!("{path}/split"), &key).await, made);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;

        let mut second = 0;
        for number in 0..100 {
            let widget = format!("browser {number}");
            let version = version_of(&app, &widget).await;
            assert!([1, 2].contains(&version));
            second += usize::from(version == 2);
            if number % 10 == 0 {
                assert_eq!(version_of(&other_node, &widget).await, version, "it comes back, to another node");
            }
        }
        // The names are fixed, and so is what their hashes make of them, but for the app's id: 30 give or take 5 deviations.
        assert!((8..=52).contains(&second), "{second} of 100");

        let session = app.init("portal").await;
        let mut socket = app.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        let answer = socket.next_of("message").await;
        socket.send(json!({"type": "feedback", "messageId": answer["messageId"], "rating": "up"})).await;
        for question in ["What is the meaning of life?", "I have crushing chest pain"] {
            socket.say(question, question).await;
            socket.next_of("message").await;
        }
        let results = app.read(&format!("{path}/split/results"), &key).await;
        let sum = |field: &str| -> i64 {
            results["arms"].as_array().unwrap().iter().map(|arm| arm[field].as_i64().unwrap()).sum()
        };
        assert_eq!(results["split"], made);
        assert_eq!((sum("conversations"), sum("used"), sum("questions")), (111, 1, 3));
        assert_eq!((sum("answered"), sum("handedOver"), sum("emergencies"), sum("failed")), (1, 2, 1, 0));
        assert_eq!((sum("ratedUp"), sum("ratedDown")), (1, 0));
        let arm = results["arms"].as_array().unwrap().iter().find(|arm| arm["version"] == session.body["configVersion"]);
        assert_eq!(arm.unwrap()["answered"], 1);

        let back = app.post(&format!("{path}/roll-back"), &key, json!({})).await;
        assert_eq!(back.json::<Value>().await.unwrap()["version"], 1);
        assert_eq!(problem(app.get(&format!("{path}/split"), &key).await).await.0, 404);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for number in 0..20 {
            assert_eq!(version_of(&other_node, &format!("browser {number}")).await, 1);
        }
        let resumed = app.init_request("portal").bearer_auth(&session.token).send().await.unwrap();
        let resumed: Value = resumed.json().await.unwrap();
        assert_eq!(resumed["configVersion"], session.body["configVersion"], "what has begun keeps its arm");
    }

    async fn a_split_that_makes_no_sense_is_named_by_field(engine: Engine) {
        let app = TestApp::start(engine).await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        let path = app.app_path("portal", "/split").await;
        let configs = app.app_path("portal", "/configs").await;
        app.post(&configs, &key, json!({"configData": {}})).await;
        let arm = |version: i32, weight: i64| json!({"version": version, "weight": weight});
        for (arms, field) in [
            (json!([arm(1, 100)]), "arms"),
            (json!([arm(1, 50), arm(2, 49)]), "arms"),
            (json!([arm(1, 4_294_967_295), arm(2, 101)]), "arms"),
            (json!([arm(1, 100), arm(2, 0)]), "arms.1.weight"),
            (json!([arm(1, 50), arm(1, 50)]), "arms.1.version"),
            (json!([arm(1, 50), arm(9, 50)]), "arms.1.version"),
            (json!([arm(1, -50), arm(2, 150)]), "arms[0].weight"),
        ] {
            let refused = put(&app, &path, &key, json!({"arms": arms})).await;
            assert_eq!(problem(refused).await, (400, "INVALID_BODY".into(), field.into()));
        }
        assert_eq!(problem(app.get(&format!("{path}/results"), &key).await).await.0, 404);
        let late = put(&app, &path, &key, json!({"arms": [arm(1, 50), arm(2, 50)], "replaces": 2})).await;
        assert_eq!(problem(late).await.1, "CHANGED");
        let made = put(&app, &path, &key, json!({"arms": [arm(1, 50), arm(2, 50)], "replaces": 1})).await;
        assert_eq!(made.json::<Value>().await.unwrap()["number"], 1);
        let activate = app.app_path("portal", "/configs/1/activate").await;
        let unseen = app.post(&activate, &key, json!({"replaces": 1})).await;
        assert_eq!(problem(unseen).await.1, "CHANGED");
        let seen = put(&app, &path, &key, json!({"arms": [arm(1, 10), arm(2, 90)], "replacesSplit": 1})).await;
        assert_eq!(seen.json::<Value>().await.unwrap()["number"], 2);
        let late = app.post(&activate, &key, json!({"replacesSplit": 1})).await;
        assert_eq!(problem(late).await.1, "CHANGED");
        assert_eq!(app.post(&activate, &key, json!({"replaces": 1, "replacesSplit": 2})).await.status(), 200);
        assert_eq!(problem(app.get(&path, &key).await).await.0, 404);
    }
}
