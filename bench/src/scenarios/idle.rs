//! What a socket costs on which nothing happens.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{Row, Running, Sizes, load};
use crate::{protocol::socket::Heard, server::usage::Usage};

/// How long it may take to get there.
const SETTLE_PATIENCE: Duration = Duration::from_secs(30);
/// Sockets that are opened at the same time.
const OPENING: usize = 32;

pub async fn measure(running: &Running, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let pid = running.pid.context("the server's process is not known: name it with --pid")?;
    // The first of everything costs more than the rest.
    let warm = load::sessions(running, &running.projects.short, 1).await?;
    let _warm = load::socket(&running.address, &warm[0], 0).await?;
    let before = settled(pid, sizes).await?;
    let sessions = load::sessions(running, &running.projects.short, sizes.sockets).await?;
    let with_sessions = settled(pid, sizes).await?;
    let mut opening = JoinSet::new();
    let mut open = JoinSet::new();
    for (number, session) in sessions.into_iter().enumerate() {
        let address = running.address.clone();
        opening.spawn(async move { load::socket(&address, &session, number).await });
        if opening.len() >= OPENING
            && let Some(socket) = opening.join_next().await
        {
            hold(&mut open, socket??);
        }
    }
    while let Some(socket) = opening.join_next().await {
        hold(&mut open, socket??);
    }
    let after = settled(pid, sizes).await?;
    let rest = Duration::from_secs(sizes.rest_seconds.max(1));
    let before_rest = usage(pid)?;
    sleep(rest).await;
    let after_rest = usage(pid)?;
    anyhow::ensure!(open.try_join_next().is_none(), "the server closed a socket that was only idle");
    let each = |bytes: u64, base: u64| (bytes as f64 - base as f64) / sizes.sockets as f64 / 1_024.0;
    let cpu = after_rest.cpu_seconds - before_rest.cpu_seconds;
    Ok(vec![
        Row::new(format!("KB of memory each, {} sockets, with their sessions", sizes.sockets), each(after, before)),
        Row::new("KB of memory each, sockets alone", each(after, with_sessions)),
        Row::new("MB of memory before", before as f64 / 1_048_576.0),
        Row::new("CPU seconds a minute at rest", cpu * 60.0 / rest.as_secs_f64()),
    ])
}

/// Keeps a socket open, answers pings, and ends when the server hangs up.
fn hold(open: &mut JoinSet<()>, mut socket: crate::protocol::socket::ChatSocket) {
    open.spawn(async move { while !matches!(socket.next().await, Heard::Closed(_)) {} });
}

fn usage(pid: u32) -> anyhow::Result<Usage> {
    Usage::of(pid).with_context(|| format!("process {pid} cannot be read from /proc"))
}

/// Memory once it has stopped changing.
async fn settled(pid: u32, sizes: &Sizes) -> anyhow::Result<u64> {
    let deadline = Instant::now() + SETTLE_PATIENCE;
    let mut last = usage(pid)?.resident_bytes;
    loop {
        sleep(Duration::from_secs(sizes.settle_seconds)).await;
        let now = usage(pid)?.resident_bytes;
        if now.abs_diff(last) < 64 * 1_024 || Instant::now() > deadline {
            return Ok(now);
        }
        last = now;
    }
}
