//! What the widget measures of itself, counted by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kuzushi_domain::{
    Id, id,
    measurement::{Measured, MeasuredKind},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{StoreError, TenantScope, entities::measurement, given::Given};

/// How often something was measured in a range of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredRange {
    pub kind: MeasuredKind,
    /// The upper end of the range, `more`, or an error's code.
    pub range: String,
    pub times: i64,
}

impl TenantScope {
    /// Counts what an app's widget has measured.
    pub async fn add_measurements(
        &self,
        app: Id<id::App>,
        day: NaiveDate,
        measured: &[Measured],
    ) -> Result<(), StoreError> {
        // In one order, so that two at once never wait for each other, and each row once.
        let mut times = BTreeMap::<Measured, i64>::new();
        for measured in measured {
            *times.entry(*measured).or_default() += 1;
        }
        if times.is_empty() {
            return Ok(());
        }
        let transaction = self.write().await?;
        Given::default()
            .same("tenant_id", self.id().uuid())
            .each("app_id", times.iter().map(|_| app.uuid()))
            .each("day", times.iter().map(|_| day.to_string()))
            .each("kind", times.keys().map(|measured| measured.kind.as_str().to_owned()))
            .each("value_range", times.keys().map(|measured| measured.range.to_owned()))
            .each("times", times.values().copied())
            .execute(&transaction, &[ADD])
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What an app's widget measured from one day to another, both included.
    pub async fn measurements(
        &self,
        app: Id<id::App>,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<MeasuredRange>, StoreError> {
        let rows: Vec<(String, String, i64)> = measurement::Entity::find()
            .select_only()
            .columns([measurement::Column::Kind, measurement::Column::ValueRange, measurement::Column::Times])
            .filter(measurement::Column::TenantId.eq(self.id().uuid()))
            .filter(measurement::Column::AppId.eq(app.uuid()))
            .filter(measurement::Column::Day.between(from.to_string(), until.to_string()))
            .order_by_asc(measurement::Column::Day)
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut sums = BTreeMap::<(String, String), i64>::new();
        for (kind, range, times) in rows {
            *sums.entry((kind, range)).or_default() += times;
        }
        // What an older or newer release counted is left out.
        let known = |((kind, range), times): ((String, String), i64)| {
            kind.parse().ok().map(|kind| MeasuredRange { kind, range, times })
        };
        Ok(sums.into_iter().filter_map(known).collect())
    }

    /// Forgets what was measured before this day.
    pub async fn forget_measurements(&self, before: NaiveDate) -> Result<u64, StoreError> {
        let removed = measurement::Entity::delete_many()
            .filter(measurement::Column::TenantId.eq(self.id().uuid()))
            .filter(measurement::Column::Day.lt(before.to_string()))
            .exec(&self.writer())
            .await?;
        Ok(removed.rows_affected)
    }
}

const ADD: &str = "\
    INSERT INTO measurements (tenant_id, app_id, day, kind, value_range, times) \
    SELECT tenant_id, app_id, day, kind, value_range, times FROM given WHERE TRUE \
    ON CONFLICT (tenant_id, app_id, day, kind, value_range) DO UPDATE SET times = measurements.times + excluded.times";
