//! What row-level security costs: the same statements through a tenant's scope, and as the user who is connected, in turns on
//! the same PostgreSQL, which syncs every commit to disk.
//!
//! `cargo run --release --package kuzushi-store --features testing --example row_level_security`

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement that fails says so and ends")]

use std::time::Duration;

use kuzushi_domain::{Clock, Id, Phi, SystemClock, config::AppConfig, id};
use kuzushi_store::{
    DatabaseOptions, NewApp, NewConfig, NewSession, NewTenant, NewUserMessage, Session, SessionMetadata, Store,
    TenantScope,
    sealed::OperatorKey,
    testing::{OPERATOR_KEY, Postgres, reads_of, reads_of_installation, write_of, write_of_installation},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use tokio::{task::JoinSet, time::Instant};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(1);
/// As the server has it unless told otherwise.
const POOL: u32 = 16;
const CONVERSATIONS: usize = 200;
const MESSAGES: usize = 20;

#[derive(Clone)]
struct Place {
    store: Store,
    scope: TenantScope,
    sessions: Vec<Id<id::Session>>,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A conversation's messages, 20 of them.
    History,
    /// A conversation's row.
    Row,
    /// A change of a conversation's row, committed.
    Change,
}

#[tokio::main]
async fn main() {
    let server = Postgres::durable().expect("PostgreSQL starts");
    let url = server.create_database("row_level_security").await;
    let options = DatabaseOptions { url, pool_min: POOL, pool_max: POOL, group_commit_max: 256, keys_file: None };
    let key = OperatorKey::from_bytes(&OPERATOR_KEY).expect("a key");
    let store = Store::open(&options, key).await.expect("the store opens");
    store.migrate().await.expect("migrations");
    let place = fill(store).await;
    println!("{ROUNDS} rounds of {} s each, in turns; medians\n", ROUND.as_secs());
    println!("| | at the same time | without, µs | with, µs | |");
    println!("|---|--:|--:|--:|--:|");
    for what in [What::Row, What::History, What::Change] {
        for clients in [1, 16] {
            let (mut without, mut with) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                without.push(round(&place, what, clients, false).await);
                with.push(round(&place, what, clients, true).await);
            }
            let (without, with) = (median(without), median(with));
            println!("| {what:?} | {clients} | {without:.0} | {with:.0} | {:.2} times |", with / without);
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long one takes, in microseconds, while so many clients do nothing else.
async fn round(place: &Place, what: What, clients: usize, as_tenant: bool) -> f64 {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for client in 0..clients {
        let place = place.clone();
        running.spawn(async move {
            let mut done = 0_u32;
            for session in place.sessions.iter().cycle().skip(client * 7) {
                if start.elapsed() > ROUND {
                    break;
                }
                once(&place, what, *session, as_tenant).await;
                done += 1;
            }
            done
        });
    }
    let done = f64::from(running.join_all().await.into_iter().sum::<u32>());
    start.elapsed().as_secs_f64() * 1e6 * f64::from(u32::try_from(clients).expect("few clients")) / done
}

async fn once(place: &Place, what: What, session: Id<id::Session>, as_tenant: bool) {
    let sql = match what {
        What::History => "SELECT * FROM messages WHERE tenant_id = $1 AND session_id = $2 ORDER BY seq DESC LIMIT 51",
        What::Row => "SELECT * FROM sessions WHERE tenant_id = $1 AND id = $2",
        What::Change => "UPDATE sessions SET last_active_at = now() WHERE tenant_id = $1 AND id = $2",
    };
    let values = [place.scope.id().uuid().into(), session.uuid().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    match (what, as_tenant) {
        (What::Change, true) => change(write_of(&place.scope).await.expect("a transaction"), statement).await,
        (What::Change, false) => {
            change(write_of_installation(&place.store).await.expect("a transaction"), statement).await;
        }
        (_, true) => read(reads_of(&place.scope), statement).await,
        (_, false) => read(reads_of_installation(&place.store), statement).await,
    }
}

async fn read(connection: &impl ConnectionTrait, statement: Statement) {
    assert!(!connection.query_all_raw(statement).await.expect("rows").is_empty());
}

async fn change(transaction: DatabaseTransaction, statement: Statement) {
    transaction.execute_raw(statement).await.expect("a change");
    transaction.commit().await.expect("a commit");
}

/// A tenant with conversations, and another with as many.
async fn fill(store: Store) -> Place {
    let mut scopes = Vec::new();
    for name in ["one", "other"] {
        let tenant = NewTenant { name: name.into(), domain: format!("{name}.example") };
        let tenant = store.installation().create_tenant(tenant, SystemClock.now()).await.expect("a tenant");
        let scope = store.tenant(tenant.id).await.expect("its scope");
        let sessions = conversations(&scope, name).await;
        scopes.push((scope, sessions));
    }
    let (scope, sessions) = scopes.remove(0);
    Place { store, scope, sessions }
}

async fn conversations(scope: &TenantScope, name: &str) -> Vec<Id<id::Session>> {
    let now = SystemClock.now();
    let new = NewApp {
        project_id: name.to_owned(),
        name: String::from("Portal"),
        description: String::new(),
        allowed_origins: Vec::new(),
    };
    let app = scope.create_app(new, now).await.expect("an app").id;
    let config = NewConfig { config: AppConfig::default(), created_by: String::new(), note: String::new() };
    scope.publish_config(app, config, now).await.expect("a config");
    let mut sessions = Vec::with_capacity(CONVERSATIONS);
    for _ in 0..CONVERSATIONS {
        let new = NewSession {
            app,
            widget_instance_id: String::new(),
            owner: None,
            config_version: 1,
            metadata: SessionMetadata::default(),
        };
        let session = scope.create_session(new, now).await.expect("a conversation");
        for number in 0..MESSAGES {
            say(scope, &session, number).await;
        }
        sessions.push(session.id);
    }
    sessions
}

async fn say(scope: &TenantScope, session: &Session, number: usize) {
    let new = NewUserMessage {
        message_id: format!("m{number}"),
        content: Phi::new(String::from("When can I visit my mother?")),
        attachments: Vec::new(),
        client_timestamp: None,
        is_spoken: false,
        begin: false,
        emergency: None,
    };
    scope.accept_user_message(session, new, SystemClock.now()).await.expect("a stored message");
}
