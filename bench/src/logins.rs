//! Whether the time that a refused sign-in takes tells whether there is such an account.

use std::{fmt, path::PathBuf};

use anyhow::{Context, ensure};
use bytes::Bytes;
use fastrand::Rng;
use hyper::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    protocol::{
        http::HttpConnection,
        session::{self, Session},
    },
    server::{
        hospital::{self, Apps},
        process::{Installation, ServerProcess},
    },
};

/// Accounts that are guessed at.
const ACCOUNTS: usize = 20;
/// Attempts before it counts, while the server's memory grows to what it needs.
const WARM_UP: usize = 20;

pub struct Options {
    pub binary: PathBuf,
    /// Attempts with known and with unknown addresses each.
    pub attempts: usize,
    pub seed: u64,
}

/// How long refusals took, in milliseconds.
#[derive(Default)]
pub struct Timings {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

/// Signs in with wrong passwords, at known and unknown addresses in random order, one after the other.
pub async fn run(options: &Options) -> anyhow::Result<Timings> {
    let folder = TempDir::new()?;
    let installation = Installation {
        binary: options.binary.clone(),
        folder: folder.path().to_owned(),
        database_url: None,
        environment: Vec::new(),
    };
    installation.seed(Apps::BuiltIn).await?;
    let key = installation.operator_key().await?;
    let mut server = ServerProcess::new(installation, "server")?;
    server.start().await?;
    let target = server.target().with_origin(hospital::ORIGIN);
    let mut http = HttpConnection::new(target);
    add_accounts(&mut http, &key, ACCOUNTS).await?;
    let session = session::init(&mut http, hospital::AT_ONCE, hospital::ORIGIN, None).await?;

    let mut random = Rng::with_seed(options.seed);
    let attempt = |is_known: bool, number: usize| {
        let email = email_of(number % ACCOUNTS);
        // As long as a known one.
        (is_known, if is_known { email } else { email.replace("patient", "nobody0") })
    };
    let mut attempts: Vec<_> =
        (0..options.attempts).flat_map(|number| [attempt(true, number), attempt(false, number)]).collect();
    random.shuffle(&mut attempts);
    let mut timings = Timings::default();
    for (_, email) in attempts.iter().take(WARM_UP) {
        refused_after(&mut http, &session, email).await?;
    }
    for (is_known, email) in &attempts {
        let took = refused_after(&mut http, &session, email).await?;
        if *is_known { timings.known.push(took) } else { timings.unknown.push(took) }
    }
    server.stop().await?;
    Ok(timings)
}

/// Gives the hospital accounts.
pub(crate) async fn add_accounts(http: &mut HttpConnection, key: &str, number: usize) -> anyhow::Result<()> {
    let tenants: Value = serde_json::from_slice(&http.get("/v1/admin/tenants", key).await?.body)?;
    let tenant = tenants["tenants"][0]["tenantId"].as_str().context("a tenant")?.to_owned();
    for number in 0..number {
        let body = json!({"email": email_of(number), "name": "Patient", "password": password_of(number)});
        let path = format!("/v1/admin/tenants/{tenant}/users");
        let response = http.post(&path, Some(key), body.to_string().into()).await?;
        ensure!(response.status == StatusCode::CREATED, "adding an account answered {}", response.status);
    }
    Ok(())
}

pub(crate) fn email_of(number: usize) -> String {
    format!("patient-{number}@example.org")
}

pub(crate) fn password_of(number: usize) -> String {
    format!("the password of {number}")
}

async fn refused_after(http: &mut HttpConnection, session: &Session, email: &str) -> anyhow::Result<f64> {
    let body = json!({"email": email, "password": "not the password of any", "sessionId": session.id});
    let body = Bytes::from(body.to_string());
    let start = Instant::now();
    let response = http.post("/v1/auth/login", Some(&session.token), body).await?;
    let took = start.elapsed().as_secs_f64() * 1e3;
    ensure!(response.status == StatusCode::UNAUTHORIZED, "a wrong password answered {}", response.status);
    Ok(took)
}

impl fmt::Display for Timings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, taken) in [("known", &self.known), ("unknown", &self.unknown)] {
            let [low, middle, high] = [0.05, 0.5, 0.95].map(|share| quantile(taken, share));
            writeln!(
                formatter,
                "{name:>8}: {} refusals, median {middle:.2} ms, 5 % below {low:.2}, 5 % above {high:.2}",
                taken.len()
            )?;
        }
        let RankTest { share, z, p } = RankTest::of(&self.known, &self.unknown);
        write!(
            formatter,
            "Mann-Whitney: a known address took longer in {:.1} % of all pairs (z = {z:.2}, p = {p:.3}, two-sided)",
            share * 100.0
        )
    }
}

pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The rank test of Mann and Whitney, by the normal approximation.
struct RankTest {
    /// In which share of all pairs the one is greater; ties count half.
    share: f64,
    z: f64,
    /// How often chance alone makes a difference as large.
    p: f64,
}

impl RankTest {
    fn of(one: &[f64], other: &[f64]) -> Self {
        let mut all: Vec<(f64, bool)> =
            one.iter().map(|value| (*value, true)).chain(other.iter().map(|value| (*value, false))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut rank_sum, mut tie_term, mut done) = (0.0, 0.0, 0);
        for tied in all.chunk_by(|a, b| a.0 == b.0) {
            let count = tied.len() as f64;
            let rank = done as f64 + (count + 1.0) / 2.0;
            rank_sum += rank * tied.iter().filter(|(_, is_one)| *is_one).count() as f64;
            tie_term += count.powi(3) - count;
            done += tied.len();
        }
        let (n, m) = (one.len() as f64, other.len() as f64);
        let u = rank_sum - n * (n + 1.0) / 2.0;
        let total = n + m;
        let variance = n * m / 12.0 * (total + 1.0 - tie_term / (total * (total - 1.0)));
        let z = (u - n * m / 2.0) / variance.sqrt();
        Self { share: u / (n * m), z, p: both_tails(z) }
    }
}

/// The share of a normal distribution that lies farther out than `z`, on both sides: Abramowitz and Stegun, 26.2.17,
/// whose error is below 7.5e-8.
fn both_tails(z: f64) -> f64 {
    let x = z.abs();
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    2.0 * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_the_tables() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (-1.959_964, 0.05), (3.290_527, 0.001)] {
            assert!((both_tails(z) - p).abs() < 1e-6, "{z}: {}", both_tails(z));
        }
    }

    #[test]
    fn ranks_tell_shifted_from_equal() {
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        let equal = RankTest::of(&numbers, &numbers);
        assert!((equal.share - 0.5).abs() < 1e-9 && equal.p > 0.999);
        let shifted: Vec<f64> = numbers.iter().map(|number| number + 30.0).collect();
        let shifted = RankTest::of(&shifted, &numbers);
        assert!(shifted.share > 0.7 && shifted.z > 4.0 && shifted.p < 1e-4);
        // 1 2 4 against 3 5 5: of nine pairs, 4 > 3 is the only one.
        let small = RankTest::of(&[1.0, 2.0, 4.0], &[3.0, 5.0, 5.0]);
        assert!((small.share - 1.0 / 9.0).abs() < 1e-9);
    }
}
