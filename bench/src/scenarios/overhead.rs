//! What the server itself adds to a model's answer: from the question to the request that leaves for the provider, and from a token that
//! the provider writes to the visitor's socket.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Row, Running, Sizes,
    clock::shared_micros,
    load,
    provider::{Stamps, arrival},
    report::percentile,
};
use crate::{
    protocol::socket::ChatSocket,
    server::hospital::{ANSWER_WORDS, PACE_MS},
};

/// Visitors at the same time: few, since what is measured is the way of one question and not a crowd's.
const VISITORS: usize = 20;
/// Questions of each, one after the other: enough of them for a hundredth to be more than one.
const QUESTIONS: usize = 15;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Microseconds of each question and each token.
#[derive(Default)]
struct Seen {
    to_the_provider: Vec<u64>,
    to_the_socket: Vec<u64>,
}

pub async fn measure(running: &Running, project: &str, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let visitors = VISITORS.min(sizes.streams).max(1);
    let sessions = load::sessions(running, project, visitors).await?;
    let mut tasks = JoinSet::new();
    for (number, session) in sessions.iter().enumerate() {
        let mut socket = load::socket(&running.address, session, number).await?;
        let stagger = Duration::from_millis(PACE_MS * ANSWER_WORDS as u64).mul_f64(number as f64 / visitors as f64);
        tasks.spawn(async move {
            sleep(stagger).await;
            let mut seen = Seen::default();
            for round in 0..QUESTIONS {
                let asked = shared_micros();
                load::ask(&mut socket, round).await?;
                let heard = timeout(PATIENCE, hear(&mut socket, asked, &mut seen));
                heard.await.context("an answer does not end")??;
            }
            anyhow::Ok(seen)
        });
    }
    let mut all = Seen::default();
    while let Some(done) = tasks.join_next().await {
        let seen = done??;
        all.to_the_provider.extend(seen.to_the_provider);
        all.to_the_socket.extend(seen.to_the_socket);
    }
    let mut rows = Vec::new();
    for (way, values) in [
        ("from the question to the request", &mut all.to_the_provider),
        ("from the model's token to the socket", &mut all.to_the_socket),
    ] {
        values.sort_unstable();
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            rows.push(Row::new(format!("ms {way}, {name}"), percentile(values, share) / 1_000.0));
        }
    }
    Ok(rows)
}

/// Follows one answer to its end.
async fn hear(socket: &mut ChatSocket, asked: u64, seen: &mut Seen) -> anyhow::Result<()> {
    let mut stamps = Stamps::default();
    loop {
        let text = load::heard(socket.next().await)?;
        let now = shared_micros();
        let frame = load::Frame::parse(&text)?;
        frame.expect_no_error()?;
        if frame.is_answer() {
            let content = frame.content.as_deref().unwrap_or_default();
            let arrived = arrival(content).context("the model does not say when it was asked")?;
            seen.to_the_provider.push(arrived.saturating_sub(asked));
            return Ok(());
        }
        if let Some(delta) = frame.delta.as_deref() {
            stamps.read(delta, |written| seen.to_the_socket.push(now.saturating_sub(written)));
        }
    }
}
