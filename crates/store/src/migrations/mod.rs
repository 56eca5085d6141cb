//! Changes to the schema, one a file, in order. A released one is never edited.

use sea_orm_migration::prelude::*;

mod m20261123_000001_tenants;
mod m20261123_000002_apps;
mod m20261123_000003_app_configs;
mod m20261123_000004_articles;
mod m20261123_000005_sessions;
mod m20261123_000006_messages;
mod m20261123_000007_turns;
mod m20261123_000008_nodes;
mod m20261123_000009_turn_owners;
mod m20261123_000010_article_meanings;

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_tenants::Migration),
            Box::new(m20261123_000002_apps::Migration),
            Box::new(m20261123_000003_app_configs::Migration),
            Box::new(m20261123_000004_articles::Migration),
            Box::new(m20261123_000005_sessions::Migration),
            Box::new(m20261123_000006_messages::Migration),
            Box::new(m20261123_000007_turns::Migration),
            Box::new(m20261123_000008_nodes::Migration),
            Box::new(m20261123_000009_turn_owners::Migration),
            Box::new(m20261123_000010_article_meanings::Migration),
        ]
    }
}

/// The foreign key every tenant's record carries: parent and child belong to the same tenant, says the database.
fn same_tenant(child: &'static str, child_column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{child}_{child_column}_fkey"))
        .from(child, ("tenant_id", child_column))
        .to(parent, ("tenant_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// A unique index named after its table and columns.
fn unique<const N: usize>(table: &'static str, columns: [&'static str; N]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}_key", columns.join("_"))).table(table).unique();
    for column in columns {
        index.col(column);
    }
    index
}
