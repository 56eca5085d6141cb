//! A few cycles of the soak against the real server.

use std::path::PathBuf;

use kuzushi_bench::soak::{Database, Options, run};

/// The server's binary, where the workspace's tests leave it.
fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("KUZUSHI_BINARY") {
        return PathBuf::from(binary);
    }
    let test = std::env::current_exe().expect("this test has a path");
    let binary = test.ancestors().nth(2).expect("tests are in the target folder's `deps`").join("kuzushi");
    assert!(
        binary.is_file(),
        "{} is missing: run `cargo build --package kuzushi-server`, or name a binary in KUZUSHI_BINARY",
        binary.display()
    );
    binary
}

async fn soak(database: Database, nodes: usize) {
    let options = Options { binary: binary(), database, nodes, cycles: 5, clients: 8, tabs: 3, seed: 20_261_123 };
    let summary = run(&options).await.expect("the soak runs");
    assert_eq!(summary.violations, [], "{summary}");
    assert!(summary.acknowledged > 10 && summary.restarts + summary.database_restarts >= 5, "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_mixed_up_on_sqlite() {
    soak(Database::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_mixed_up_on_postgres() {
    soak(Database::Postgres, 1).await;
}
