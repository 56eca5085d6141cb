//! What tenants have agreed with those who run language models.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("provider_agreements")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(text("endpoint"))
        .col(text("kind"))
        .col(boolean("covers_text"))
        .col(boolean("covers_voice"))
        .col(date_null("signed_on"))
        .col(date_null("valid_until"))
        .col(text("reason"))
        .col(text("noted_by"))
        .col(timestamp_with_time_zone("noted_at"))
        .col(text_null("withdrawn_by"))
        .col(timestamp_with_time_zone_null("withdrawn_at"))
        .col(text_null("withdrawal_reason"))
        .foreign_key(
            ForeignKey::create()
                .name("provider_agreements_tenant_id_fkey")
                .from("provider_agreements", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    let mut standing = Index::create();
    standing
        .name("provider_agreements_standing_idx")
        .table("provider_agreements")
        .col("tenant_id")
        .col("endpoint")
        .and_where(Expr::col("withdrawn_at").is_null());
    manager.create_index(standing).await
}
