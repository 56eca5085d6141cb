//! The work of answering: one turn a question, found quickly while it is open.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("turns")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(uuid("session_id"))
                .col(text("message_id"))
                .col(big_integer("question_seq"))
                .col(text("answer_id"))
                .col(text("state").check(Expr::col("state").is_in([
                    "pending",
                    "running",
                    "done",
                    "failed",
                    "cancelled",
                ])))
                .col(integer("attempts"))
                .col(text_null("failure"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut same_tenant("turns", "session_id", "sessions"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("turns", ["session_id", "message_id"])).await?;
    let mut open = Index::create();
    open.name("turns_open_idx")
        .table("turns")
        .col("created_at")
        .and_where(Expr::col("state").is_in(["pending", "running"]));
    manager.create_index(open).await
}
