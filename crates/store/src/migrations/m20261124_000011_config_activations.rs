//! Which config version was active when, so that one can go back to the one before.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("config_activations")
        .col(uuid("app_id"))
        .col(integer("number"))
        .col(uuid("tenant_id"))
        .col(integer("version"))
        .col(text("activated_by"))
        .col(timestamp_with_time_zone("activated_at"))
        .primary_key(Index::create().col("app_id").col("number"))
        .foreign_key(&mut same_tenant("config_activations", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await?;
    // Of what was before, only the last is known.
    manager
        .get_connection()
        .execute_unprepared(
            "INSERT INTO config_activations (app_id, number, tenant_id, version, activated_by, activated_at) \
             SELECT app_id, 1, tenant_id, version, created_by, created_at FROM app_configs WHERE is_active",
        )
        .await?;
    Ok(())
}
