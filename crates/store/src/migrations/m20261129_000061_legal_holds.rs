//! What must not be erased while a matter is open, and what waits for its end to be erased.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("legal_holds")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(text("subject_kind"))
        // The tenant's own id, an app's, a patient's or a conversation's. No foreign key: a hold outlives nothing, but it has to
        // be placed on what is about to go.
        .col(uuid("subject_id"))
        .col(blob("matter"))
        .col(blob("reason"))
        .col(text("placed_by"))
        .col(timestamp_with_time_zone("placed_at"))
        .col(text_null("lifted_by"))
        .col(timestamp_with_time_zone_null("lifted_at"))
        .col(blob_null("lift_reason"))
        .foreign_key(
            ForeignKey::create()
                .name("legal_holds_tenant_id_fkey")
                .from("legal_holds", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    let mut in_force = Index::create();
    in_force
        .name("legal_holds_in_force_idx")
        .table("legal_holds")
        .col("tenant_id")
        .col("subject_id")
        .and_where(Expr::col("lifted_at").is_null());
    manager.create_index(in_force).await?;
    for (table, column) in [("sessions", "erasure_due_at"), ("users", "deletion_due_at")] {
        let due = Table::alter().table(table).add_column(timestamp_with_time_zone_null(column)).to_owned();
        manager.alter_table(due).await?;
        let mut index = Index::create();
        index
            .name(format!("{table}_{column}_idx"))
            .table(table)
            .col("tenant_id")
            .col(column)
            .and_where(Expr::col(column).is_not_null());
        manager.create_index(index).await?;
    }
    Ok(())
}
