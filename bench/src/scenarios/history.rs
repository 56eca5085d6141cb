//! Pages of history read in a second.

use std::time::Duration;

use anyhow::ensure;
use tokio::task::JoinSet;

use super::{Address, Meter, Row, Running, Sizes, load};
use crate::protocol::{
    http::HttpConnection,
    session::{self, Session},
};

/// Messages in the page that is read.
const PAGE: usize = 50;
/// Conversations that are read in turn.
const CONVERSATIONS: usize = 20;

pub async fn measure(running: &Running, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let sessions = load::sessions(running, &running.projects.short, CONVERSATIONS).await?;
    let mut filling = JoinSet::new();
    for (number, session) in sessions.iter().cloned().enumerate() {
        let address = running.address.clone();
        filling.spawn(async move { fill(&address, &session, number).await });
    }
    while let Some(filled) = filling.join_next().await {
        filled??;
    }
    let mut http = HttpConnection::new(running.address.0.clone());
    let stored = session::history(&mut http, &sessions[0]).await?.len();
    ensure!(stored >= PAGE, "{stored} messages are stored where {PAGE} were written");
    let requests: Vec<load::Request> = sessions
        .iter()
        .map(|session| load::Request::Get {
            path: format!("/v1/sessions/{}/messages?limit={PAGE}", session.id),
            token: session.token.clone(),
        })
        .collect();
    let meter = Meter::start(running);
    let read = load::requests(running, sizes.connections, Duration::from_secs(sizes.seconds), &requests).await? as f64;
    let measure = format!("a second, {PAGE} messages each, {} at a time", sizes.connections);
    let mut rows = vec![Row::new(measure, read / sizes.seconds as f64)];
    if let Some(cpu) = meter.cpu_seconds() {
        rows.push(Row::new("CPU ms each", 1_000.0 * cpu / read));
    }
    Ok(rows)
}

/// Has a conversation of a page's length.
async fn fill(address: &Address, session: &Session, number: usize) -> anyhow::Result<()> {
    let mut socket = load::socket(address, session, number).await?;
    for question in 0..PAGE / 2 {
        load::ask(&mut socket, question).await?;
        loop {
            let text = load::next(&mut socket).await?;
            let frame = load::Frame::parse(&text)?;
            frame.expect_no_error()?;
            if frame.is_answer() {
                break;
            }
        }
    }
    socket.close().await;
    Ok(())
}
