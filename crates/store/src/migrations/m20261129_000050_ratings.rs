//! What patients think of answers. It lies with the answer, so that it goes when the answer does.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |column: &mut ColumnDef| Table::alter().table("messages").add_column(column.to_owned()).to_owned();
    let mut rating = text_null("rating");
    rating.check(Expr::col("rating").is_in(["up", "down"]));
    manager.alter_table(add(&mut rating)).await?;
    manager.alter_table(add(&mut blob_null("rating_comment"))).await?;
    let mut rated = Index::create();
    rated
        .name("messages_rated_idx")
        .table("messages")
        .col("tenant_id")
        .col("session_id")
        .and_where(Expr::col("rating").is_not_null());
    manager.create_index(rated).await
}
