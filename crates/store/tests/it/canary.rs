//! That what looks for patients' words in the database's files finds them.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use kuzushi_store::{
    Engine,
    testing::{
        Postgres, TestDatabase,
        canary::{CANARY, files_with_it},
    },
};
use sea_orm::{ConnectionTrait, Database};
use tempfile::NamedTempFile;

#[tokio::test]
async fn unsealed_words_are_found_in_sqlites_files() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let folder = database.folder().unwrap().to_owned();
    database.execute(&format!("CREATE TABLE notes AS SELECT '{CANARY}' AS note")).await;
    assert!(!files_with_it(&folder).unwrap().is_empty());
    database.execute("DROP TABLE notes").await;
    database.execute("VACUUM").await;
    assert!(files_with_it(&folder).unwrap().is_empty());
}

#[tokio::test]
async fn unsealed_words_are_found_in_what_postgres_leaves() {
    let report = NamedTempFile::new().unwrap();
    // The server has an account of its own.
    fs::set_permissions(report.path(), fs::Permissions::from_mode(0o666)).unwrap();
    let postgres = Postgres::searched_at_its_end(report.path()).unwrap();
    let url = postgres.create_database("hospital").await;
    let connection = Database::connect(&url).await.unwrap();
    // Written and removed: what is left of it is in the log of what was written.
    for statement in [
        format!("CREATE TABLE notes AS SELECT '{CANARY}' AS note"),
        "DROP TABLE notes".into(),
        "SELECT pg_switch_wal()".into(),
        "CREATE TABLE kept AS SELECT '77301' || '19358264' AS note".into(),
    ] {
        connection.execute_unprepared(&statement).await.unwrap();
    }
    connection.execute_unprepared(&format!("SELECT '{CANARY}' FROM nowhere")).await.unwrap_err();
    connection.close().await.unwrap();
    drop(postgres);
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let text = fs::read_to_string(report.path()).unwrap();
            if text.lines().last().is_some_and(|line| line.starts_with("searched ")) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let found = found.await.expect("it is searched in time");
    for place in ["found pg_wal/", "/data/base/", "/log"] {
        assert!(found.lines().any(|line| line.starts_with("found ") && line.contains(place)), "{place}: {found}");
    }
}
