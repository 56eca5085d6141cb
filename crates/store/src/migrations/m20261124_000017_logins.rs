//! Who is signed in, and which conversations are whose.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // No foreign key to the user: a deleted one's logins stay as revoked ones, so that every node hears of it.
    let table = Table::create()
        .table("logins")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("user_id"))
        .col(uuid("app_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone("last_seen_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(
            ForeignKey::create()
                .name("logins_tenant_id_fkey")
                .from("logins", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(table).await?;
    for (table, column) in [("logins", "user_id"), ("logins", "revoked_at")] {
        manager.create_index(index(table, column)).await?;
    }
    // The login that made the conversation the patient's: with it the session's own token ends.
    manager.alter_table(Table::alter().table("sessions").add_column(uuid_null("login_id")).to_owned()).await?;
    for column in ["user_id", "login_id"] {
        let mut index = index("sessions", column);
        // Most conversations are nobody's.
        manager.create_index(index.and_where(Expr::col(column).is_not_null()).to_owned()).await?;
    }
    Ok(())
}

fn index(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("{table}_{column}_idx")).table(table).col(column).to_owned()
}
