//! Knowledge articles.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("articles")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(uuid("app_id"))
                .col(text("slug"))
                .col(text("title"))
                .col(text("summary"))
                .col(text_null("url"))
                .col(json_binary("questions"))
                .col(text("body"))
                .col(text("locale"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut same_tenant("articles", "app_id", "apps"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("articles", ["app_id", "slug"])).await
}
