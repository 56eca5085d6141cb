//! Sessions and their history, over HTTP.

use anyhow::{Context, ensure};
use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{frames::Message, http::HttpConnection};

/// Messages in a page of history when all of it is wanted; the most that the contract grants.
const LARGEST_PAGE: u32 = 200;

/// A visitor's session: what `session/init` gave out.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    #[serde(rename = "sessionId")]
    pub id: String,
    pub token: String,
}

/// The body of `session/init`.
pub fn init_body(project: &str, origin: &str) -> Bytes {
    let body = json!({
        "projectId": project,
        "widgetInstanceId": "bench",
        "pageUrl": format!("{origin}/visit"),
        "hostOrigin": origin,
        "userAgent": "kuzushi-bench",
        "locale": "en-US",
    });
    body.to_string().into()
}

/// Starts a session, or resumes the one whose token is given.
pub async fn init(
    connection: &mut HttpConnection,
    project: &str,
    origin: &str,
    resumed: Option<&Session>,
) -> anyhow::Result<Session> {
    let token = resumed.map(|session| session.token.as_str());
    let response = connection.post("/v1/widget/session/init", token, init_body(project, origin)).await?;
    let wanted = if resumed.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    ensure!(
        response.status == wanted,
        "session/init answered {}: {}",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    serde_json::from_slice(&response.body).context("what session/init answered")
}

/// Everything that the server says is stored in a session, oldest first.
pub async fn history(connection: &mut HttpConnection, session: &Session) -> anyhow::Result<Vec<Message>> {
    #[derive(Deserialize)]
    struct Page {
        messages: Vec<Message>,
        before: Option<String>,
    }
    let mut all: Vec<Message> = Vec::new();
    let mut before = None::<String>;
    loop {
        let cursor = before.map(|before| format!("&before={before}")).unwrap_or_default();
        let path = format!("/v1/sessions/{}/messages?limit={LARGEST_PAGE}{cursor}", session.id);
        let response = connection.get(&path, &session.token).await?;
        ensure!(response.status == StatusCode::OK, "the history of {} answered {}", session.id, response.status);
        let mut page: Page = serde_json::from_slice(&response.body).context("a page of history")?;
        page.messages.append(&mut all);
        all = page.messages;
        before = page.before;
        if before.is_none() {
            return Ok(all);
        }
    }
}
