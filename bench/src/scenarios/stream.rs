//! Answers that stream: what a token costs, and how much later than it could it arrives.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{Meter, Row, Running, Sizes, clock::shared_micros, load, provider::Stamps, report::percentile};
use crate::{
    protocol::socket::ChatSocket,
    server::hospital::{ANSWER_WORDS, PACE_MS},
};

/// The time over which paced streams begin: that of an answer, so that at any time some begin, most run, and some end.
const STAGGER: Duration = Duration::from_millis(PACE_MS * ANSWER_WORDS as u64);

/// How long an answer may take on a machine that has too much to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// How lateness is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lateness {
    /// Not at all: tokens come as fast as they go.
    Unknown,
    /// By the time since the token before, beyond the pace that the app asks for.
    BeyondPace(Duration),
    /// By the time that the model wrote into each token.
    SinceStamp,
}

/// What one socket, or all of them, saw.
#[derive(Default)]
struct Seen {
    tokens: u64,
    frames: u64,
    /// Lateness of each token in microseconds.
    late: Vec<u64>,
}

pub async fn paced(running: &Running, project: &str, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let lateness = Lateness::BeyondPace(running.pace);
    measure(running, project, sizes.streams, sizes.rounds, lateness).await
}

pub async fn at_once(running: &Running, project: &str, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    measure(running, project, sizes.fast_streams, sizes.fast_rounds, Lateness::Unknown).await
}

pub async fn from_model(running: &Running, project: &str, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    measure(running, project, sizes.streams, sizes.rounds, Lateness::SinceStamp).await
}

async fn measure(
    running: &Running,
    project: &str,
    streams: usize,
    rounds: usize,
    lateness: Lateness,
) -> anyhow::Result<Vec<Row>> {
    let sessions = load::sessions(running, project, streams).await?;
    let mut sockets = Vec::new();
    for (number, session) in sessions.iter().enumerate() {
        sockets.push(load::socket(&running.address, session, number).await?);
    }
    let meter = Meter::start(running);
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, mut socket) in sockets.into_iter().enumerate() {
        // Visitors do not press the key at the same time; streams in step would measure how a crowd is received.
        let stagger = match lateness {
            Lateness::Unknown => Duration::ZERO,
            Lateness::BeyondPace(_) | Lateness::SinceStamp => STAGGER.mul_f64(number as f64 / streams as f64),
        };
        tasks.spawn(async move {
            sleep(stagger).await;
            let mut seen = Seen::default();
            for round in 0..rounds {
                load::ask(&mut socket, round).await?;
                // One clock for an answer: one for each frame would cost more than to read it.
                let heard = timeout(PATIENCE, hear_answer(&mut socket, lateness, &mut seen));
                heard.await.context("an answer does not end")??;
            }
            anyhow::Ok(seen)
        });
    }
    let mut all = Seen::default();
    while let Some(done) = tasks.join_next().await {
        let seen = done??;
        all.tokens += seen.tokens;
        all.frames += seen.frames;
        all.late.extend(seen.late);
    }
    let elapsed = started.elapsed();
    Ok(rows(&mut all, streams, elapsed, meter.cpu_seconds()))
}

/// Follows one answer to its end, and counts the words that are stored as its tokens.
async fn hear_answer(socket: &mut ChatSocket, lateness: Lateness, seen: &mut Seen) -> anyhow::Result<()> {
    let mut before: Option<Instant> = None;
    let mut stamps = Stamps::default();
    loop {
        let text = load::heard(socket.next().await)?;
        let frame = load::Frame::parse(&text)?;
        frame.expect_no_error()?;
        if frame.is_answer() {
            seen.tokens += frame.content.as_deref().map_or(0, |text| text.split_whitespace().count()) as u64;
            return Ok(());
        }
        let Some(delta) = frame.delta.as_deref() else { continue };
        seen.frames += 1;
        match lateness {
            Lateness::Unknown => {}
            Lateness::BeyondPace(pace) => {
                let now = Instant::now();
                if let Some(before) = before {
                    let late = (now - before).saturating_sub(pace);
                    seen.late.push(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
                }
                before = Some(now);
            }
            Lateness::SinceStamp => {
                let now = shared_micros();
                stamps.read(delta, |written| seen.late.push(now.saturating_sub(written)));
            }
        }
    }
}

fn rows(seen: &mut Seen, streams: usize, elapsed: Duration, cpu: Option<f64>) -> Vec<Row> {
    let tokens = seen.tokens as f64;
    let mut rows = vec![Row::new(format!("tokens a second, {streams} streams"), tokens / elapsed.as_secs_f64())];
    if let Some(cpu) = cpu {
        rows.push(Row::new("CPU seconds per million tokens", 1e6 * cpu / tokens));
    }
    rows.push(Row::new("tokens per frame", tokens / seen.frames as f64));
    if !seen.late.is_empty() {
        seen.late.sort_unstable();
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            rows.push(Row::new(format!("ms added to a token, {name}"), percentile(&seen.late, share) / 1_000.0));
        }
    }
    rows
}
