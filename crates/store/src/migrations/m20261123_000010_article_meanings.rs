//! What an app's articles mean, so that it is found out once and not at every start.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite's migrations run without a transaction unless they ask for one.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("article_meanings")
            .col(uuid("app_id").primary_key())
            .col(uuid("tenant_id"))
            .col(blob("known"))
            .foreign_key(&mut same_tenant("article_meanings", "app_id", "apps"))
            .to_owned();
        manager.create_table(table).await
    }
}
