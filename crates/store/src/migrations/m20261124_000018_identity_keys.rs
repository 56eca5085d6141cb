//! The keys with which hospitals' own sites say who a visitor is, and what they have said already.

use sea_orm_migration::{prelude::*, schema::*};

use super::{same_tenant, unique};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let keys = Table::create()
        .table("identity_keys")
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(uuid("app_id"))
        .col(text("kid"))
        .col(text("algorithm"))
        .col(blob("secret"))
        .col(text("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut same_tenant("identity_keys", "app_id", "apps"))
        .to_owned();
    manager.create_table(keys).await?;
    manager.create_index(unique("identity_keys", ["app_id", "kid"])).await?;
    let uses = Table::create()
        .table("identity_uses")
        .col(uuid("app_id"))
        .col(blob("mark"))
        .col(uuid("tenant_id"))
        .col(timestamp_with_time_zone("expires_at"))
        .primary_key(Index::create().col("app_id").col("mark"))
        .foreign_key(&mut same_tenant("identity_uses", "app_id", "apps"))
        .to_owned();
    manager.create_table(uses).await
}
