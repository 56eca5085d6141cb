//! Sessions, sockets and requests by the hundred.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Address, Running};
use crate::{
    protocol::{
        frames::{ClientFrame, Role},
        http::HttpConnection,
        session::{self, Session},
        socket::{ChatSocket, Heard},
    },
    server::{hospital, usage::Usage},
};

/// Sessions that are started at the same time in preparation.
const STARTING: usize = 16;
/// Sockets that share one local address: below the number of ports that a system gives out for one.
const SOCKETS_PER_SOURCE: usize = 20_000;
/// A server rests that uses no more CPU time than this, in seconds, while it is watched for so long.
const AT_REST: f64 = 0.03;
const WATCHED: Duration = Duration::from_secs(1);
/// How long a server may be silent when it has something to say.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts so many sessions.
pub async fn sessions(running: &Running, project: &str, count: usize) -> anyhow::Result<Vec<Session>> {
    let mut tasks = JoinSet::new();
    for worker in 0..STARTING.min(count) {
        let (target, project) = (running.address.0.clone(), project.to_owned());
        let share = count / STARTING.min(count) + usize::from(worker < count % STARTING.min(count));
        tasks.spawn(async move {
            let mut http = HttpConnection::new(target.clone());
            let mut sessions = Vec::with_capacity(share);
            for _ in 0..share {
                sessions.push(session::init(&mut http, &project, &target.origin, None).await?);
            }
            anyhow::Ok(sessions)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(sessions) = tasks.join_next().await {
        all.extend(sessions??);
    }
    Ok(all)
}

/// A socket of the session, let in. `number` tells sockets apart, so that they do not run out of ports.
pub async fn socket(address: &Address, session: &Session, number: usize) -> anyhow::Result<ChatSocket> {
    let (target, at) = address;
    let source = at.ip().is_loopback().then(|| {
        let host = u8::try_from(1 + number / SOCKETS_PER_SOURCE).unwrap_or(u8::MAX);
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, host))
    });
    let mut socket = ChatSocket::open(target, *at, session, source.filter(|_| at.is_ipv4())).await?;
    let greeting = next(&mut socket).await?;
    let kind = Frame::parse(&greeting)?.kind;
    ensure!(kind == "session_ack", "the server greeted with {kind}");
    Ok(socket)
}

/// The next frame's text.
pub async fn next(socket: &mut ChatSocket) -> anyhow::Result<Utf8Bytes> {
    heard(timeout(PATIENCE, socket.next()).await.context("the server says nothing more")?)
}

/// What was heard, which has to be a frame.
pub fn heard(heard: Heard) -> anyhow::Result<Utf8Bytes> {
    match heard {
        Heard::Text(text) => Ok(text),
        Heard::Closed(code) => anyhow::bail!("the server closed a socket with {code:?}"),
    }
}

/// As much of a frame as measuring takes, borrowed from its text where that is possible.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: std::borrow::Cow<'a, str>,
    #[serde(default, borrow)]
    pub delta: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, borrow)]
    pub content: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default, borrow)]
    pub code: Option<std::borrow::Cow<'a, str>>,
}

impl<'a> Frame<'a> {
    pub fn parse(text: &'a str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("a frame")
    }

    pub fn is_answer(&self) -> bool {
        self.kind == "message" && self.role == Some(Role::Assistant)
    }

    /// An error frame is a failed measurement.
    pub fn expect_no_error(&self) -> anyhow::Result<()> {
        ensure!(self.kind != "error", "the server answered with an error: {}", self.code.as_deref().unwrap_or("none"));
        Ok(())
    }
}

/// Sends the question that the long articles answer.
pub async fn ask(socket: &mut ChatSocket, number: usize) -> anyhow::Result<()> {
    let message_id = format!("q{number}");
    socket.send(&ClientFrame::UserMessage { message_id: &message_id, content: hospital::QUESTION }).await
}

/// Has the server do once what it does for the first question to an app, such as reading the app's articles, and waits
/// until it rests: that belongs to a start, not to a question.
pub async fn warm_up(running: &Running, project: &str) -> anyhow::Result<()> {
    let session = sessions(running, project, 1).await?.pop().context("a session")?;
    let mut socket = socket(&running.address, &session, 0).await?;
    ask(&mut socket, 0).await?;
    loop {
        let text = next(&mut socket).await?;
        let frame = Frame::parse(&text)?;
        frame.expect_no_error()?;
        if frame.is_answer() {
            break;
        }
    }
    let until = Instant::now() + PATIENCE;
    while let Some(before) = running.pid.and_then(Usage::of) {
        sleep(WATCHED).await;
        let now = running.pid.and_then(Usage::of).context("the server is gone")?;
        if now.cpu_seconds - before.cpu_seconds <= AT_REST || Instant::now() > until {
            break;
        }
    }
    Ok(())
}

/// A request to be made again and again.
#[derive(Debug, Clone)]
pub enum Request {
    Get { path: String, token: String },
    Post { path: &'static str, body: Bytes },
}

impl Request {
    async fn send(&self, http: &mut HttpConnection) -> anyhow::Result<StatusCode> {
        let response = match self {
            Self::Get { path, token } => http.get(path, token).await?,
            Self::Post { path, body } => http.post(path, None, body.clone()).await?,
        };
        Ok(response.status)
    }
}

/// Requests answered, over so many connections at once, each of which makes the next request as soon as the one before
/// is answered. The connections share out the different requests.
pub async fn requests(
    running: &Running,
    connections: usize,
    time: Duration,
    requests: &[Request],
) -> anyhow::Result<u64> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for request in requests.iter().cycle().take(connections.max(1)) {
        let (target, request) = (running.address.0.clone(), request.clone());
        tasks.spawn(async move {
            let mut http = HttpConnection::new(target);
            let mut answered = 0_u64;
            while Instant::now() < until {
                let status = request.send(&mut http).await?;
                ensure!(status.is_success(), "a request was answered with {status}");
                answered += 1;
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(count) = tasks.join_next().await {
        answered += count??;
    }
    Ok(answered)
}
