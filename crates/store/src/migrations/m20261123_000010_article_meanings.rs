//! What an app's articles mean, so that it is found out once and not at every start.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("article_meanings")
        .col(uuid("app_id").primary_key())
        .col(uuid("tenant_id"))
        .col(blob("known"))
        .foreign_key(&mut same_tenant("article_meanings", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await
}
