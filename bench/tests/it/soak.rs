//! A few cycles of the soak against the real server.

use kuzushi_bench::soak::{Database, Options, run};

use crate::server::binary;

async fn soak(database: Database, nodes: usize) {
    let options = Options { binary: binary(), database, nodes, cycles: 5, clients: 8, tabs: 3, seed: 20_261_123 };
    let summary = run(&options).await.expect("the soak runs");
    assert_eq!(summary.violations, [], "{summary}");
    assert!(
        summary.acknowledged > 10 && summary.restarts + summary.database_restarts + summary.pauses == 5,
        "{summary}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_mixed_up_on_sqlite() {
    soak(Database::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_mixed_up_on_postgres() {
    soak(Database::Postgres, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_mixed_up_on_two_servers() {
    soak(Database::Postgres, 2).await;
}
