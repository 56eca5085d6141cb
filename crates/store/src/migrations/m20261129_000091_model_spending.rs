//! What language models may cost, and what they did.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let of_tenant = |name: &'static str, table: &'static str| {
        ForeignKey::create()
            .name(name)
            .from(table, "tenant_id")
            .to("tenants", "id")
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned()
    };
    let limits = Table::create()
        .table("spending_limits")
        .col(uuid("tenant_id").primary_key())
        .col(big_integer_null("tokens_per_day"))
        .col(big_integer_null("tokens_per_month"))
        .col(big_integer_null("micros_per_day"))
        .col(big_integer_null("micros_per_month"))
        .col(text("changed_by"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(&mut of_tenant("spending_limits_tenant_id_fkey", "spending_limits"))
        .to_owned();
    manager.create_table(limits).await?;
    let spent = Table::create()
        .table("spending")
        .col(uuid("tenant_id"))
        // The tenant's own id, an app's or a conversation's.
        .col(uuid("subject_id"))
        // A day or a month: `2026-11-29`, `2026-11`.
        .col(text("period"))
        .col(big_integer("tokens"))
        .col(big_integer("micros"))
        .primary_key(Index::create().col("tenant_id").col("subject_id").col("period"))
        .foreign_key(&mut of_tenant("spending_tenant_id_fkey", "spending"))
        .to_owned();
    manager.create_table(spent).await?;
    let usage = Table::create()
        .table("model_usage")
        .col(uuid("tenant_id"))
        .col(date("day"))
        .col(uuid("app_id"))
        .col(integer("config_version"))
        .col(text("provider"))
        .col(text("model"))
        .col(big_integer("requests"))
        .col(big_integer("estimated"))
        .col(big_integer("unpriced"))
        .col(big_integer("input_tokens"))
        .col(big_integer("output_tokens"))
        .col(big_integer("micros"))
        .primary_key(
            Index::create()
                .col("tenant_id")
                .col("day")
                .col("app_id")
                .col("config_version")
                .col("provider")
                .col("model"),
        )
        .foreign_key(&mut same_tenant("model_usage", "app_id", "apps"))
        .to_owned();
    manager.create_table(usage).await
}
