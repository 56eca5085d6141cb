//! Tenants that are closed, and those whose key was destroyed.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for name in ["closed_at", "erased_at"] {
        let column = timestamp_with_time_zone_null(name).to_owned();
        manager.alter_table(Table::alter().table("tenants").add_column(column).to_owned()).await?;
    }
    Ok(())
}
