//! Where an article came from, who answers for it, and until when it holds.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |column: &mut ColumnDef| Table::alter().table("articles").add_column(column.to_owned()).to_owned();
    let mut format = text("format");
    format.default("markdown").check(Expr::col("format").is_in(["markdown", "html", "text", "pdf"]));
    manager.alter_table(add(&mut format)).await?;
    manager.alter_table(add(&mut text_null("file_name"))).await?;
    manager.alter_table(add(text("owner").default(""))).await?;
    manager.alter_table(add(&mut date_null("review_by"))).await?;
    manager.alter_table(add(&mut timestamp_with_time_zone_null("expires_at"))).await
}
