//! Staff of a test: people and API keys of every role, and what is asked with them.

use chrono::TimeDelta;
use kuzushi_domain::{Clock, Id, Phi, StaffRole, SystemClock, id};
use kuzushi_server::auth::{api_keys, staff_scope};
use kuzushi_store::{Enrolment, HoldSubject, NewApiKey, NewLegalHold, NewStaffMember, NewTenant};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{TestApp, own_machines},
    patients::PASSWORD,
    server::{ORIGIN, Server, StartedSession},
};

/// A person who is signed in to the administration.
pub struct StaffAccount {
    pub id: String,
    pub email: String,
    pub tenant: Option<Id<id::Tenant>>,
    pub token: String,
}

/// A person, with the code that lets them choose a password.
pub struct Invited {
    pub id: Id<id::StaffMember>,
    pub email: String,
    pub code: String,
}

impl Server {
    pub async fn staff_login(&self, email: &str, password: &str, tenant: Option<&str>) -> Response {
        let body = json!({"email": email, "password": password, "tenant": tenant});
        self.request(Method::POST, "/v1/admin/auth/login").json(&body).send().await.expect("an answer")
    }
}

impl TestApp {
    /// The tenant of the small hospital.
    pub async fn tenant(&self) -> Id<id::Tenant> {
        let found = self.state.store.installation().tenant_by_domain("general.example").await.expect("the store");
        found.expect("the seeded hospital").id
    }

    /// A tenant that has nothing to do with it.
    pub async fn add_tenant(&self, domain: &str) -> Id<id::Tenant> {
        let new = NewTenant { name: "Elsewhere".into(), domain: domain.into() };
        self.state.store.installation().create_tenant(new, SystemClock.now()).await.expect("a tenant").id
    }

    /// A new API key's text.
    pub async fn key(&self, role: StaffRole, tenant: Id<id::Tenant>) -> String {
        let generated = api_keys::generate().expect("a key");
        let new = NewApiKey {
            id: generated.id,
            tenant: (role != StaffRole::Operator).then_some(tenant),
            role,
            name: format!("a test's {role}"),
            secret_hash: generated.secret_hash,
            created_by: "test".into(),
            expires_at: None,
        };
        self.state.store.installation().create_api_key(new, SystemClock.now()).await.expect("a key");
        generated.text
    }

    /// A person with this role who has chosen [`PASSWORD`] and is signed in.
    pub async fn add_staff(&self, role: StaffRole, tenant: Id<id::Tenant>) -> StaffAccount {
        let tenant = (role != StaffRole::Operator).then_some(tenant);
        let invited = self.invite_staff(role, tenant).await;
        let body = json!({"code": invited.code, "password": PASSWORD});
        let enrolled = self.post("/v1/admin/auth/enrolment", "", body).await;
        assert_eq!(enrolled.status(), 200);
        let body: Value = enrolled.json().await.expect("JSON");
        let token = body["token"].as_str().expect("a token").to_owned();
        StaffAccount { id: invited.id.to_string(), email: invited.email, tenant, token }
    }

    /// A person with this role who has not chosen a password yet.
    pub async fn invite_staff(&self, role: StaffRole, tenant: Option<Id<id::Tenant>>) -> Invited {
        let scope = staff_scope(&self.state, tenant).await.expect("the scope");
        let email = format!("{}@example.org", Uuid::now_v7().simple());
        let now = self.state.clock.now();
        let code = api_keys::generate().expect("a code");
        let enrolment = Enrolment { secret_hash: code.secret_hash, expires_at: now + TimeDelta::days(1) };
        let name = Phi::new(format!("a test's {role}"));
        let new = NewStaffMember { id: code.id, role, email: email.parse().expect("an address"), name, enrolment };
        scope.create_member(new, now).await.expect("a person");
        Invited { id: code.id, email, code: code.text }
    }

    /// Signs in once more, as somebody who has [`PASSWORD`].
    pub async fn sign_in_staff(&self, account: &StaffAccount) -> String {
        let tenant = account.tenant.map(|tenant| tenant.to_string());
        let response = self.staff_login(&account.email, PASSWORD, tenant.as_deref()).await;
        assert_eq!(response.status(), 200);
        let body: Value = response.json().await.expect("JSON");
        body["token"].as_str().expect("a token").to_owned()
    }

    /// The address of an app's resource in the administration.
    pub async fn app_path(&self, project: &str, rest: &str) -> String {
        let tenant = self.tenant().await;
        let scope = self.state.store.tenant(tenant).await.expect("the tenant");
        let app = scope.app_by_project(project).await.expect("the store").expect("the app");
        format!("/v1/admin/tenants/{tenant}/apps/{}{rest}", app.id)
    }

    /// Has the portal's new conversations follow this config, on every node.
    pub async fn configure(&self, key: &str, config: Value) {
        let path = self.app_path("portal", "/configs").await;
        let created = self.post(&path, key, json!({"configData": config})).await;
        assert_eq!(created.status(), 201);
        let version = created.json::<Value>().await.expect("a version")["version"].clone();
        assert_eq!(self.post(&format!("{path}/{version}/activate"), key, json!({})).await.status(), 200);
        // Within a second, nodes know of it.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }

    /// A conversation in another tenant, with an app that the same page may embed.
    pub async fn init_elsewhere(&self) -> StartedSession {
        let tenant = self.add_tenant("other.example").await;
        let owner = self.key(StaffRole::Owner, tenant).await;
        let apps = format!("/v1/admin/tenants/{tenant}/apps");
        let new = json!({"projectId": "elsewhere", "name": "Elsewhere", "allowedOrigins": [ORIGIN]});
        let app: Value = self.post(&apps, &owner, new).await.json().await.expect("JSON");
        let configs = format!("{apps}/{}/configs", app["appId"].as_str().expect("an id"));
        self.post(&configs, &owner, json!({"configData": {}})).await;
        assert_eq!(self.post(&format!("{configs}/1/activate"), &owner, json!({})).await.status(), 200);
        self.init("elsewhere").await
    }

    /// What a key gets at an address, as JSON.
    /// A legal hold on a new conversation.
    pub async fn place_hold(&self) -> String {
        let scope = self.state.store.tenant(self.tenant().await).await.expect("the tenant");
        let session = self.init("portal").await.id.parse().expect("an id");
        let (matter, reason) = (Phi::from("Case 1"), Phi::from("A letter"));
        let new = NewLegalHold { subject: HoldSubject::Session(session), matter, reason };
        scope.place_hold(new, SystemClock.now()).await.expect("a hold").id.to_string()
    }

    /// An agreement of the hospital's with a provider that it runs itself.
    pub async fn agree(&self, endpoint: &str) -> String {
        let scope = self.state.store.tenant(self.tenant().await).await.expect("the tenant");
        let terms = own_machines(endpoint.parse().expect("an endpoint"));
        scope.note_agreement(terms, SystemClock.now()).await.expect("an agreement").id.to_string()
    }

    /// From now on the hospital has agreed to nothing.
    pub async fn withdraw_agreements(&self) {
        let scope = self.state.store.tenant(self.tenant().await).await.expect("the tenant");
        for agreement in scope.agreements(None, 50).await.expect("agreements") {
            scope.withdraw_agreement(agreement.id, "It ended".into(), SystemClock.now()).await.expect("a withdrawal");
        }
    }

    pub async fn read(&self, path: &str, key: &str) -> Value {
        let response = self.get(path, key).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.expect("JSON")
    }
}
