//! What an erased tenant leaves: its own row, and its audit trail. Every other row goes, in whatever table it lies.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};
use uuid::Uuid;

use crate::{Installation, StoreError, dialect::Connections, entities::tenant};

/// Rows removed in one go, so that others can write in between.
const BATCH: u64 = 1_000;

/// Has a tenant's rows, and empties itself as keys are destroyed.
const KEYS_TO_DESTROY: &str = "keys_to_destroy";

impl Installation {
    /// Removes what is left of the tenants that were erased. Can be broken off anywhere, and goes on at the next time.
    pub async fn empty_erased_tenants(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let due: Vec<Uuid> = tenant::Entity::find()
            .select_only()
            .column(tenant::Column::Id)
            .filter(tenant::Column::ErasedAt.is_not_null())
            .filter(tenant::Column::EmptiedAt.is_null())
            .into_tuple()
            .all(self.reader())
            .await?;
        if due.is_empty() {
            return Ok(());
        }
        let tables = tables_of_tenants(self.connections()).await?;
        for id in due {
            for table in &tables {
                while self.remove_rows(table, id).await? == BATCH {}
            }
            let transaction = self.write().await?;
            tenant::Entity::update_many()
                .col_expr(tenant::Column::EmptiedAt, Expr::value(now))
                .filter(tenant::Column::Id.eq(id))
                .exec(&transaction)
                .await?;
            transaction.commit().await?;
            tracing::info!(tenant = %Id::<id::Tenant>::from_uuid(id), "removed what was left of an erased tenant");
        }
        self.connections().empty_the_log_of_data().await
    }

    async fn remove_rows(&self, table: &str, tenant: Uuid) -> Result<u64, StoreError> {
        let row = self.connections().address_of_row();
        let batch = Query::select()
            .expr(Expr::cust(row))
            .from(table.to_owned())
            .and_where(Expr::col("tenant_id").eq(tenant))
            .limit(BATCH)
            .to_owned();
        let remove =
            Query::delete().from_table(table.to_owned()).and_where(Expr::cust(row).in_subquery(batch)).to_owned();
        let transaction = self.write().await?;
        let removed = transaction.execute(&remove).await?.rows_affected();
        transaction.commit().await?;
        Ok(removed)
    }
}

/// The tables with tenants' rows, those first that no others refer to: a batch then takes nothing else along.
pub(crate) async fn tables_of_tenants(connections: &Connections) -> Result<Vec<String>, StoreError> {
    let mut left: BTreeMap<String, BTreeSet<String>> = connections.tables_of_tenants().await?.into_iter().collect();
    left.remove(KEYS_TO_DESTROY);
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free =
            |table: &&String| !left.iter().any(|(other, parents)| other != *table && parents.contains(*table));
        // Of some that refer to each other any one will do: the database removes what hangs on a row.
        let next = left.keys().find(is_free).or_else(|| left.keys().next()).cloned();
        let Some(next) = next else { break };
        left.remove(&next);
        ordered.push(next);
    }
    Ok(ordered)
}
