//! Calls: when, how long, how they ended, how good they were. What was said in them is in the conversation.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let calls = Table::create()
        .table("voice_sessions")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(uuid("session_id"))
        // The node that serves it. No foreign key: nodes are forgotten.
        .col(uuid("node_id"))
        .col(text("provider"))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(big_integer_null("duration_seconds"))
        .col(text_null("outcome"))
        // Figures as JSON, and never a word of what was said.
        .col(text_null("metadata"))
        .foreign_key(&mut same_tenant("voice_sessions", "app_id", "apps"))
        .foreign_key(&mut same_tenant("voice_sessions", "session_id", "sessions"))
        .to_owned();
    manager.create_table(calls).await?;
    manager.create_index(unique("voice_sessions", ["tenant_id", "id"])).await?;
    // One call at a time in a conversation, whichever node serves it.
    let mut open = Index::create();
    open.name("voice_sessions_open_key")
        .table("voice_sessions")
        .unique()
        .col("session_id")
        .and_where(Expr::col("ended_at").is_null());
    manager.create_index(open).await?;
    let mut of_session = Index::create();
    of_session.name("voice_sessions_session_id_idx").table("voice_sessions").col("tenant_id").col("session_id");
    manager.create_index(of_session).await
}
