//! Which patient of the hospital's FHIR server somebody is.

use sea_orm_migration::{prelude::*, schema::*};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Table::alter().table("users").add_column(blob_null("record")).to_owned();
    manager.alter_table(column).await
}
