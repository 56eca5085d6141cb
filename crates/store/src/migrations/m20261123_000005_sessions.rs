//! Conversations.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("sessions")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(uuid("app_id"))
                .col(text("widget_instance_id"))
                .col(uuid_null("user_id"))
                .col(integer("config_version"))
                .col(big_integer("last_seq").check(Expr::col("last_seq").gte(0)))
                .col(blob_null("wrapped_key"))
                .col(blob_null("metadata"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("last_active_at"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .foreign_key(&mut same_tenant("sessions", "app_id", "apps"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("sessions", ["tenant_id", "id"])).await?;
    manager
        .create_index(
            Index::create()
                .name("sessions_app_id_created_at_idx")
                .table("sessions")
                .col("app_id")
                .col("created_at")
                .to_owned(),
        )
        .await
}
