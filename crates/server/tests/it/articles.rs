//! The administration of what the assistant answers from.

use std::time::Duration;

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
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
}
