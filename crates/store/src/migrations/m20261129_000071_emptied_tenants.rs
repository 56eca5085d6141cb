//! When the last row of an erased tenant was gone. Of those that were erased before, what is left goes at the next look.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = timestamp_with_time_zone_null("emptied_at");
    manager.alter_table(Table::alter().table("tenants").add_column(column).to_owned()).await
}
