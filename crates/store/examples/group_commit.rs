//! What group commit is worth: new conversations, messages, and questions with their answers a second on a PostgreSQL
//! that syncs every commit to disk, committed in groups and one by one, in turns on the same server; and what each costs
//! this process, which is what it costs the server of a hospital.
//!
//! `cargo run --release --package kuzushi-store --features testing --example group_commit`

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement that fails says so and ends")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use kuzushi_domain::{AnswerOutcome, Clock, Phi, SystemClock, config::AppConfig};
use kuzushi_store::{
    AcceptedMessage, DatabaseOptions, FinishedAnswer, MessageDetails, NewApp, NewConfig, NewSession, NewTenant,
    NewUserMessage, Session, SessionMetadata, Store, TenantScope,
    sealed::OperatorKey,
    testing::{OPERATOR_KEY, Postgres},
};
use rustix::time::{ClockId, clock_gettime};
use tokio::{task::JoinSet, time::Instant};

/// Writes that wait at the same time.
const CLIENTS: usize = 200;
/// Conversations of each: a question that waits for its answer is rare, a hundred of them are not what a store is for.
const CONVERSATIONS: usize = 20;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// As the server has it unless told otherwise.
const POOL: u32 = 16;
const GROUPED: u32 = 256;

#[tokio::main]
async fn main() {
    let server = Postgres::durable().expect("PostgreSQL starts");
    let url = server.create_database("group_commit").await;
    let open = async |group_commit_max| {
        let options =
            DatabaseOptions { url: url.clone(), pool_min: POOL, pool_max: POOL, group_commit_max, keys_file: None };
        Store::open(&options, OperatorKey::from_bytes(&OPERATOR_KEY).expect("a key")).await.expect("the store opens")
    };
    let (grouped, single) = (open(GROUPED).await, open(1).await);
    grouped.migrate().await.expect("migrations");
    let (grouped, single) = scopes(&grouped, &single).await;
    println!("{CLIENTS} writers, {ROUNDS} rounds of {} s each, in turns; medians\n", ROUND.as_secs());
    for what in [Write::Sessions, Write::Messages, Write::Answers] {
        let (mut in_groups, mut one_by_one) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            in_groups.push(round(&grouped, what).await);
            one_by_one.push(round(&single, what).await);
        }
        let (in_groups, one_by_one) = (Round::median(&in_groups), Round::median(&one_by_one));
        let ratio = in_groups.rate / one_by_one.rate;
        println!("{what:?}: {in_groups} in groups, {one_by_one} one commit each: {ratio:.1} times");
    }
}

#[derive(Debug, Clone, Copy)]
enum Write {
    Sessions,
    Messages,
    /// A question that is begun as it is stored, and then its answer of 200 words.
    Answers,
}

/// What a round came to.
struct Round {
    /// Writes a second.
    rate: f64,
    /// CPU time of this process for each, in microseconds.
    cost: f64,
}

impl Round {
    fn median(rounds: &[Self]) -> Self {
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self {
            rate: median(rounds.iter().map(|round| round.rate).collect()),
            cost: median(rounds.iter().map(|round| round.cost).collect()),
        }
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.0}/s ({:.0} µs of CPU each)", self.rate, self.cost)
    }
}

/// A tenant's scope, with the app that its conversations belong to.
#[derive(Clone)]
struct Hospital {
    scope: TenantScope,
    app: kuzushi_domain::Id<kuzushi_domain::id::App>,
}

async fn scopes(grouped: &Store, single: &Store) -> (Hospital, Hospital) {
    let tenant = NewTenant { name: "Hospital".into(), domain: "hospital.example".into() };
    let tenant = grouped.installation().create_tenant(tenant, now()).await.expect("a tenant");
    let scope = grouped.tenant(tenant.id).await.expect("its scope");
    let new = NewApp {
        project_id: "portal".into(),
        name: "Portal".into(),
        description: String::new(),
        allowed_origins: Vec::new(),
    };
    let app = scope.create_app(new, now()).await.expect("an app");
    let config = NewConfig { config: AppConfig::default(), created_by: String::new(), note: String::new() };
    scope.publish_config(app.id, config, now()).await.expect("a config");
    let other = single.tenant(tenant.id).await.expect("its scope");
    (Hospital { scope, app: app.id }, Hospital { scope: other, app: app.id })
}

/// Writes for a while, by clients that write again as soon as the last write is committed. Each has conversations of its
/// own, and goes from one to the next.
async fn round(hospital: &Hospital, what: Write) -> Round {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let hospital = hospital.clone();
        clients.spawn(async move {
            let mut sessions = Vec::with_capacity(CONVERSATIONS);
            for _ in 0..CONVERSATIONS {
                sessions.push(begin(&hospital).await);
            }
            sessions
        });
    }
    let conversations = clients.join_all().await;
    let (start, cpu_before) = (Instant::now(), cpu_time());
    let mut clients = JoinSet::new();
    for sessions in conversations {
        let hospital = hospital.clone();
        clients.spawn(async move {
            let mut written = 0_u32;
            for session in sessions.iter().cycle() {
                if start.elapsed() > ROUND {
                    break;
                }
                match what {
                    Write::Sessions => drop(begin(&hospital).await),
                    Write::Messages => drop(say(&hospital, session, written, false).await),
                    Write::Answers => answer(&hospital, session, written).await,
                }
                written += 1;
            }
            written
        });
    }
    let written = f64::from(clients.join_all().await.into_iter().sum::<u32>());
    Round {
        rate: written / start.elapsed().as_secs_f64(),
        cost: (cpu_time() - cpu_before).as_secs_f64() * 1e6 / written,
    }
}

async fn begin(hospital: &Hospital) -> Session {
    let new = NewSession {
        app: hospital.app,
        widget_instance_id: String::new(),
        owner: None,
        config_version: 1,
        metadata: SessionMetadata::default(),
    };
    hospital.scope.create_session(new, now()).await.expect("a conversation")
}

async fn say(hospital: &Hospital, session: &Session, number: u32, begin: bool) -> AcceptedMessage {
    let new = NewUserMessage {
        message_id: format!("m{number}"),
        content: Phi::new(String::from("When can I visit my mother?")),
        attachments: Vec::new(),
        client_timestamp: None,
        is_spoken: false,
        begin,
        emergency: None,
    };
    hospital.scope.accept_user_message(session, new, now()).await.expect("a stored message")
}

async fn answer(hospital: &Hospital, session: &Session, number: u32) {
    let AcceptedMessage::Stored { turn, .. } = say(hospital, session, number, true).await else {
        panic!("each question is new");
    };
    let outcome = FinishedAnswer::Done {
        content: Phi::new("visiting ".repeat(200)),
        details: MessageDetails::default(),
        outcome: AnswerOutcome::Answered,
    };
    hospital.scope.finish_turn(session, &turn, outcome, now()).await.expect("a stored answer").expect("it runs here");
}

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// CPU time that this process has used.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("time goes forward")
}
