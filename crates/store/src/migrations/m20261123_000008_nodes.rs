//! Nodes: the server processes on this database, and how long each may be taken for alive.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite's migrations run without a transaction unless they ask for one.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
}
