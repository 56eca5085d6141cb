//! Changes to the schema, one a file, in order. A released one is never edited.

use std::pin::Pin;

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
mod m20261124_000011_config_activations;
mod m20261124_000012_api_keys;
mod m20261124_000013_audit;
mod m20261124_000016_users;
mod m20261124_000017_logins;
mod m20261124_000018_identity_keys;
mod m20261124_000019_config_splits;
mod m20261124_000020_login_ends;
mod m20261124_000021_retention;
mod m20261129_000040_staff;
mod m20261129_000041_second_factors;
mod m20261129_000042_identity_providers;
mod m20261129_000050_ratings;
mod m20261129_000051_answer_outcomes;
mod m20261129_000052_approvals;
mod m20261129_000053_closed_tenants;
mod m20261129_000054_idempotent_requests;
mod m20261129_000060_keys_apart;
mod m20261129_000061_legal_holds;
mod m20261129_000070_requests_of_operators;
mod m20261129_000071_emptied_tenants;
mod m20261129_000080_emergencies;
mod m20261129_000090_provider_agreements;
mod m20261129_000091_model_spending;
mod m20261129_000100_article_upkeep;
mod m20261129_000101_gaps;
mod m20261129_000110_suites;
mod m20261129_000111_patient_records;
mod m20261130_000140_voice_sessions;
mod m20261130_000150_files;
mod m20261130_000151_measurements;

/// What the files do, each under its name.
macro_rules! changes {
    ($($name:ident),+ $(,)?) => {
        vec![$(Box::new(Change { name: stringify!($name), up: |manager| Box::pin($name::up(manager)) })),+]
    };
}

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        changes![
            m20261123_000001_tenants,
            m20261123_000002_apps,
            m20261123_000003_app_configs,
            m20261123_000004_articles,
            m20261123_000005_sessions,
            m20261123_000006_messages,
            m20261123_000007_turns,
            m20261123_000008_nodes,
            m20261123_000009_turn_owners,
            m20261123_000010_article_meanings,
            m20261124_000011_config_activations,
            m20261124_000012_api_keys,
            m20261124_000013_audit,
            m20261124_000016_users,
            m20261124_000017_logins,
            m20261124_000018_identity_keys,
            m20261124_000019_config_splits,
            m20261124_000020_login_ends,
            m20261124_000021_retention,
            m20261129_000040_staff,
            m20261129_000041_second_factors,
            m20261129_000042_identity_providers,
            m20261129_000050_ratings,
            m20261129_000051_answer_outcomes,
            m20261129_000052_approvals,
            m20261129_000053_closed_tenants,
            m20261129_000054_idempotent_requests,
            m20261129_000060_keys_apart,
            m20261129_000061_legal_holds,
            m20261129_000070_requests_of_operators,
            m20261129_000071_emptied_tenants,
            m20261129_000080_emergencies,
            m20261129_000090_provider_agreements,
            m20261129_000091_model_spending,
            m20261129_000100_article_upkeep,
            m20261129_000101_gaps,
            m20261129_000110_suites,
            m20261129_000111_patient_records,
            m20261130_000140_voice_sessions,
            m20261130_000150_files,
            m20261130_000151_measurements,
        ]
    }
}

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

struct Change {
    name: &'static str,
    up: for<'a> fn(&'a SchemaManager<'_>) -> Outcome<'a>,
}

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Change {
    // SQLite's migrations run without a transaction unless they ask for one.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        (self.up)(manager).await
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
