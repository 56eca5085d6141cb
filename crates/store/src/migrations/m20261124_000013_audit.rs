//! The audit trail: a chain of events per tenant and one for the installation, and leave to read patients' words.
//!
//! Nothing here refers to a tenant's row: what was done stays on record when the tenant is gone.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let chains = Table::create()
        .table("audit_chains")
        .col(uuid("chain_id").primary_key())
        .col(blob("wrapped_key"))
        .col(big_integer("last_seq"))
        .col(blob("last_hash"))
        .to_owned();
    manager.create_table(chains).await?;
    let events = Table::create()
        .table("audit_events")
        .col(uuid("chain_id"))
        .col(big_integer("seq"))
        .col(timestamp_with_time_zone("recorded_at"))
        .col(text("actor"))
        .col(text("actor_name"))
        .col(text("actor_role"))
        .col(text("action"))
        .col(text("target"))
        .col(text("reason"))
        .col(text("details"))
        .col(blob("hash"))
        .primary_key(Index::create().col("chain_id").col("seq"))
        .to_owned();
    manager.create_table(events).await?;
    let grants = Table::create()
        .table("access_grants")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(text("actor"))
        .col(text("reason"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(
            ForeignKey::create()
                .name("access_grants_tenant_id_fkey")
                .from("access_grants", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(grants).await?;
    let index = Index::create()
        .name("access_grants_tenant_id_actor_expires_at_idx")
        .table("access_grants")
        .col("tenant_id")
        .col("actor")
        .col("expires_at")
        .to_owned();
    manager.create_index(index).await
}
