//! People who use the administration, and their being signed in.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // What seals and finds the operators, who belong to no tenant. One row.
    let keys =
        Table::create().table("installation_keys").col(uuid("id").primary_key()).col(blob("wrapped_key")).to_owned();
    manager.create_table(keys).await?;
    let members = Table::create()
        .table("staff_members")
        .col(uuid("id").primary_key())
        .col(uuid_null("tenant_id"))
        .col(text("role"))
        .col(blob("email_mark"))
        .col(blob("email"))
        .col(blob("name"))
        .col(blob_null("password_hash"))
        .col(blob_null("enrolment_hash"))
        .col(timestamp_with_time_zone_null("enrolment_expires_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("changed_at"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        .foreign_key(&mut to_tenant("staff_members"))
        // An operator belongs to no tenant, and nobody else is without one.
        .check(Expr::cust("(role = 'operator') = (tenant_id IS NULL)"))
        .to_owned();
    manager.create_table(members).await?;
    // Marks are keyed by tenant, so that this is one account for an address in each.
    manager.create_index(unique("staff_members", ["email_mark"])).await?;
    // No foreign key to the person: who was signed in stays known for a while.
    let logins = Table::create()
        .table("staff_logins")
        .col(uuid("id").primary_key())
        .col(uuid_null("tenant_id"))
        .col(uuid("member_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone("last_seen_at"))
        .col(big_integer("idle_seconds"))
        .col(timestamp_with_time_zone("ends_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(&mut to_tenant("staff_logins"))
        .to_owned();
    manager.create_table(logins).await?;
    for (table, column) in
        [("staff_members", "tenant_id"), ("staff_logins", "tenant_id"), ("staff_logins", "member_id")]
    {
        let index = Index::create().name(format!("{table}_{column}_idx")).table(table).col(column).to_owned();
        manager.create_index(index).await?;
    }
    let mut live = Index::create();
    live.name("staff_logins_ends_at_idx").table("staff_logins").col("ends_at");
    manager.create_index(live.and_where(Expr::col("revoked_at").is_null()).to_owned()).await
}

fn to_tenant(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_tenant_id_fkey"))
        .from(table, "tenant_id")
        .to("tenants", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
