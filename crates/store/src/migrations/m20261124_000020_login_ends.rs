//! When a login ends unless it is used: patients who do nothing are signed out.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |column: &mut ColumnDef| Table::alter().table("logins").add_column(column.to_owned()).to_owned();
    manager.alter_table(add(big_integer("idle_seconds").default(1800))).await?;
    manager.alter_table(add(&mut timestamp_with_time_zone_null("ends_at"))).await?;
    // Logins from before keep what they were promised, until they are used again.
    let ends = Query::update().table("logins").value("ends_at", Expr::col("expires_at")).to_owned();
    manager.execute(ends).await?;
    let mut live = Index::create();
    live.name("logins_ends_at_idx").table("logins").col("ends_at").and_where(Expr::col("revoked_at").is_null());
    manager.create_index(live).await
}
