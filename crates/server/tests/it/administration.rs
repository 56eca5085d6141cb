//! `kuzushi admin`: a hospital from nothing, administered from the shell.

use std::{
    io::Write,
    process::{Output, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kuzushi_domain::{Actor, Clock, Id, StaffRole, SystemClock};
use kuzushi_store::{
    Decision, Engine, NewApiKey, NewSession, NewUserMessage, SessionMetadata, Store,
    testing::{OPERATOR_KEY, TestDatabase},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::kuzushi;

struct Shell {
    folder: TempDir,
    database: TestDatabase,
}

impl Shell {
    async fn open(engine: Engine) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), database: TestDatabase::new(engine).await }
    }

    fn run(&self, line: &str, input: &str) -> Output {
        // In place of quotation marks.
        let arguments = line.split(' ').map(|argument| argument.replace('~', " "));
        let mut child = kuzushi(self.folder.path())
            .arg("admin")
            .args(arguments)
            .env("DATABASE_URL", &self.database.url)
            .env("CONTENT_KEY", STANDARD.encode(OPERATOR_KEY))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kuzushi runs");
        let _ = child.stdin.take().expect("an input").write_all(input.as_bytes());
        child.wait_with_output().expect("an end")
    }

    /// What a command that works prints.
    fn said(&self, line: &str) -> String {
        let output = self.run(line, "");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.said(&format!("{line} --json"))).expect("JSON")
    }

    /// The one line that a command leaves that does not work, and its exit code.
    fn complaint(&self, line: &str) -> (Option<i32>, String) {
        let output = self.run(line, "");
        let text = String::from_utf8(output.stderr).expect("text");
        (output.status.code(), text.lines().last().unwrap_or_default().to_owned())
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    async fn store(&self) -> Store {
        self.database.open().await
    }
}

kuzushi_store::on_both_engines! {
    async fn a_hospital_is_set_up_compared_split_and_rolled_back(engine: Engine) {
        let shell = Shell::open(engine).await;
        let tenant = shell.json("tenant create --name Riverside~Clinic --domain riverside.example");
        assert_eq!((&tenant["name"], &tenant["domain"]), (&json!("Riverside Clinic"), &json!("riverside.example")));
        assert_eq!(shell.json("tenant create --name Riverside~Clinic --domain riverside.example"), tenant, "again");
        let add = "app create --tenant riverside.example --project-id riverside --name Portal --origin https://www.riverside.example";
        assert_eq!(shell.json(add)["allowedOrigins"], json!(["https://www.riverside.example"]));
        let (code, line) = shell.complaint("app change riverside --origin riverside.example");
        assert!(code == Some(1) && line.contains("allowedOrigins.0"), "{line}");
        let changed = shell.json("app change riverside --description For~patients --if-revision 1");
        assert_eq!((&changed["revision"], &changed["name"]), (&json!(2), &json!("Portal")));
        let (_, line) = shell.complaint("app change riverside --name Late --if-revision 1");
        assert!(line.contains("Somebody else changed it"), "{line}");

        shell.file("first.json", r#"{"uiHints": {"widgetTitle": "Ask Riverside"}}"#);
        shell.file("second.json", r#"{"uiHints": {"widgetTitle": "Ask us"}}"#);
        shell.file("wrong.json", r##"{"theme": {"primaryColor": "blue"}}"##);
        let (code, line) = shell.complaint("config create --app riverside wrong.json");
        assert!(code == Some(1) && line.contains("/theme/primaryColor"), "{line}");
        assert_eq!(shell.json("config create --app riverside first.json --note first")["version"], 1);
        assert_eq!(shell.json("config activate --app riverside 1")["isActive"], true);
        assert_eq!(shell.json("config create --app riverside second.json --based-on 1")["createdBy"], "command line");
        let differs = shell.said("config compare --app riverside 1 2");
        assert_eq!(differs, "/uiHints/widgetTitle: \"Ask Riverside\" → \"Ask us\"\n");
        assert_eq!(shell.json("config show --app riverside 2")["configData"]["uiHints"]["widgetTitle"], "Ask us");
        let (_, line) = shell.complaint("config activate --app riverside 2 --replaces 2");
        assert!(line.contains("version 1 is the current one"), "{line}");
        shell.said("config activate --app riverside 2 --replaces 1");
        assert_eq!(shell.json("config roll-back --app riverside --replaces 2")["version"], 1);
        let (_, line) = shell.complaint("config split --app riverside 1=50 2=40");
        assert!(line.contains("arms: must have weights that make 100"), "{line}");
        assert_eq!(shell.json("config split --app riverside 1=60 2=40")["number"], 1);
        assert!(shell.said("config results --app riverside").contains("conversations 0"));
        assert_eq!(shell.json("config results --app riverside")["arms"][1]["handedOver"], 0);
        shell.said("config roll-back --app riverside");
        let history = shell.json("config activations --app riverside --limit 2");
        let versions: Vec<_> = history["activations"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
        assert_eq!((versions, &history["before"]), (vec![json!(1), json!(2)], &json!("2")));
        assert_eq!(shell.json("config list --app riverside --before 2")["versions"].as_array().unwrap().len(), 1);
        assert_eq!(shell.said("config list --app riverside").lines().count(), 2);

        shell.file("visiting.md", "+++\nslug = \"visiting\"\ntitle = \"Visiting\"\napps = [\"riverside\"]\n+++\n\nFrom 2 to 8.\n");
        assert_eq!(shell.json("article write --app riverside visiting.md")["slug"], "visiting");
        assert!(shell.said("article list --app riverside").contains("Visiting"));
        shell.said("article remove --app riverside visiting");
        assert_eq!(shell.complaint("article show --app riverside visiting").0, Some(1));
        assert_eq!(shell.complaint("app show nowhere"), (Some(1), String::from("kuzushi: --app: there is no app `nowhere`: wants its projectId")));
        assert_eq!(shell.complaint("app show").0, Some(2), "wrong arguments");
    }

    async fn what_needs_a_second_person_is_asked_for(engine: Engine) {
        let shell = Shell::open(engine).await;
        shell.said("tenant create --name Riverside --domain riverside.example");
        shell.said("app create --tenant riverside.example --project-id riverside --name Portal");
        shell.file("config.json", "{}");
        shell.said("config create --app riverside config.json");
        assert_eq!(shell.json("app approval riverside on")["approvalRequired"], true);
        let asked = shell.run("config activate --app riverside 1 --note New~hours --json", "");
        assert_eq!(asked.status.code(), Some(3));
        let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
        assert_eq!((&asked["state"], &asked["note"], &asked["requestedBy"]), (&json!("open"), &json!("New hours"), &json!("command line")));
        let request = asked["requestId"].as_str().unwrap();
        let store = shell.store().await;
        let (code, line) = shell.complaint(&format!("config approve --app riverside {request}"));
        assert!(code == Some(1) && line.contains("Another person has to decide this"), "{line}");
        let installation = store.installation().by(Actor::CommandLine);
        let app = installation.app_by_project("riverside").await.unwrap().unwrap();
        let key = NewApiKey {
            id: Id::generate(),
            tenant: Some(app.tenant),
            role: StaffRole::Owner,
            name: "Ann".into(),
            secret_hash: [0; 32],
            created_by: "test".into(),
            expires_at: None,
        };
        let key = installation.create_api_key(key, SystemClock.now()).await.unwrap();
        let ann = store.tenant(app.tenant).await.unwrap().by(Actor::Key { id: key.id, role: key.role, name: key.name });
        ann.decide_request(app.id, request.parse().unwrap(), Decision::Approve, SystemClock.now()).await.unwrap();
        assert_eq!(shell.json("config requests --app riverside --state approved")["approvalRequests"][0]["decidedBy"], json!(format!("Ann ({})", key.id)));
        assert_eq!(shell.json("config list --app riverside")["versions"][0]["isActive"], true);
    }

    async fn accounts_and_conversations_are_looked_after_on_record(engine: Engine) {
        let shell = Shell::open(engine).await;
        shell.said("tenant create --name Riverside --domain riverside.example");
        shell.said("app create --tenant riverside.example --project-id riverside --name Portal");
        let add = "user create --tenant riverside.example --email jane@example.org --name Jane~Doe --password-stdin --json";
        let short = shell.run(add, "short\n");
        assert!(String::from_utf8_lossy(&short.stderr).contains("password: must have at least 12"));
        let added = shell.run(add, "four words make one\n");
        let jane: Value = serde_json::from_slice(&added.stdout).unwrap();
        assert_eq!((&jane["name"], &jane["hasPassword"]), (&json!("Jane Doe"), &json!(true)));
        assert_eq!(shell.json("user list --tenant riverside.example --email jane@example.org")["users"], json!([jane]));

        let store = shell.store().await;
        let app = store.installation().app_by_project("riverside").await.unwrap().unwrap();
        let scope = store.tenant(app.tenant).await.unwrap();
        let now = SystemClock.now();
        let new = NewSession { app: app.id, widget_instance_id: "w".into(), owner: None, config_version: 1, metadata: SessionMetadata::default() };
        let session = scope.create_session(new, now).await.unwrap();
        let question = NewUserMessage { message_id: "m1".into(), content: "my ankle hurts".into(), attachments: Vec::new(), client_timestamp: None, is_spoken: false, begin: false, emergency: None };
        scope.accept_user_message(&session, question, now).await.unwrap();
        assert_eq!(shell.json("conversation list --tenant riverside.example")["conversations"][0]["messageCount"], 1);
        let read = format!("conversation read --tenant riverside.example {}", session.id);
        assert!(shell.complaint(&read).1.contains("--help"), "a reason is asked for");
        assert!(shell.complaint(&format!("{read} --reason ~")).1.contains("--reason: must not be empty"));
        let said = shell.said(&format!("{read} --reason Complaint~2026-118"));
        assert!(said.contains("user:\nmy ankle hurts"), "{said}");
        let trail = scope.audit_events(kuzushi_store::AuditFilter::default(), 2).await.unwrap();
        let recorded: Vec<_> = trail.iter().map(|event| (event.action.as_str(), event.actor.as_str(), event.reason.as_str())).collect();
        let reason = "Complaint 2026-118";
        assert_eq!(recorded, [("conversation.read", "command line", reason), ("access.granted", "command line", reason)]);

        shell.said("tenant close riverside.example");
        assert!(store.installation().published_app("riverside").await.unwrap().is_none());
        let (code, line) = shell.complaint("tenant erase riverside.example --name Another");
        assert!(code == Some(1) && line.contains("name: is not the tenant's name"), "{line}");
        shell.said("tenant erase riverside.example --name Riverside");
        assert_eq!(shell.complaint("user list --tenant riverside.example").0, Some(1));
    }
}

#[test]
fn every_command_says_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let help = |arguments: &[&str]| {
        let output = kuzushi(folder.path()).arg("admin").args(arguments).arg("--help").output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let all = help(&[]);
    for resource in ["tenant", "app", "config", "user", "article", "conversation", "create-key", "--json"] {
        assert!(all.contains(resource), "{resource}: {all}");
    }
    assert!(all.contains("exit code"), "{all}");
    for (resource, verbs) in [
        ("tenant", &["create", "list", "show", "rename", "close", "reopen", "erase"][..]),
        ("app", &["create", "list", "show", "change", "approval"]),
        (
            "config",
            &["create", "list", "show", "compare", "activate", "roll-back", "split", "results", "requests", "approve"],
        ),
        ("user", &["create", "list", "show", "change", "delete"]),
        ("article", &["write", "list", "show", "remove"]),
        ("conversation", &["list", "read"]),
    ] {
        let listed = help(&[resource]);
        for verb in verbs {
            let line = listed
                .lines()
                .find(|line| line.trim_start().starts_with(verb))
                .unwrap_or_else(|| panic!("{resource} {verb}"));
            assert!(line.trim().len() > verb.len() + 10, "{resource}: {line}");
        }
    }
}
