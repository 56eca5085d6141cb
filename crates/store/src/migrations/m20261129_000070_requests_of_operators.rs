//! What is asked for once need not be of a tenant: a request that adds one has all zeros in its place, as the installation's chain of
//! the audit trail has.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    // SQLite drops no foreign key from a table that is there.
    connection.execute_unprepared("CREATE TABLE former_requests AS SELECT * FROM idempotent_requests").await?;
    manager.drop_table(Table::drop().table("idempotent_requests").to_owned()).await?;
    let table = Table::create()
        .table("idempotent_requests")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(text("actor"))
        .col(text("key"))
        .col(blob("fingerprint"))
        .col(blob_null("answer"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned();
    manager.create_table(table).await?;
    manager.create_index(unique("idempotent_requests", ["tenant_id", "actor", "key"])).await?;
    let index = Index::create()
        .name("idempotent_requests_created_at_idx")
        .table("idempotent_requests")
        .col("created_at")
        .to_owned();
    manager.create_index(index).await?;
    let columns = "id, tenant_id, actor, key, fingerprint, answer, created_at";
    let take_over = format!("INSERT INTO idempotent_requests ({columns}) SELECT {columns} FROM former_requests");
    connection.execute_unprepared(&take_over).await?;
    manager.drop_table(Table::drop().table("former_requests").to_owned()).await
}
