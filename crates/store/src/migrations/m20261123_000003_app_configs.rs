//! Config versions, of which one an app is active.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("app_configs")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(uuid("app_id"))
                .col(integer("version"))
                .col(boolean("is_active"))
                .col(json_binary("config_data"))
                .col(text("created_by"))
                .col(text("note"))
                .col(timestamp_with_time_zone("created_at"))
                .foreign_key(&mut same_tenant("app_configs", "app_id", "apps"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("app_configs", ["app_id", "version"])).await?;
    let mut one_active = unique("app_configs", ["app_id"]);
    one_active.name("app_configs_one_active").and_where(Expr::col("is_active"));
    manager.create_index(one_active).await
}
