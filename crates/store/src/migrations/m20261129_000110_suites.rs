//! Suites of questions, what came of asking them, and which of them a version has to pass before it is activated.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let suites = Table::create()
        .table("suites")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(text("name"))
        .col(integer("number"))
        .col(text("hash"))
        .col(integer("cases"))
        .col(blob("content"))
        .col(text("written_by"))
        .col(timestamp_with_time_zone("written_at"))
        .foreign_key(&mut same_tenant("suites", "app_id", "apps"))
        .to_owned();
    manager.create_table(suites).await?;
    manager.create_index(unique("suites", ["app_id", "name", "number"])).await?;
    let evaluations = Table::create()
        .table("evaluations")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(integer("version"))
        .col(text("suite"))
        .col(text("suite_hash"))
        .col(text("state").check(Expr::col("state").is_in(["running", "finished", "broken_off"])))
        .col(integer("cases"))
        .col(integer_null("passed"))
        .col(text_null("articles"))
        .col(json_binary_null("expectations"))
        .col(blob_null("report"))
        .col(text("started_by"))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .foreign_key(&mut same_tenant("evaluations", "app_id", "apps"))
        .to_owned();
    manager.create_table(evaluations).await?;
    for (name, columns) in [
        ("evaluations_app_id_id_idx", &["app_id", "id"][..]),
        ("evaluations_app_id_version_suite_hash_idx", &["app_id", "version", "suite_hash"]),
    ] {
        let mut index = Index::create();
        index.name(name).table("evaluations");
        for column in columns {
            index.col(*column);
        }
        manager.create_index(index).await?;
    }
    for column in [text_null("required_suite"), text_null("required_suite_hash"), integer_null("required_share")] {
        let column = Table::alter().table("apps").add_column(column).to_owned();
        manager.alter_table(column).await?;
    }
    requests_for_suites(manager).await
}

/// Has `approval_requests` take one more kind of change. SQLite cannot change what a column is held to, so that it is another table
/// that takes the first one's place.
async fn requests_for_suites(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const COLUMNS: &str = "id, tenant_id, app_id, change, version, arms, from_version, from_split, note, requested_by, requested_by_name, \
                           requested_at, expires_at, state, decided_by, decided_by_name, decided_at";
    let table = Table::create()
        .table("approval_requests_anew")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(text("change").check(Expr::col("change").is_in([
            "activate",
            "roll_back",
            "split",
            "end_approval",
            "require_suite",
        ])))
        .col(integer_null("version"))
        .col(json_binary_null("arms"))
        .col(integer_null("from_version"))
        .col(integer_null("from_split"))
        .col(text("note"))
        .col(text("requested_by"))
        .col(text("requested_by_name"))
        .col(timestamp_with_time_zone("requested_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(text("state").check(Expr::col("state").is_in(["open", "approved", "refused", "withdrawn", "void"])))
        .col(text_null("decided_by"))
        .col(text_null("decided_by_name"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(json_binary_null("requirement"))
        .foreign_key(&mut same_tenant("approval_requests", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await?;
    let connection = manager.get_connection();
    let copy = format!("INSERT INTO approval_requests_anew ({COLUMNS}) SELECT {COLUMNS} FROM approval_requests");
    connection.execute_unprepared(&copy).await?;
    manager.drop_table(Table::drop().table("approval_requests").to_owned()).await?;
    manager.rename_table(Table::rename().table("approval_requests_anew", "approval_requests").to_owned()).await?;
    let index = Index::create()
        .name("approval_requests_app_id_id_idx")
        .table("approval_requests")
        .col("app_id")
        .col("id")
        .to_owned();
    manager.create_index(index).await
}
