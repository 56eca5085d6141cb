//! Keys are kept apart from what they seal: what the rows have to say themselves from then on.
//!
//! The keys' own table is not made here but wherever it is missing: it lies in another file or schema, which is backed up and
//! brought back by itself. The keys that lie in the rows still are moved after this, in steps that can be broken off.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .alter_table(Table::alter().table("sessions").add_column(timestamp_with_time_zone_null("erased_at")).to_owned())
        .await?;
    let erased = Query::update()
        .table("sessions")
        .value("erased_at", Func::coalesce([Expr::col("ended_at"), Expr::col("last_active_at")]))
        .and_where(Expr::col("wrapped_key").is_null())
        .to_owned();
    manager.execute(erased).await?;
    let mut kept = Index::create();
    kept.name("sessions_app_id_last_active_at_kept_idx")
        .table("sessions")
        .col("app_id")
        .col("last_active_at")
        .and_where(Expr::col("erased_at").is_null());
    manager.create_index(kept).await?;
    manager.alter_table(Table::alter().table("users").add_column(boolean("own_key").default(false)).to_owned()).await?;
    let to_destroy =
        Table::create().table("keys_to_destroy").col(uuid("id").primary_key()).col(uuid("tenant_id")).to_owned();
    manager.create_table(to_destroy).await?;
    // Which store of keys belongs to this database.
    manager.create_table(Table::create().table("key_stores").col(uuid("id").primary_key()).to_owned()).await
}
