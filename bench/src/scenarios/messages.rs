//! Messages acknowledged in a second, while the server answers them.

use tokio::{task::JoinSet, time::Instant};

use super::{Meter, Row, Running, Sizes, load, report::percentile};

pub async fn measure(running: &Running, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let sessions = load::sessions(running, &running.projects.short, sizes.senders).await?;
    let mut sockets = Vec::new();
    for (number, session) in sessions.iter().enumerate() {
        sockets.push(load::socket(&running.address, session, number).await?);
    }
    let meter = Meter::start(running);
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for mut socket in sockets {
        let messages = sizes.messages;
        tasks.spawn(async move {
            let mut waits = Vec::with_capacity(messages);
            let mut answers = 0;
            for number in 0..messages {
                let sent = Instant::now();
                load::ask(&mut socket, number).await?;
                loop {
                    let text = load::next(&mut socket).await?;
                    let frame = load::Frame::parse(&text)?;
                    frame.expect_no_error()?;
                    answers += usize::from(frame.is_answer());
                    if frame.kind == "ack" {
                        waits.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
                        break;
                    }
                }
            }
            let acknowledged = Instant::now();
            while answers < messages {
                let text = load::next(&mut socket).await?;
                let frame = load::Frame::parse(&text)?;
                frame.expect_no_error()?;
                answers += usize::from(frame.is_answer());
            }
            anyhow::Ok((waits, acknowledged))
        });
    }
    let mut waits = Vec::new();
    let mut last = started;
    while let Some(done) = tasks.join_next().await {
        let (some, acknowledged) = done??;
        waits.extend(some);
        last = last.max(acknowledged);
    }
    let all = waits.len() as f64;
    waits.sort_unstable();
    let mut rows = vec![
        Row::new(format!("acknowledged a second, {} senders", sizes.senders), all / (last - started).as_secs_f64()),
        Row::new("answered a second", all / started.elapsed().as_secs_f64()),
        Row::new("ms to the acknowledgement, p50", percentile(&waits, 0.5) / 1_000.0),
        Row::new("ms to the acknowledgement, p99", percentile(&waits, 0.99) / 1_000.0),
    ];
    if let Some(cpu) = meter.cpu_seconds() {
        rows.push(Row::new("CPU ms each, with its answer", 1_000.0 * cpu / all));
    }
    Ok(rows)
}
