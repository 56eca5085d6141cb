//! What the widget measures of itself, counted by day: nothing that leads to a conversation.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let measurements = Table::create()
        .table("measurements")
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        // A day of UTC: `2026-11-30`.
        .col(text("day"))
        .col(text("kind"))
        // The end of the range of values, or an error's code.
        .col(text("value_range"))
        .col(big_integer("times"))
        .primary_key(Index::create().col("tenant_id").col("app_id").col("day").col("kind").col("value_range"))
        .foreign_key(&mut same_tenant("measurements", "app_id", "apps"))
        .to_owned();
    manager.create_table(measurements).await
}
