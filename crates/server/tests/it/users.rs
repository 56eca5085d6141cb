//! The administration of patients' accounts.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    canary::{CANARY, typed},
    patients::PASSWORD,
    server::problem,
};

fn jane() -> String {
    format!("jane-{CANARY}@example.org")
}

/// An owner's key, and the address of their users.
async fn owner(app: &TestApp) -> (String, String) {
    let tenant = app.tenant().await;
    (app.key(StaffRole::Owner, tenant).await, format!("/v1/admin/tenants/{tenant}/users"))
}

on_both_engines! {
    async fn a_patient_is_added_found_changed_and_deleted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (key, path) = owner(&app).await;
        let new = json!({"email": format!(" Jane-{CANARY}@Example.org"), "name": typed("Jane Doe"), "password": PASSWORD});
        let created = app.post(&path, &key, new.clone()).await;
        assert_eq!((created.status().as_u16(), &created.headers()["etag"]), (201, &"\"1\"".parse().unwrap()));
        let created: Value = created.json().await.unwrap();
        assert_eq!((&created["email"], &created["version"]), (&json!(jane()), &json!(1)));
        assert_eq!(created["hasPassword"], true);
        let text = created.to_string();
        assert!(!text.contains(PASSWORD) && !text.contains("argon2"), "{text}");
        let again = app.post(&path, &key, new).await;
        assert_eq!((again.status().as_u16(), again.json::<Value>().await.unwrap()), (200, created.clone()));
        for other in [
            json!({"email": jane(), "name": typed("Jane Doe"), "password": "another password"}),
            json!({"email": jane(), "name": "Another", "password": PASSWORD}),
            json!({"email": jane(), "name": typed("Jane Doe")}),
        ] {
            let taken = problem(app.post(&path, &key, other).await).await;
            assert_eq!((taken.0, taken.1.as_str()), (409, "ALREADY_EXISTS"));
        }
        let john: Value =
            app.post(&path, &key, json!({"email": format!("john-{CANARY}@example.org"), "name": typed("John")})).await.json().await.unwrap();
        assert_eq!(app.read(&path, &key).await["users"], json!([john, created]));
        let page = app.read(&format!("{path}?limit=1"), &key).await;
        assert_eq!(page["users"], json!([john]));
        let rest = app.read(&format!("{path}?before={}", page["before"].as_str().unwrap()), &key).await;
        assert_eq!(rest["users"], json!([created]));
        for (email, found) in [(format!("JANE-{CANARY}@example.org "), json!([created])), ("nobody@example.org".into(), json!([]))] {
            let answer = app.post(&format!("{path}/search"), &key, json!({"email": email})).await;
            assert_eq!(answer.json::<Value>().await.unwrap(), json!({"users": found}));
        }

        let of_jane = format!("{path}/{}", created["userId"].as_str().unwrap());
        assert_eq!(app.read(&of_jane, &key).await, created);
        let change = async |body: Value, tag: Option<&str>| {
            let mut request = app.request(Method::PATCH, &of_jane).bearer_auth(&key).json(&body);
            if let Some(tag) = tag {
                request = request.header("if-match", tag);
            }
            request.send().await.unwrap()
        };
        let renamed = change(json!({"name": typed("Jane Roe"), "ifVersion": 1}), None).await;
        let renamed: Value = renamed.json().await.unwrap();
        assert_eq!((&renamed["name"], &renamed["version"]), (&json!(typed("Jane Roe")), &json!(2)));
        assert_eq!(problem(change(json!({"disabled": true, "ifVersion": 1}), None).await).await.1, "CHANGED");
        assert_eq!(problem(change(json!({"disabled": true}), Some("\"1\"")).await).await.1, "CHANGED");
        assert_eq!(problem(change(json!({}), Some("1")).await).await, (400, "INVALID_QUERY".into(), "If-Match".into()));
        let disabled: Value = change(json!({"disabled": true}), Some("\"2\"")).await.json().await.unwrap();
        assert!(disabled["disabledAt"].is_string());
        let enabled: Value = change(json!({"disabled": false}), None).await.json().await.unwrap();
        assert!(enabled.get("disabledAt").is_none() && enabled["name"] == typed("Jane Roe"));

        let delete = async |tag: &str| {
            app.request(Method::DELETE, &of_jane).bearer_auth(&key).header("if-match", tag).send().await.unwrap()
        };
        assert_eq!(problem(delete("\"1\"").await).await.1, "CHANGED");
        assert_eq!(delete("\"4\"").await.status(), 204);
        assert_eq!(problem(app.get(&of_jane, &key).await).await.0, 404);
        assert_eq!(problem(delete("*").await).await.0, 404);
    }

    async fn what_is_wrong_with_an_account_is_named_and_not_repeated(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (key, path) = owner(&app).await;
        let with = |field: &str, value: Value| {
            let mut body = json!({"email": jane(), "name": "Jane"});
            body[field] = value;
            body
        };
        for (body, field) in [
            (with("email", json!("jane-canary")), "email"),
            (with("name", json!(" ")), "name"),
            (with("password", json!("a canary")), "password"),
            (with("password", json!("canary".repeat(200))), "password"),
            (with("passwordHash", json!("canary")), "passwordHash"),
        ] {
            let text = app.post(&path, &key, body.clone()).await.text().await.unwrap();
            assert!(!text.contains("canary"), "{text}");
            assert_eq!(problem(app.post(&path, &key, body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        let mut both = with("password", json!(PASSWORD));
        both["passwordHash"] = json!("$2b$04$uxZZG8wGzkGbSHmfSdyDxOC3LmbSPOTBfAXnmyoaTKM4dIVuQZbVC");
        assert_eq!(problem(app.post(&path, &key, both).await).await.2, "passwordHash");
        let search = app.post(&format!("{path}/search"), &key, json!({"email": CANARY})).await;
        assert_eq!(problem(search).await, (400, "INVALID_BODY".into(), "email".into()));
        let in_the_url = app.get(&format!("{path}?email=jane%40example.org"), &key).await;
        assert_eq!(problem(in_the_url).await, (400, "INVALID_QUERY".into(), "email".into()));
        assert_eq!(app.read(&path, &key).await["users"], json!([]));
    }
}
