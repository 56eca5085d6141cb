//! What any client of the server can do, whoever runs it.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio_rustls::rustls::ClientConfig;

use crate::{
    authority::Authority,
    canary::{CANARY, typed},
    request::Request,
    socket::Socket,
};

pub const ORIGIN: &str = "https://www.general.example";

/// A running server.
pub struct Server {
    pub address: String,
    http: Client,
    /// Whom to trust, where the server speaks TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// What `session/init` answered.
#[derive(Clone)]
pub struct StartedSession {
    pub id: String,
    pub token: String,
    pub body: Value,
}

fn browser() -> ClientBuilder {
    Client::builder().user_agent(typed("Mozilla/5.0"))
}

impl Server {
    pub fn at(address: String) -> Self {
        Self { address, http: browser().build().expect("a client"), tls: None }
    }

    /// One that speaks TLS, with a certificate of this authority.
    pub fn over_tls(address: String, authority: &Authority) -> Self {
        let http = browser().tls_certs_only([authority.for_http()]).build().expect("a client");
        Self { address, http, tls: Some(authority.for_sockets()) }
    }

    fn scheme(&self, plain: &str) -> String {
        format!("{plain}{}", if self.tls.is_some() { "s" } else { "" })
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        self.http.request(method, format!("{}://{}{path}", self.scheme("http"), self.address)).into()
    }

    pub async fn get(&self, path: &str, token: &str) -> Response {
        self.request(Method::GET, path).bearer_auth(token).send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Response {
        self.request(Method::POST, path).bearer_auth(token).json(&body).send().await.expect("an answer")
    }

    pub fn init_request(&self, project: &str) -> Request {
        self.request(Method::POST, "/v1/widget/session/init").header("origin", ORIGIN).json(&json!({
            "projectId": project,
            "widgetInstanceId": "widget-1",
            "pageUrl": format!("https://www.general.example/visit?name={CANARY}#{CANARY}"),
            "hostOrigin": ORIGIN,
            "userAgent": typed("Mozilla/5.0"),
            "locale": "en-US",
        }))
    }

    pub async fn init(&self, project: &str) -> StartedSession {
        let response = self.init_request(project).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::CREATED);
        let body: Value = response.json().await.expect("JSON");
        StartedSession {
            id: body["sessionId"].as_str().expect("an id").to_owned(),
            token: body["token"].as_str().expect("a token").to_owned(),
            body,
        }
    }

    /// A socket of the session, let in and greeted.
    pub async fn connect(&self, session: &StartedSession) -> Socket {
        let mut socket = self.open(&format!("?sessionId={}&token={}", session.id, session.token), Some(ORIGIN)).await;
        let ack = socket.next().await;
        assert_eq!((ack["type"].as_str(), ack["sessionId"].as_str()), (Some("session_ack"), Some(session.id.as_str())));
        socket
    }

    /// A socket with this query, whatever comes of it.
    pub async fn open(&self, query: &str, origin: Option<&str>) -> Socket {
        self.open_at("/ws/chat", query, origin).await
    }

    /// The same for calls.
    pub async fn open_voice(&self, query: &str, origin: Option<&str>) -> Socket {
        self.open_at("/ws/voice", query, origin).await
    }

    async fn open_at(&self, path: &str, query: &str, origin: Option<&str>) -> Socket {
        let url = format!("{}://{}{path}{query}", self.scheme("ws"), self.address);
        Socket::open(&url, origin, self.tls.clone()).await
    }
}

/// A problem document's status, code and first field.
pub async fn problem(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.expect("a problem document");
    assert_eq!(body["status"], status);
    assert!(!body["detail"].as_str().expect("a detail").is_empty());
    let field = body["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
    (status, body["code"].as_str().expect("a code").to_owned(), field)
}
