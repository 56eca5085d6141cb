//! Finding the conversations whose time is over.

use sea_orm_migration::prelude::*;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut kept = Index::create();
    kept.name("sessions_app_id_last_active_at_idx")
        .table("sessions")
        .col("app_id")
        .col("last_active_at")
        .and_where(Expr::col("wrapped_key").is_not_null());
    manager.create_index(kept).await
}
