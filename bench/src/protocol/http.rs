//! One HTTP connection, kept open from request to request.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::Target;

/// How long a server may take over one request.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct HttpConnection {
    target: Target,
    open: Option<SendRequest<Full<Bytes>>>,
}

pub struct Response {
    pub status: StatusCode,
    pub body: Bytes,
}

impl HttpConnection {
    /// Connects with the first request.
    pub fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    pub async fn get(&mut self, path: &str, token: &str) -> anyhow::Result<Response> {
        self.request(Method::GET, path, Some(token), Bytes::new()).await
    }

    pub async fn post(&mut self, path: &str, token: Option<&str>, body: Bytes) -> anyhow::Result<Response> {
        self.request(Method::POST, path, token, body).await
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Response> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.target.authority)
            .header(ORIGIN, &self.target.origin);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body))?;
        match timeout(PATIENCE, self.send(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                self.open = None;
                Err(error)
            }
            Err(_) => {
                self.open = None;
                bail!("{path}: no answer within {} s", PATIENCE.as_secs())
            }
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Response> {
        let mut sender = match self.open.take().filter(SendRequest::is_ready) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        sender.ready().await.ok();
        self.open = Some(sender);
        Ok(Response { status, body })
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.target.address().await?).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when the sender is dropped or the server hangs up; the next request then says so.
        tokio::spawn(async move { connection.await.ok() });
        Ok(sender)
    }
}
