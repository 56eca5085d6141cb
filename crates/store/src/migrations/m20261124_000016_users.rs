//! Patients who can sign in.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("users")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(blob_null("email_mark"))
        .col(blob_null("email"))
        .col(blob_null("subject_mark"))
        .col(blob_null("subject"))
        .col(blob("name"))
        .col(blob_null("password_hash"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        // Found by the one or by the other.
        .check(Expr::cust("(email_mark IS NULL) <> (subject_mark IS NULL)"))
        .foreign_key(
            ForeignKey::create()
                .name("users_tenant_id_fkey")
                .from("users", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    for mark in ["email_mark", "subject_mark"] {
        manager.create_index(unique("users", ["tenant_id", mark])).await?;
    }
    manager.create_index(unique("users", ["tenant_id", "id"])).await
}
