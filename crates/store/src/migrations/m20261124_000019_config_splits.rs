//! Which config versions new conversations were divided among, and when.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("config_splits")
        .col(uuid("app_id"))
        .col(integer("number"))
        .col(uuid("tenant_id"))
        .col(json_binary("arms"))
        .col(text("started_by"))
        .col(timestamp_with_time_zone("started_at"))
        .col(text_null("ended_by"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .primary_key(Index::create().col("app_id").col("number"))
        .foreign_key(&mut same_tenant("config_splits", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await?;
    // One at a time, says the database.
    let mut running = Index::create();
    running
        .name("config_splits_running_key")
        .table("config_splits")
        .col("app_id")
        .unique()
        .and_where(Expr::col("ended_at").is_null());
    manager.create_index(running).await
}
