//! Keys to the administration API.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("api_keys")
        .col(uuid("id").primary_key())
        .col(uuid_null("tenant_id"))
        .col(text("role"))
        .col(text("name"))
        .col(blob("secret_hash"))
        .col(text("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(
            ForeignKey::create()
                .name("api_keys_tenant_id_fkey")
                .from("api_keys", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        // An operator belongs to no tenant, and nobody else is without one.
        .check(Expr::cust("(role = 'operator') = (tenant_id IS NULL)"))
        .to_owned();
    manager.create_table(table).await?;
    let index = Index::create().name("api_keys_tenant_id_idx").table("api_keys").col("tenant_id").to_owned();
    manager.create_index(index).await
}
