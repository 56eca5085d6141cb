//! The administration of what the assistant answers from.

use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use kuzushi_domain::{Clock, StaffRole};
use kuzushi_store::{Engine, on_both_engines};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::TestApp,
    server::problem,
    socket::{Socket, streamed},
};

struct Desk {
    app: TestApp,
    key: String,
    path: String,
}

impl Desk {
    async fn open(app: TestApp) -> Self {
        let key = app.key(StaffRole::Editor, app.tenant().await).await;
        let path = app.app_path("portal", "/articles").await;
        Self { app, key, path }
    }

    async fn change(&self, method: Method, slug: &str, tag: Option<&str>, body: Value) -> Response {
        let mut request = self.app.request(method, &format!("{}/{slug}", self.path)).bearer_auth(&self.key).json(&body);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        request.send().await.unwrap()
    }

    async fn document(&self, slug: &str, query: &str, media_type: &'static str, bytes: &[u8]) -> Response {
        let path = format!("{}/{slug}/document{query}", self.path);
        let request = self.app.request(Method::PUT, &path).bearer_auth(&self.key).header("content-type", media_type);
        request.body(bytes.to_vec()).send().await.unwrap()
    }

    /// The newest event of this kind.
    async fn audited(&self, action: &str) -> Value {
        let auditor = self.app.key(StaffRole::Auditor, self.app.tenant().await).await;
        let tenant = self.path.split("/apps/").next().unwrap();
        let list = self.app.read(&format!("{tenant}/audit?action={action}"), &auditor).await;
        list["events"][0].clone()
    }
}

/// Asks until the answer is as wanted: nodes look for changed articles twice a second.
async fn ask_until(socket: &mut Socket, wanted: impl Fn(&str) -> bool) {
    let mut answer = String::new();
    for _ in 0..40 {
        socket.say(&Uuid::now_v7().to_string(), "Is there a helipad tour for children?").await;
        answer = streamed(&socket.until_idle().await);
        if wanted(&answer) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{answer}");
}

on_both_engines! {
    async fn an_article_is_written_answered_from_changed_and_removed(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        let session = desk.app.init("portal").await;
        let mut socket = desk.app.connect(&session).await;
        ask_until(&mut socket, |answer| answer.contains("I don't know")).await;
        let article = json!({
            "title": "Helipad tours", "summary": "Children see the helipad.",
            "questions": ["Is there a helipad tour for children?"],
            "body": "Helipad tours for children are on the first Sunday of each month at 14:00.",
        });
        let added = desk.change(Method::PUT, "helipad", None, article.clone()).await;
        assert_eq!(added.status(), 201);
        let first = added.headers()["etag"].to_str().unwrap().to_owned();
        ask_until(&mut socket, |answer| answer.contains("first Sunday")).await;
        let same = desk.change(Method::PUT, "helipad", None, article.clone()).await;
        assert_eq!((same.status().as_u16(), same.headers()["etag"].to_str().unwrap()), (200, first.as_str()));
        let read = desk.app.get(&format!("{}/helipad", desk.path), &desk.key).await;
        assert_eq!(read.headers()["etag"].to_str().unwrap(), first);

        let mut changed = article.clone();
        changed["body"] = json!("Helipad tours for children are on the last Monday of each month at 15:00.");
        let replaced = desk.change(Method::PUT, "helipad", Some(&first), changed.clone()).await;
        assert_eq!(replaced.status(), 200);
        let second = replaced.headers()["etag"].to_str().unwrap().to_owned();
        ask_until(&mut socket, |answer| answer.contains("last Monday")).await;
        let late = desk.change(Method::PUT, "helipad", Some(&first), article.clone()).await;
        assert_eq!(problem(late).await.1, "CHANGED");
        let late = desk.change(Method::DELETE, "helipad", Some(&first), json!({})).await;
        assert_eq!(problem(late).await.1, "CHANGED");
        assert_eq!(desk.change(Method::DELETE, "helipad", Some(&second), json!({})).await.status(), 204);
        let gone = desk.change(Method::PUT, "helipad", Some(&second), article).await;
        assert_eq!(problem(gone).await.1, "CHANGED", "it was removed, and does not come back unasked");
        ask_until(&mut socket, |answer| answer.contains("I don't know")).await;
        assert_eq!(desk.change(Method::DELETE, "helipad", None, json!({})).await.status(), 404);
    }

    async fn articles_are_paged_and_what_is_wrong_with_one_is_named(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        let slugs = |list: &Value| -> Vec<String> {
            let articles = list["articles"].as_array().unwrap();
            articles.iter().map(|article| article["slug"].as_str().unwrap().to_owned()).collect()
        };
        let first = desk.app.read(&format!("{}?limit=1", desk.path), &desk.key).await;
        assert_eq!((slugs(&first), &first["after"]), (vec!["parking".to_owned()], &json!("parking")));
        let rest = desk.app.read(&format!("{}?after=parking", desk.path), &desk.key).await;
        assert_eq!((slugs(&rest), rest.get("after")), (vec!["visiting".to_owned()], None));
        let with = |field: &str, value: Value| {
            let mut article = json!({"title": "A", "body": "B"});
            article[field] = value;
            article
        };
        for (slug, article, field) in [
            ("A%20b", with("title", json!("A")), "slug"),
            ("a", with("title", json!(" ")), "title"),
            ("a", with("body", json!("\n")), "body"),
            ("a", with("body", json!("x".repeat(100_001))), "body"),
            ("a", with("url", json!("javascript:alert(1)")), "url"),
            ("a", with("url", json!("//evil.example")), "url"),
            ("a", with("url", json!("http://plain.example")), "url"),
            ("a", with("questions", json!(["Where?", ""])), "questions.1"),
            ("a", with("summary", json!("x".repeat(2_001))), "summary"),
        ] {
            let wrong = problem(desk.change(Method::PUT, slug, None, article).await).await;
            assert_eq!((wrong.0, wrong.2.as_str()), (400, field));
        }
        assert_eq!(slugs(&desk.app.read(&desk.path, &desk.key).await), ["parking", "visiting"]);
    }

    async fn an_article_is_answered_from_until_it_expires_on_every_node(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        // Before anything is written: a start makes the articles those of the hospital's files.
        let nodes = if engine == Engine::Postgres { vec![desk.app.start_beside().await] } else { Vec::new() };
        let expires_at = desk.app.clock.now() + TimeDelta::minutes(10);
        let today = desk.app.clock.now().date_naive();
        let article = json!({
            "title": "Helipad tours", "questions": ["Is there a helipad tour for children?"],
            "body": "Helipad tours for children are on the first Sunday of each month at 14:00.",
            "owner": "Front desk", "reviewBy": today, "expiresAt": expires_at,
        });
        let added: Value = desk.change(Method::PUT, "helipad", None, article).await.json().await.unwrap();
        assert_eq!((&added["owner"], &added["reviewBy"]), (&json!("Front desk"), &json!(today)));
        assert_eq!(added["expiresAt"], json!(expires_at.to_rfc3339_opts(SecondsFormat::Millis, true)));
        let mut sockets = Vec::new();
        for node in std::iter::once(&desk.app).chain(&nodes) {
            let mut socket = node.connect(&node.init("portal").await).await;
            ask_until(&mut socket, |answer| answer.contains("first Sunday")).await;
            sockets.push(socket);
        }
        let due = |due: &str| format!("{}?due={due}", desk.path);
        let slugs = |list: &Value| list["articles"].as_array().unwrap().len();
        assert_eq!(slugs(&desk.app.read(&due("review"), &desk.key).await), 1, "from the day on");
        assert_eq!(slugs(&desk.app.read(&due("expired"), &desk.key).await), 0);
        assert_eq!(problem(desk.app.get(&due("soon"), &desk.key).await).await.2, "due");

        desk.app.clock.advance(10 * 60);
        for socket in &mut sockets {
            socket.say(&Uuid::now_v7().to_string(), "Is there a helipad tour for children?").await;
            let answer = streamed(&socket.until_idle().await);
            assert!(answer.contains("I don't know"), "at once, and not when it is looked at again: {answer}");
        }
        assert_eq!(slugs(&desk.app.read(&due("expired"), &desk.key).await), 1);
        let recorded = desk.audited("article.written").await;
        assert_eq!(recorded["details"]["owner"], "Front desk");
        assert_eq!(recorded["details"]["reviewBy"], json!(today));
    }

    async fn web_pages_and_plain_text_become_markdown_without_what_runs_or_hides(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        let page = "<script>evil()</script><p style='display:none'>evil</p><h2 id=cost>Cost</h2><p>Helipad tours cost *9* dollars.";
        let article = json!({"title": "Helipad tours", "format": "html", "body": page});
        let added: Value = desk.change(Method::PUT, "helipad", None, article).await.json().await.unwrap();
        assert_eq!(added["body"], "## Cost {#cost}\n\nHelipad tours cost \\*9\\* dollars.");
        assert_eq!(added["format"], "html");
        let text = json!({"title": "Helipad tours", "format": "text", "body": "COST\n\nHelipad tours are [free](javascript:evil)."});
        let replaced: Value = desk.change(Method::PUT, "helipad", None, text).await.json().await.unwrap();
        assert_eq!(replaced["body"], "Helipad tours are \\[free\\](javascript:evil).", "the first heading is the title");
        for (format, body, field) in
            [("html", "<script>only()</script>", "body"), ("pdf", "%PDF-1.4", "format"), ("doc", "x", "format")]
        {
            let article = json!({"title": "A", "format": format, "body": body});
            let wrong = problem(desk.change(Method::PUT, "a", None, article).await).await;
            assert_eq!((wrong.0, wrong.2.as_str()), (400, field));
        }
    }

    async fn a_document_becomes_the_text_of_an_article(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        let session = desk.app.init("portal").await;
        let mut socket = desk.app.connect(&session).await;
        let query = "?fileName=C:%5Cdesk%5C..%2F..%2Fhelipad%07.pdf";
        let added = desk.document("helipad", query, "application/pdf", include_bytes!("documents/helipad.pdf")).await;
        assert_eq!(added.status(), 201);
        let added: Value = added.json().await.unwrap();
        assert_eq!((&added["title"], &added["format"]), (&json!("Helipad tours"), &json!("pdf")));
        assert_eq!(added["fileName"], "helipad.pdf", "a name to be shown, and no path");
        let expected = "Helipad tours for children are on the first Sunday of each month at 14:00.\n\n## Tickets\n\n- A ticket costs 9 dollars.\n- Buy it at the front desk.";
        assert_eq!(added["body"], expected);
        ask_until(&mut socket, |answer| answer.contains("first Sunday")).await;

        let details = json!({
            "title": "Tours", "summary": "Of the helipad", "owner": "Front desk", "body": "x", "questions": ["Which tours are there?"],
        });
        desk.change(Method::PUT, "helipad", None, details).await;
        let replaced = desk.document("helipad", "?title=Helipad", "text/html; charset=utf-8", b"<h1>T</h1><p>New").await;
        assert_eq!(replaced.status(), 200);
        let replaced: Value = replaced.json().await.unwrap();
        assert_eq!((&replaced["body"], &replaced["title"]), (&json!("New"), &json!("Helipad")));
        assert_eq!((&replaced["summary"], &replaced["owner"]), (&json!("Of the helipad"), &json!("Front desk")));
        assert!(replaced.get("fileName").is_none());
    }

    async fn a_document_that_cannot_be_used_hurts_nobody_and_is_told_why(engine: Engine) {
        let desk = Desk::open(TestApp::start(engine).await).await;
        let panics = include_str!("documents/scan.pdf").replace("/MediaBox", "/Otherwise");
        for (media_type, bytes, says) in [
            ("application/pdf", include_bytes!("documents/scan.pdf").as_slice(), "no text"),
            ("application/pdf", include_bytes!("documents/encrypted.pdf"), "encrypted"),
            ("application/pdf", include_bytes!("documents/bomb.pdf"), "too much time or memory"),
            ("application/pdf", panics.as_bytes(), "damaged"),
            ("application/pdf", b"<html>", "damaged"),
            ("text/html", b"\xff\xfe", "UTF-8"),
            ("text/plain", b" \n ", "no text"),
            ("text/plain", "word ".repeat(25_000).as_bytes(), "100000 characters"),
        ] {
            let refused = desk.document("helipad", "", media_type, bytes).await;
            assert_eq!(refused.status(), 400, "{says}");
            let told: Value = refused.json().await.unwrap();
            assert!(told["errors"][0]["message"].as_str().unwrap().contains(says), "{told}");
        }
        assert_eq!(desk.document("helipad", "", "application/zip", b"PK").await.status(), 415);
        assert_eq!(desk.document("helipad", "", "text/plain", &vec![b'x'; 10 * 1024 * 1024 + 1]).await.status(), 413);
        assert_eq!(desk.app.get(&format!("{}/helipad", desk.path), &desk.key).await.status(), 404);
    }
}
