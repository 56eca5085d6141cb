//! Nodes: the server processes on this database, and how long each may be taken for alive.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("nodes")
                .col(uuid("id").primary_key())
                .col(text("place"))
                .col(timestamp_with_time_zone("lease_until"))
                .to_owned(),
        )
        .await
}
