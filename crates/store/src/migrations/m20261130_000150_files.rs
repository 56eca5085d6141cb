//! Files that visitors send, sealed with their conversation's key.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let files = Table::create()
        .table("files")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(uuid("session_id"))
        .col(text("media_type"))
        // Of what is kept, before it is sealed.
        .col(big_integer("size"))
        .col(blob("name"))
        .col(blob("content"))
        .col(timestamp_with_time_zone("created_at"))
        // Without it the file waits for its message, and goes after a while.
        .col(timestamp_with_time_zone_null("attached_at"))
        .foreign_key(&mut same_tenant("files", "app_id", "apps"))
        .foreign_key(&mut same_tenant("files", "session_id", "sessions"))
        .to_owned();
    manager.create_table(files).await?;
    manager.create_index(unique("files", ["tenant_id", "id"])).await?;
    // What files take is added up without reading them.
    for (name, column) in [("files_session_id_idx", "session_id"), ("files_app_id_idx", "app_id")] {
        let mut index = Index::create();
        index.name(name).table("files").col("tenant_id").col(column).col("size");
        manager.create_index(index).await?;
    }
    let mut waiting = Index::create();
    waiting
        .name("files_waiting_idx")
        .table("files")
        .col("tenant_id")
        .col("created_at")
        .and_where(Expr::col("attached_at").is_null());
    manager.create_index(waiting).await
}
