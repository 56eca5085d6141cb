//! What patients asked and no article covers: which messages, by topic, and nothing of their words.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let gaps = Table::create()
        .table("gaps")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        // A keyed hash: it tells that two questions have the same topic, and not which.
        .col(blob("topic"))
        // The article that comes nearest. No foreign key: an article may be removed.
        .col(uuid_null("article_id"))
        .col(text("state").check(Expr::col("state").is_in(["open", "resolved"])))
        .col(timestamp_with_time_zone("first_asked_at"))
        .col(timestamp_with_time_zone("last_asked_at"))
        .col(text_null("resolved_by"))
        .col(timestamp_with_time_zone_null("resolved_at"))
        .foreign_key(&mut same_tenant("gaps", "app_id", "apps"))
        .to_owned();
    manager.create_table(gaps).await?;
    manager.create_index(unique("gaps", ["tenant_id", "id"])).await?;
    manager.create_index(unique("gaps", ["app_id", "topic"])).await?;
    let questions = Table::create()
        .table("gap_questions")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("gap_id"))
        .col(uuid("session_id"))
        .col(big_integer("seq"))
        .col(timestamp_with_time_zone("asked_at"))
        .foreign_key(&mut same_tenant("gap_questions", "gap_id", "gaps"))
        .foreign_key(&mut same_tenant("gap_questions", "session_id", "sessions"))
        .to_owned();
    manager.create_table(questions).await?;
    manager.create_index(unique("gap_questions", ["session_id", "seq"])).await?;
    let mut of_gap = Index::create();
    of_gap.name("gap_questions_gap_id_idx").table("gap_questions").col("tenant_id").col("gap_id");
    manager.create_index(of_gap).await
}
