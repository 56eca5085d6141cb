//! Changes that a second person has to approve, and who made which API key: two keys of one person are no two persons.

use sea_orm_migration::{prelude::*, schema::*};

use super::same_tenant;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |table: &'static str, column: &mut ColumnDef| {
        Table::alter().table(table).add_column(column.to_owned()).to_owned()
    };
    manager.alter_table(add("apps", boolean("approval_required").default(false))).await?;
    manager.alter_table(add("apps", integer("revision").default(1))).await?;
    manager.alter_table(add("api_keys", &mut text_null("made_by"))).await?;
    let table = Table::create()
        .table("approval_requests")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(text("change").check(Expr::col("change").is_in(["activate", "roll_back", "split", "end_approval"])))
        .col(integer_null("version"))
        .col(json_binary_null("arms"))
        .col(integer_null("from_version"))
        .col(integer_null("from_split"))
        .col(text("note"))
        .col(text("requested_by"))
        .col(text("requested_by_name"))
        .col(timestamp_with_time_zone("requested_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(text("state").check(Expr::col("state").is_in(["open", "approved", "refused", "withdrawn", "void"])))
        .col(text_null("decided_by"))
        .col(text_null("decided_by_name"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .foreign_key(&mut same_tenant("approval_requests", "app_id", "apps"))
        .to_owned();
    manager.create_table(table).await?;
    let index = Index::create()
        .name("approval_requests_app_id_id_idx")
        .table("approval_requests")
        .col("app_id")
        .col("id")
        .to_owned();
    manager.create_index(index).await
}
