//! That somebody was shown an emergency's notice: of what kind, in which app, when. Not whose conversation it was.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("emergencies")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(text("kind"))
        .col(boolean("is_certain"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut same_tenant("emergencies", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await?;
    let index = Index::create()
        .name("emergencies_app_id_created_at_idx")
        .table("emergencies")
        .col("tenant_id")
        .col("app_id")
        .col("created_at")
        .to_owned();
    manager.create_index(index).await
}
