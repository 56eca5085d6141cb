//! The administration of staff's accounts.

use kuzushi_domain::StaffRole;
use kuzushi_store::on_both_engines;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{app::TestApp, server::problem};

async fn patch(app: &TestApp, path: &str, key: &str, body: Value, tag: Option<&str>) -> Response {
    let mut request = app.request(Method::PATCH, path).bearer_auth(key).json(&body);
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    request.send().await.unwrap()
}

async fn delete(app: &TestApp, path: &str, key: &str, tag: &str) -> Response {
    app.request(Method::DELETE, path).bearer_auth(key).header("if-match", tag).send().await.unwrap()
}

on_both_engines! {
    async fn staff_are_invited_listed_changed_and_deleted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let of_tenant = (format!("/v1/admin/tenants/{tenant}/staff"), app.key(StaffRole::Owner, tenant).await, "editor");
        let of_operators = ("/v1/admin/staff".to_owned(), app.key(StaffRole::Operator, tenant).await, "operator");
        for (path, key, role) in [of_tenant, of_operators] {
            let mut ann = json!({"email": "Ann@example.org", "name": "Ann"});
            if role != "operator" {
                ann["role"] = json!(role);
            }
            let invited = app.post(&path, &key, ann.clone()).await;
            assert_eq!((invited.status().as_u16(), &invited.headers()["etag"]), (201, &"\"1\"".parse().unwrap()));
            let mut invited: Value = invited.json().await.unwrap();
            let code = invited.as_object_mut().unwrap().remove("enrolmentCode").unwrap();
            assert!(code.as_str().unwrap().starts_with(invited["staffId"].as_str().unwrap()));
            assert_eq!((&invited["role"], &invited["hasPassword"]), (&json!(role), &json!(false)));
            assert_eq!(invited.get("tenantId").is_some(), role != "operator");
            let again = app.post(&path, &key, ann.clone()).await;
            assert_eq!((again.status().as_u16(), again.json::<Value>().await.unwrap()), (200, invited.clone()), "no second code");
            ann["name"] = json!("Another");
            assert_eq!(problem(app.post(&path, &key, ann).await).await.1, "ALREADY_EXISTS");
            let mut bob = json!({"email": "bob@example.org", "name": "Bob"});
            if role != "operator" {
                bob["role"] = json!("owner");
            }
            let mut bob: Value = app.post(&path, &key, bob).await.json().await.unwrap();
            bob.as_object_mut().unwrap().remove("enrolmentCode");
            assert_eq!(app.read(&path, &key).await["staff"], json!([bob, invited]));
            let page = app.read(&format!("{path}?limit=1"), &key).await;
            assert_eq!(page["staff"], json!([bob]));
            let rest = app.read(&format!("{path}?before={}", page["before"].as_str().unwrap()), &key).await;
            assert_eq!(rest["staff"], json!([invited]));

            let of_ann = format!("{path}/{}", invited["staffId"].as_str().unwrap());
            assert_eq!(app.read(&of_ann, &key).await, invited);
            let renamed = patch(&app, &of_ann, &key, json!({"name": "Ann B.", "ifVersion": 1}), None).await;
            let renamed: Value = renamed.json().await.unwrap();
            assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Ann B."), &json!(2)));
            let late = patch(&app, &of_ann, &key, json!({"disabled": true}), Some("\"1\"")).await;
            assert_eq!(problem(late).await.1, "CHANGED");
            let renewed = app.post(&format!("{of_ann}/enrolment"), &key, json!({})).await.json::<Value>().await.unwrap();
            assert!(renewed["enrolmentCode"].is_string() && renewed["enrolmentCode"] != code);
            let old = json!({"code": code, "password": "four words make one"});
            assert_eq!(problem(app.post("/v1/admin/auth/enrolment", "", old).await).await.1, "INVALID_ENROLMENT");
            assert_eq!(problem(delete(&app, &of_ann, &key, "\"1\"").await).await.1, "CHANGED");
            assert_eq!(delete(&app, &of_ann, &key, "\"3\"").await.status(), 204);
            assert_eq!(problem(app.get(&of_ann, &key).await).await.0, 404);
        }
    }

    async fn what_is_wrong_with_an_invitation_is_named_and_not_repeated(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let (key, path) = (app.key(StaffRole::Owner, tenant).await, format!("/v1/admin/tenants/{tenant}/staff"));
        for (field, value) in [("email", "ann-canary"), ("name", " "), ("role", "canary"), ("role", "operator")] {
            let mut body = json!({"email": "ann@example.org", "name": "Ann", "role": "editor"});
            body[field] = json!(value);
            let text = app.post(&path, &key, body.clone()).await.text().await.unwrap();
            assert!(!text.contains("canary"), "{text}");
            assert_eq!(problem(app.post(&path, &key, body).await).await, (400, "INVALID_BODY".into(), field.into()));
        }
        assert_eq!(app.read(&path, &key).await["staff"], json!([]));
    }

    async fn nobody_raises_themselves_or_reaches_into_another_tenant(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let elsewhere = app.add_tenant("elsewhere.example").await;
        let owner = app.add_staff(StaffRole::Owner, tenant).await;
        let other_owner = app.add_staff(StaffRole::Owner, elsewhere).await;
        let editor = app.add_staff(StaffRole::Editor, tenant).await;
        let operator = app.add_staff(StaffRole::Operator, tenant).await;
        let path = format!("/v1/admin/tenants/{tenant}/staff");
        let of = |id: &str| format!("{path}/{id}");

        let raised = patch(&app, &of(&editor.id), &editor.token, json!({"role": "owner"}), None).await;
        assert_eq!(problem(raised).await.0, 403);
        let raised = patch(&app, &of(&owner.id), &owner.token, json!({"role": "operator"}), None).await;
        assert_eq!(problem(raised).await, (400, "INVALID_BODY".into(), "role".into()));
        for change in [json!({"role": "editor"}), json!({"disabled": true})] {
            let own = patch(&app, &of(&owner.id), &owner.token, change, None).await;
            assert_eq!(problem(own).await, (409, "OWN_ACCOUNT".into(), String::new()));
        }
        assert_eq!(problem(delete(&app, &of(&owner.id), &owner.token, "*").await).await.1, "OWN_ACCOUNT");
        assert_eq!(patch(&app, &of(&owner.id), &owner.token, json!({"name": "Ann"}), None).await.status(), 200);

        for (token, expected) in [(&owner.token, 403), (&other_owner.token, 403), (&editor.token, 403)] {
            assert_eq!(app.get("/v1/admin/staff", token).await.status(), expected);
            assert_eq!(app.get(&format!("/v1/admin/staff/{}", operator.id), token).await.status(), expected);
        }
        // Another tenant's people do not exist, nor do operators in tenants or the other way round.
        for (path, token) in [
            (of(&owner.id), &other_owner.token),
            (format!("/v1/admin/tenants/{elsewhere}/staff/{}", owner.id), &other_owner.token),
            (of(&operator.id), &owner.token),
            (of(&operator.id), &operator.token),
            (format!("/v1/admin/staff/{}", owner.id), &operator.token),
        ] {
            for response in [
                app.get(&path, token).await,
                patch(&app, &path, token, json!({"disabled": true}), None).await,
                delete(&app, &path, token, "*").await,
                app.post(&format!("{path}/enrolment"), token, json!({})).await,
            ] {
                assert_eq!(problem(response).await.0, 404, "{path}");
            }
        }
    }

    async fn the_last_owner_and_the_last_operator_stay(engine: Engine) {
        let app = TestApp::start(engine).await;
        let tenant = app.tenant().await;
        let key = app.key(StaffRole::Operator, tenant).await;
        for (path, role) in [
            (format!("/v1/admin/tenants/{tenant}/staff"), StaffRole::Owner),
            ("/v1/admin/staff".to_owned(), StaffRole::Operator),
        ] {
            let ann = app.add_staff(role, tenant).await;
            let of_ann = format!("{path}/{}", ann.id);
            let kept = patch(&app, &of_ann, &key, json!({"disabled": true}), None).await;
            let detail: Value = kept.json().await.unwrap();
            assert_eq!((&detail["status"], &detail["code"]), (&json!(409), &json!("LAST_IN_CHARGE")));
            assert!(detail["detail"].as_str().unwrap().contains(&format!("Make somebody else {role} first")), "{detail}");
            assert_eq!(problem(delete(&app, &of_ann, &key, "*").await).await.1, "LAST_IN_CHARGE");
            let bob = app.add_staff(role, tenant).await;
            assert_eq!(delete(&app, &of_ann, &key, "*").await.status(), 204);
            assert_eq!(problem(delete(&app, &format!("{path}/{}", bob.id), &key, "*").await).await.1, "LAST_IN_CHARGE");
        }
    }
}
