//! The scenarios at a size that says nothing about speed: that they measure what they say they do.

use kuzushi_bench::{
    scenarios::{Place, Scenario, Sizes, Started, report::Report, run},
    soak::Database,
};

use crate::server::binary;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_ends_in_a_table() {
    let sizes = Sizes {
        sockets: 20,
        settle_seconds: 0,
        rest_seconds: 1,
        streams: 3,
        rounds: 1,
        fast_streams: 3,
        fast_rounds: 2,
        senders: 2,
        messages: 5,
        connections: 4,
        seconds: 1,
        runs: 1,
    };
    let place = Place::Started(Started { binary: binary(), database: Database::Sqlite, database_url: None });
    let scenarios =
        [Scenario::Idle, Scenario::Stream, Scenario::AtOnce, Scenario::Messages, Scenario::Init, Scenario::History];
    let mut report = Report::default();
    run(&place, &scenarios, &sizes, &mut report).await.expect("the scenarios run");
    let table = report.to_string();
    assert!(report.is_complete(), "{table}");
    for row in [
        "| idle sockets | SQLite | CPU seconds a minute at rest |",
        "| stream, paced | SQLite | ms added to a token, p99 |",
        "| stream, at once | SQLite | CPU seconds per million tokens |",
        "| messages | SQLite | acknowledged a second, 2 senders |",
        "| session/init | SQLite | a second, 4 at a time |",
        "| history | SQLite | a second, 50 messages each, 4 at a time |",
    ] {
        assert!(table.contains(row), "{row} is not in\n{table}");
    }
    assert!(!table.contains("NaN"), "{table}");
}
