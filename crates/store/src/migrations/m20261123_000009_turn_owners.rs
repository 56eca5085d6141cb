//! A running turn belongs to the node that works on it; a conversation's open turns are found quickly.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // No foreign key: a node that is gone is forgotten, and what it owned counts as nobody's.
    manager.alter_table(Table::alter().table("turns").add_column(uuid_null("owner")).to_owned()).await?;
    let withdrawn = boolean("withdrawn").default(false).to_owned();
    manager.alter_table(Table::alter().table("turns").add_column(withdrawn).to_owned()).await?;
    let mut open = Index::create();
    open.name("turns_open_session_id_idx")
        .table("turns")
        .col("session_id")
        .col("question_seq")
        .and_where(Expr::col("state").is_in(["pending", "running"]));
    manager.create_index(open).await
}
