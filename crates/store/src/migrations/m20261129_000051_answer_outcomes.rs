//! How each question was answered, so that it can be counted without opening an answer. Answers from before have none.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let outcome =
        text_null("outcome").check(Expr::col("outcome").is_in(["answered", "referred", "emergency"])).to_owned();
    manager.alter_table(Table::alter().table("turns").add_column(outcome).to_owned()).await
}
