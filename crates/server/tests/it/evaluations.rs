//! Suites that config versions have to pass, and what comes of asking them.

use std::{process::Output, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kuzushi_assistant::fake::{FakeModel, Script};
use kuzushi_domain::StaffRole;
use kuzushi_store::{
    Engine, on_both_engines,
    testing::{OPERATOR_KEY, TestDatabase},
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{app::TestApp, process::kuzushi, server::problem};

/// The demo hospital's own suites.
const STARTERS: [(&str, &str); 2] =
    [("stmarys-patient-portal", "patient-portal.jsonl"), ("stmarys-doctor-dashboard", "doctor-dashboard.jsonl")];

struct Desk {
    app: TestApp,
    owner: String,
    editor: String,
    path: String,
}

impl Desk {
    async fn open(app: TestApp, project: &str) -> Self {
        let tenant = app.tenant().await;
        let (owner, editor) = (app.key(StaffRole::Owner, tenant).await, app.key(StaffRole::Editor, tenant).await);
        let path = app.app_path(project, "").await;
        Self { app, owner, editor, path }
    }

    async fn put(&self, key: &str, place: &str, body: Value) -> Response {
        let request = self.app.request(Method::PUT, &format!("{}/{place}", self.path)).bearer_auth(key);
        request.json(&body).send().await.unwrap()
    }

    async fn post(&self, place: &str, body: Value) -> Response {
        self.app.post(&format!("{}/{place}", self.path), &self.editor, body).await
    }

    async fn activate(&self, version: i32) -> Response {
        self.app.post(&format!("{}/configs/{version}/activate", self.path), &self.owner, json!({})).await
    }

    /// What came of asking a suite of a version.
    async fn evaluate(&self, suite: &str, version: i32) -> Value {
        let started = self.post("evaluations", json!({"suite": suite, "version": version})).await;
        assert_eq!(started.status(), 202);
        let started: Value = started.json().await.unwrap();
        assert_eq!(started["state"], "running");
        let path = format!("{}/evaluations/{}", self.path, started["evaluationId"].as_str().unwrap());
        for _ in 0..600 {
            let evaluation = self.app.read(&path, &self.editor).await;
            if evaluation["state"] != "running" {
                return evaluation;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it goes on for a minute");
    }
}

fn parking() -> Value {
    json!([
        {"name": "hours", "question": "When can I visit?", "expect": {"says": ["10 am to 8 pm"], "noAnswer": false}},
        {"name": "danger", "question": "I have chest pain", "expect": {"emergency": true}},
    ])
}

on_both_engines! {
    async fn a_version_is_activated_once_it_has_passed_what_its_app_requires(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await, "portal").await;
        assert_eq!(desk.post("configs", json!({"configData": {"assistant": {"tokenIntervalMs": 0}}})).await.status(), 201);
        let written = desk.put(&desk.editor, "suites/starter", json!({"cases": parking()})).await;
        assert_eq!(written.status(), 201);
        let written: Value = written.json().await.unwrap();
        let again = desk.put(&desk.editor, "suites/starter", json!({"cases": parking()})).await;
        assert_eq!((again.status().as_u16(), again.json::<Value>().await.unwrap()), (200, written.clone()));
        let read = desk.app.read(&format!("{}/suites/starter", desk.path), &desk.editor).await;
        assert_eq!((&read["cases"], &read["hash"], &read["caseCount"]), (&parking(), &written["hash"], &json!(2)));

        let require = json!({"required": true, "suite": "starter", "minimum": 1.0});
        assert_eq!(problem(desk.put(&desk.editor, "required-suite", require.clone()).await).await.1, "FORBIDDEN");
        let required: Value = desk.put(&desk.owner, "required-suite", require.clone()).await.json().await.unwrap();
        assert_eq!(required["requiredSuite"], json!({"suite": "starter", "hash": written["hash"], "minimum": 1.0}));
        assert_eq!(desk.activate(1).await.status(), 200, "the active version is not looked at");
        let refused = desk.activate(2).await;
        assert_eq!(refused.status(), 409);
        let refused: Value = refused.json().await.unwrap();
        let detail = refused["detail"].as_str().unwrap();
        assert_eq!(refused["code"], "EVALUATION_NEEDED");
        assert!(detail.contains("has not been asked") && detail.contains("POST …/evaluations"), "{detail}");
        assert!(detail.contains(written["hash"].as_str().unwrap()), "{detail}");

        let passed = desk.evaluate("starter", 2).await;
        assert_eq!((&passed["state"], &passed["passed"], &passed["caseCount"]), (&json!("finished"), &json!(2), &json!(2)));
        let counts = json!([
            {"expectation": "completes", "met": 2, "of": 2}, {"expectation": "says", "met": 1, "of": 1},
            {"expectation": "emergency", "met": 1, "of": 1}, {"expectation": "noAnswer", "met": 1, "of": 1},
        ]);
        assert_eq!(passed["expectations"], counts);
        assert_eq!((&passed["cases"][0]["name"], &passed["cases"][0]["passed"]), (&json!("hours"), &json!(true)));
        let article = json!({"title": "Helipad", "body": "There is no helipad."});
        assert!(desk.put(&desk.editor, "articles/helipad", article).await.status().is_success());
        let refused: Value = desk.activate(2).await.json().await.unwrap();
        assert!(refused["detail"].as_str().unwrap().contains("articles have changed"), "{refused}");
        assert_eq!(desk.evaluate("starter", 2).await["passed"], 2);
        assert_eq!(desk.activate(2).await.status(), 200);

        // A newer version of the suite is required once somebody says so.
        let harder = json!({"cases": [{"question": "When can I visit?", "expect": {"says": ["at midnight"], "cites": ["nowhere"]}}]});
        assert_eq!(desk.put(&desk.editor, "suites/starter", harder).await.status(), 201);
        let list = desk.app.read(&format!("{}/suites", desk.path), &desk.editor).await;
        assert_eq!(list["suites"].as_array().unwrap().len(), 1);
        desk.post("configs", json!({"configData": {"assistant": {"tokenIntervalMs": 1}}})).await;
        assert_eq!(desk.evaluate("starter", 3).await["passed"], 0);
        let refused: Value = desk.activate(3).await.json().await.unwrap();
        assert!(refused["detail"].as_str().unwrap().contains("has not been asked"), "{refused}");
        assert_eq!(desk.put(&desk.owner, "required-suite", require).await.status(), 200);
        let failed = desk.evaluate("starter", 3).await;
        let complaints: Vec<_> = failed["cases"][0]["failures"].as_array().unwrap().iter().map(|one| one["complaint"].clone()).collect();
        assert_eq!(complaints, ["there is no article `nowhere`", "does not say \"at midnight\""]);
        let refused: Value = desk.activate(3).await.json().await.unwrap();
        assert!(refused["detail"].as_str().unwrap().contains("0 of 1 cases passed"), "{refused}");
        let split = json!({"arms": [{"version": 2, "weight": 50}, {"version": 3, "weight": 50}]});
        assert_eq!(problem(desk.put(&desk.owner, "split", split).await).await.1, "EVALUATION_NEEDED");
        let back = desk.app.post(&format!("{}/roll-back", desk.path), &desk.owner, json!({})).await;
        assert_eq!(back.status(), 200, "who has to go back at once can");
        let removal = desk.app.request(Method::DELETE, &format!("{}/suites/starter", desk.path)).bearer_auth(&desk.editor);
        assert_eq!(problem(removal.send().await.unwrap()).await.1, "SUITE_REQUIRED");
        let list = desk.app.read(&format!("{}/evaluations?version=3&limit=1", desk.path), &desk.editor).await;
        assert_eq!((list["evaluations"].as_array().unwrap().len(), list["before"].is_string()), (1, true));
        assert_eq!(desk.put(&desk.owner, "required-suite", json!({"required": false})).await.status(), 200);
        assert_eq!(desk.activate(3).await.status(), 200);
    }

    async fn mistakes_are_named_by_their_fields(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await, "portal").await;
        let case = |case: Value| json!({"cases": [case]});
        for (body, field) in [
            (json!({"cases": []}), "cases"),
            (case(json!({"question": "a"})), "cases.0.expect"),
            (case(json!({"question": " ", "expect": {"noAnswer": true}})), "cases.0.question"),
            (case(json!({"question": "a", "expect": {"cites": "b"}})), "cases[0].expect.cites"),
        ] {
            assert_eq!(problem(desk.put(&desk.editor, "suites/starter", body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        let named = desk.put(&desk.editor, "suites/No.Name", json!({"cases": parking()})).await;
        assert_eq!(problem(named).await, (400, "INVALID_BODY".into(), "suite".into()));
        desk.put(&desk.editor, "suites/starter", json!({"cases": parking()})).await;
        for (body, field) in [
            (json!({"suite": "starter", "version": 9}), "version"),
            (json!({"suite": "none", "version": 1}), "suite"),
            (json!({"suite": "starter", "hash": "none", "version": 1}), "hash"),
        ] {
            assert_eq!(problem(desk.post("evaluations", body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        for (body, field) in [
            (json!({"required": true}), "suite"),
            (json!({"required": true, "suite": "none"}), "suite"),
            (json!({"required": true, "suite": "starter", "minimum": 2}), "minimum"),
        ] {
            assert_eq!(problem(desk.put(&desk.owner, "required-suite", body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
    }

    async fn what_the_built_in_assistant_says_in_a_models_place_is_no_pass(engine: Engine) {
        let model = FakeModel::start([Script::answer(&["You can visit from 10 am to 8 pm[1]."], Duration::ZERO)]).await.unwrap();
        let base_url = model.base_url();
        let app = TestApp::start_with(engine, |config| config.providers.openai_base_url = Some(base_url)).await;
        let desk = Desk::open(app, "model").await;
        desk.put(&desk.editor, "suites/starter", json!({"cases": parking()})).await;
        assert_eq!(desk.evaluate("starter", 1).await["passed"], 2);
        assert_eq!(model.received().len(), 1, "the emergency is not sent");
        drop(model);
        let without = desk.evaluate("starter", 1).await;
        assert_eq!(without["passed"], 1, "{without}");
        let failure = &without["cases"][0]["failures"][0];
        assert_eq!(failure["expectation"], "completes");
        assert!(failure["complaint"].as_str().unwrap().contains("instead of the model"), "{failure}");
    }

    async fn the_demo_hospital_passes_the_suites_that_it_begins_with(engine: Engine) {
        let shell = Shell::open(engine).await;
        shell.run(&["seed"]);
        for (app, file) in STARTERS {
            let file = format!("{}/../../demo/stmarys/suites/{file}", env!("CARGO_MANIFEST_DIR"));
            let output = shell.run(&["evaluate", "--app", app, "--suite", &file, "--format", "json"]);
            let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let failed: Vec<_> = said["cases"].as_array().unwrap().iter().filter(|case| case["passed"] == false).collect();
            assert!(output.status.success() && failed.is_empty(), "{failed:#?}");
            let stored = shell.said(&["admin", "suite", "list", "--app", app]);
            assert!(stored.contains(said["suiteHash"].as_str().unwrap()), "it is stored as it is: {stored}");
        }
    }

    async fn a_suite_is_asked_on_the_command_line_and_what_came_of_it_counts(engine: Engine) {
        let shell = Shell::open(engine).await;
        shell.run(&["seed", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/hospital")]);
        let passes = r#"{"name": "hours", "question": "When can I visit?", "expect": {"says": ["10 am to 8 pm"]}}"#;
        let fails = r#"{"name": "nights", "question": "When can I visit?", "expect": {"says": ["midnight"]}}"#;
        shell.write("starter.jsonl", &format!("{passes}\n{fails}\n"));
        let ask = ["evaluate", "--app", "portal", "--suite", "starter.jsonl", "--version", "1"];
        let output = shell.run(&ask);
        assert_eq!(output.status.code(), Some(4));
        let table = String::from_utf8(output.stdout).unwrap();
        for line in ["1  pass  hours", "2  FAIL  nights", "turn 1, says: does not say \"midnight\"", "says           1 of 2", "1 of 2 cases passed (50 %)", "NOT PASSED, 100 % wanted", "on record as eval_"] {
            let squeezed = table.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            let wanted = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(&wanted), "{line}: {table}");
        }
        assert!(shell.run(&[&ask[..], &["--minimum", "0.5", "--answers", "answers.jsonl"]].concat()).status.success());
        let answers = std::fs::read_to_string(shell.folder.path().join("answers.jsonl")).unwrap();
        assert!(answers.lines().count() == 2 && answers.contains("10 am to 8 pm"), "{answers}");

        shell.said(&["admin", "suite", "write", "--app", "portal", "starter.jsonl"]);
        shell.said(&["admin", "suite", "require", "--app", "portal", "starter", "--minimum", "0.5"]);
        shell.write("config.json", "{}");
        shell.said(&["admin", "config", "create", "--app", "portal", "config.json"]);
        let refused = shell.run(&["admin", "config", "activate", "--app", "portal", "2"]);
        let line = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && line.contains("kuzushi evaluate --version 2"), "{line}");
        let unrecorded = ["evaluate", "--app", "portal", "--stored", "starter", "--minimum", "0"];
        assert!(shell.run(&[&unrecorded[..], &["--document", "config.json"]].concat()).status.success());
        assert!(shell.run(&[&unrecorded[..], &["--version", "2", "--unrecorded"]].concat()).status.success());
        assert!(!shell.run(&["admin", "config", "activate", "--app", "portal", "2"]).status.success());
        assert!(shell.run(&[&unrecorded[..], &["--version", "2"]].concat()).status.success());
        shell.said(&["admin", "config", "activate", "--app", "portal", "2"]);
        let results = shell.said(&["admin", "suite", "results", "--app", "portal", "--version", "2"]);
        assert_eq!((results.lines().count(), results.contains("finished")), (1, true), "{results}");

        shell.write("bad.jsonl", &format!("{passes}\n\n{{\"question\": \"a\", \"expect\": {{\"sayz\": []}}}}\n"));
        for (arguments, wanted) in [
            (&["evaluate", "--app", "portal", "--suite", "bad.jsonl"][..], "line 3: expect"),
            (&["evaluate", "--app", "portal", "--suite", "none.jsonl"], "--suite: none.jsonl"),
            (&["evaluate", "--app", "nowhere", "--suite", "starter.jsonl"], "--app: there is no app `nowhere`"),
            (&["evaluate", "--app", "portal", "--suite", "starter.jsonl", "--version", "9"], "--version"),
        ] {
            let output = shell.run(arguments);
            let line = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && line.contains(wanted), "{line}");
        }
    }
}

/// The command line, on a database of its own.
struct Shell {
    folder: TempDir,
    database: TestDatabase,
}

impl Shell {
    async fn open(engine: Engine) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: TestDatabase::new(engine).await }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        kuzushi(self.folder.path())
            .args(arguments)
            .env("DATABASE_URL", &self.database.url)
            .env("CONTENT_KEY", STANDARD.encode(OPERATOR_KEY))
            .output()
            .unwrap()
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }
}
