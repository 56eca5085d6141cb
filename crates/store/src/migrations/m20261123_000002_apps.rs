//! A tenant's apps.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("apps")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(text_uniq("project_id"))
                .col(text("name"))
                .col(text("description"))
                .col(json_binary("allowed_origins"))
                .col(timestamp_with_time_zone("created_at"))
                .foreign_key(
                    ForeignKey::create()
                        .name("apps_tenant_id_fkey")
                        .from("apps", "tenant_id")
                        .to("tenants", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("apps", ["tenant_id", "id"])).await
}
