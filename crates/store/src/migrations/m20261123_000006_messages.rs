//! Messages: one name and one place each in their session.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("messages")
                .col(uuid("id").primary_key())
                .col(uuid("tenant_id"))
                .col(uuid("session_id"))
                .col(text("message_id"))
                .col(big_integer("seq").check(Expr::col("seq").gt(0)))
                .col(text("role").check(Expr::col("role").is_in(["user", "assistant", "agent", "system"])))
                .col(blob("content"))
                .col(blob_null("details"))
                .col(text_null("in_reply_to"))
                .col(timestamp_with_time_zone("created_at"))
                .foreign_key(&mut same_tenant("messages", "session_id", "sessions"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("messages", ["session_id", "message_id"])).await?;
    manager.create_index(unique("messages", ["session_id", "seq"])).await
}
