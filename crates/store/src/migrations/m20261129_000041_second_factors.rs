//! Staff's second factors: codes from a phone, and recovery codes for when that is lost.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |table: &'static str, column: ColumnDef| Table::alter().table(table).add_column(column).to_owned();
    for column in [
        blob_null("totp_secret"),
        timestamp_with_time_zone_null("totp_confirmed_at"),
        big_integer_null("totp_last_step"),
        integer("totp_attempts").default(0).to_owned(),
        timestamp_with_time_zone_null("totp_attempted_at"),
        blob_null("recovery_codes"),
    ] {
        manager.alter_table(add("staff_members", column)).await?;
    }
    manager.alter_table(add("staff_logins", boolean("is_strong").default(false).to_owned())).await
}
