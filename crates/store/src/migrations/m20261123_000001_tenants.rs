//! Organisations.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("tenants")
                .col(uuid("id").primary_key())
                .col(text("name"))
                .col(text_uniq("domain"))
                .col(blob("wrapped_key"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await
}
