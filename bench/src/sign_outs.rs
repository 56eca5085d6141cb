//! How long a socket stays open on one node after its patient has signed out on another.

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use hyper::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    logins::{add_accounts, email_of, password_of, quantile},
    protocol::{
        http::HttpConnection,
        session::{self, Session},
        socket::{ChatSocket, Heard},
    },
    server::{
        hospital::{self, Apps},
        postgres::{Durability, Postgres},
        process::{Installation, ServerProcess},
    },
};

/// The close code of somebody who has signed out.
const SIGNED_OUT: u16 = 4008;
/// How long nodes may take to hear of each other.
const ACQUAINTANCE: Duration = Duration::from_secs(6);
/// A socket that is open this long afterwards stays open.
const PATIENCE: Duration = Duration::from_secs(10);

/// Milliseconds from the moment when signing out is asked for to the moment when a socket on the other node is closed.
pub struct Delays(Vec<f64>);

/// Signs patients in on one of two nodes, opens a socket on the other with their token, and signs them out again.
pub async fn run(binary: PathBuf, patients: usize) -> anyhow::Result<Delays> {
    let postgres = Postgres::start(Durability::Disk)?;
    let folder = TempDir::new()?;
    let installation = Installation {
        binary,
        folder: folder.path().to_owned(),
        database_url: Some(postgres.create_database("kuzushi")?),
        environment: Vec::new(),
    };
    installation.seed(Apps::BuiltIn).await?;
    let key = installation.operator_key().await?;
    let mut nodes = [ServerProcess::new(installation.clone(), "one")?, ServerProcess::new(installation, "other")?];
    for node in &mut nodes {
        node.start().await?;
    }
    sleep(ACQUAINTANCE).await;
    let target = nodes[1].target();
    let mut http = HttpConnection::new(nodes[0].target());
    add_accounts(&mut http, &key, patients).await?;
    let mut delays = Vec::new();
    for number in 0..patients {
        let session = session::init(&mut http, hospital::AT_ONCE, hospital::ORIGIN, None).await?;
        let login = json!({"email": email_of(number), "password": password_of(number), "sessionId": session.id});
        let signed_in = http.post("/v1/auth/login", Some(&session.token), login.to_string().into()).await?;
        ensure!(signed_in.status == StatusCode::OK, "signing in answered {}", signed_in.status);
        let signed_in: Value = serde_json::from_slice(&signed_in.body)?;
        let token = signed_in["token"].as_str().context("a token")?.to_owned();
        let as_patient = Session { token: token.clone(), ..session };
        let mut socket = ChatSocket::open(&target, target.address().await?, &as_patient, None).await?;
        ensure!(matches!(socket.next().await, Heard::Text(_)), "the socket was not let in");
        // At any moment between two looks of the other node, and not before the socket is told what happens: that takes a client
        // that asks for nothing a second.
        sleep(Duration::from_millis(fastrand::u64(1_000..2_000))).await;
        let start = Instant::now();
        http.post("/v1/auth/logout", Some(&token), "{}".into()).await?;
        let heard = timeout(PATIENCE, socket.next()).await.context("the socket stayed open")?;
        delays.push(start.elapsed().as_secs_f64() * 1e3);
        let Heard::Closed(Some(SIGNED_OUT)) = heard else { bail!("the socket heard {heard:?}") };
    }
    for node in &mut nodes {
        node.stop().await?;
    }
    Ok(Delays(delays))
}

impl fmt::Display for Delays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [middle, longest] = [0.5, 1.0].map(|share| quantile(&self.0, share));
        write!(
            formatter,
            "{} sign-outs, closed on the other node after {middle:.0} ms (median), {longest:.0} ms at most",
            self.0.len()
        )
    }
}
