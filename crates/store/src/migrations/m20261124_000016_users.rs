//! Patients who can sign in.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("users")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(blob("email_mark"))
        .col(blob("email"))
        .col(blob("name"))
        .col(blob_null("password_hash"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        .foreign_key(
            ForeignKey::create()
                .name("users_tenant_id_fkey")
                .from("users", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    manager.create_index(unique("users", ["tenant_id", "email_mark"])).await?;
    manager.create_index(unique("users", ["tenant_id", "id"])).await
}
