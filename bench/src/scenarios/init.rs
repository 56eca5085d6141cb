//! Sessions started in a second: one at a time, and many at the same time.

use std::time::Duration;

use super::{Meter, Row, Running, Sizes, load};
use crate::protocol::session::init_body;

pub async fn measure(running: &Running, sizes: &Sizes) -> anyhow::Result<Vec<Row>> {
    let body = init_body(&running.projects.short, &running.address.0.origin);
    let request = [load::Request::Post { path: "/v1/widget/session/init", body }];
    let mut rows = Vec::new();
    for connections in [1, sizes.connections] {
        let meter = Meter::start(running);
        let started = load::requests(running, connections, Duration::from_secs(sizes.seconds), &request).await? as f64;
        rows.push(Row::new(format!("a second, {connections} at a time"), started / sizes.seconds as f64));
        if let Some(cpu) = meter.cpu_seconds() {
            rows.push(Row::new(format!("CPU ms each, {connections} at a time"), 1_000.0 * cpu / started));
        }
    }
    Ok(rows)
}
