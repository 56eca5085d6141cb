//! The server processes on this database, and which of them are alive.

use chrono::{DateTime, TimeDelta, Utc};
use kuzushi_domain::{Id, TurnState, id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};

use crate::{
    Engine, Installation, StoreError,
    entities::{node, turn},
};

/// How long a node counts as alive after it last said so. Others take up its answers after that. Nodes whose clocks
/// are apart by more than this would do each other's work; each answer would still be stored once.
pub const NODE_LEASE: TimeDelta = TimeDelta::seconds(10);

/// The nodes that are alive, other than this one.
pub(crate) fn other_nodes_alive(own: Id<id::Node>, now: DateTime<Utc>) -> SelectStatement {
    Query::select()
        .column(node::Column::Id)
        .from(node::Entity)
        .and_where(node::Column::Id.ne(own.uuid()))
        .and_where(node::Column::LeaseUntil.gt(now))
        .to_owned()
}

pub(crate) async fn is_alive(
    connection: &impl ConnectionTrait,
    node: Id<id::Node>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = node::Entity::find_by_id(node.uuid()).filter(node::Column::LeaseUntil.gt(now)).one(connection).await?;
    Ok(row.is_some())
}

impl Installation {
    /// Says that this node is alive at this place, and for the first time so that it is there. Whoever was at the place
    /// before is dead. Returns how many others are alive.
    pub async fn renew_lease(&self, place: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let row = node::ActiveModel {
            id: Set(self.node().uuid()),
            place: Set(place.to_owned()),
            lease_until: Set(now + NODE_LEASE),
        };
        node::Entity::insert(row)
            .on_conflict(OnConflict::column(node::Column::Id).update_column(node::Column::LeaseUntil).to_owned())
            .exec_without_returning(&transaction)
            .await?;
        // Long dead nodes are forgotten; the embedded database has no other node, so whoever is noted died.
        let dead = match self.engine() {
            Engine::Sqlite => Condition::all(),
            Engine::Postgres => Condition::any()
                .add(node::Column::Place.eq(place))
                .add(node::Column::LeaseUntil.lt(now - NODE_LEASE * 360)),
        };
        let others = node::Column::Id.ne(self.node().uuid());
        node::Entity::delete_many().filter(dead).filter(others).exec(&transaction).await?;
        transaction.commit().await?;
        let others = node::Entity::find()
            .filter(node::Column::Id.ne(self.node().uuid()))
            .filter(node::Column::LeaseUntil.gt(now))
            .count(self.reader())
            .await?;
        Ok(others)
    }

    /// Leaves: what this node was working on waits again, for any other. Returns how many answers were handed over.
    pub async fn leave(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let handed_over = turn::Entity::update_many()
            .col_expr(turn::Column::State, Expr::value(TurnState::Pending.as_str()))
            .col_expr(turn::Column::Owner, Expr::value(None::<uuid::Uuid>))
            .col_expr(turn::Column::UpdatedAt, Expr::value(now))
            .filter(turn::Column::Owner.eq(self.node().uuid()))
            .filter(turn::Column::State.eq(TurnState::Running.as_str()))
            .exec(&transaction)
            .await?;
        node::Entity::delete_by_id(self.node().uuid()).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(handed_over.rows_affected)
    }
}
