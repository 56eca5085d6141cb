//! Who vouches for staff: a provider for each tenant, and one for the operators; and sign-ins under way there.

use sea_orm_migration::{prelude::*, schema::*};

use super::unique;

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let providers = Table::create()
        .table("identity_providers")
        // The tenant's identifier, or all zeros for the operators': there is one at most.
        .col(uuid("id").primary_key())
        .col(uuid_null("tenant_id"))
        .col(text("issuer"))
        .col(text("client_id"))
        .col(blob("client_secret"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(&mut to_tenant("identity_providers"))
        .to_owned();
    manager.create_table(providers).await?;
    let attempts = Table::create()
        .table("provider_sign_ins")
        .col(uuid("id").primary_key())
        .col(uuid_null("tenant_id"))
        .col(blob("secret_hash"))
        .col(blob("challenge"))
        .col(text("nonce"))
        .col(blob_null("code_verifier"))
        .col(uuid_null("member_id"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut to_tenant("provider_sign_ins"))
        .to_owned();
    manager.create_table(attempts).await?;
    manager.create_index(unique("provider_sign_ins", ["secret_hash"])).await?;
    for column in ["expires_at", "tenant_id"] {
        let name = format!("provider_sign_ins_{column}_idx");
        manager.create_index(Index::create().name(name).table("provider_sign_ins").col(column).to_owned()).await?;
    }
    let mark = Table::alter().table("staff_members").add_column(blob_null("subject_mark")).to_owned();
    manager.alter_table(mark).await?;
    manager.create_index(unique("staff_members", ["subject_mark"])).await
}

fn to_tenant(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_tenant_id_fkey"))
        .from(table, "tenant_id")
        .to("tenants", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
