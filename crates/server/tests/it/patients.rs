//! Patients of a test, and what they do.

use kuzushi_domain::{Clock, Phi, SystemClock};
use kuzushi_store::{NewUser, User};
use reqwest::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::TestApp,
    canary::{CANARY, typed},
    server::{Server, StartedSession},
};

/// The password of every patient of a test, with the [`CANARY`] in it.
pub const PASSWORD: &str = "four words 7730119358264 one";

impl TestApp {
    /// A patient of the small hospital with an address of their own, or with none of these passwords.
    pub async fn add_patient(&self, password: Option<&str>) -> User {
        let scope = self.state.store.tenant(self.tenant().await).await.expect("the tenant");
        let password_hash = match password {
            Some(password) => Some(self.state.passwords.hash(Phi::from(password)).await.expect("a hash")),
            None => None,
        };
        assert!(PASSWORD.contains(CANARY));
        let email = format!("{CANARY}-{}@example.org", Uuid::now_v7().simple()).parse().expect("an address");
        let new = NewUser { email, name: Phi::new(typed("Jane Doe")), password_hash };
        scope.create_user(new, SystemClock.now()).await.expect("a patient")
    }
}

/// A patient who is signed in.
pub struct SignedIn {
    pub token: String,
    pub body: Value,
}

impl Server {
    pub async fn try_to_sign_in(&self, session: &StartedSession, email: &str, password: &str) -> Response {
        let body = json!({"email": email, "password": password, "sessionId": session.id});
        self.post("/v1/auth/login", &session.token, body).await
    }

    pub async fn sign_in(&self, session: &StartedSession, user: &User) -> SignedIn {
        let response = self.try_to_sign_in(session, user.email.as_ref().expect("an address").expose(), PASSWORD).await;
        assert_eq!(response.status(), 200);
        let body: Value = response.json().await.expect("JSON");
        SignedIn { token: body["token"].as_str().expect("a token").to_owned(), body }
    }
}
