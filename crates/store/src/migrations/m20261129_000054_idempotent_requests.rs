//! What was asked for with an idempotency key, and what the answer was, for a day.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("idempotent_requests")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(text("actor"))
        .col(text("key"))
        .col(blob("fingerprint"))
        .col(blob_null("answer"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .name("idempotent_requests_tenant_id_fkey")
                .from("idempotent_requests", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    manager.create_index(unique("idempotent_requests", ["tenant_id", "actor", "key"])).await?;
    let index = Index::create()
        .name("idempotent_requests_created_at_idx")
        .table("idempotent_requests")
        .col("created_at")
        .to_owned();
    manager.create_index(index).await
}
