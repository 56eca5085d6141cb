//! An app's suites of questions. No version of one ever changes, so that what was required can be read years later.

use chrono::{DateTime, Utc};
use kuzushi_domain::{AuditAction, Id, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::audit::NewAuditEvent;
use crate::{StoreError, TenantScope, entities::suite, sealed::Place};

/// A version of a suite, without its questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    pub name: String,
    /// 1, 2, 3… within the name.
    pub number: i32,
    /// SHA-256 of what it asks and expects, in hexadecimal.
    pub hash: String,
    pub cases: i32,
    pub written_by: String,
    pub written_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct NewSuite {
    pub name: String,
    pub hash: String,
    pub cases: i32,
    /// Its lines.
    pub content: String,
}

impl From<suite::Model> for Suite {
    fn from(row: suite::Model) -> Self {
        let suite::Model { name, number, hash, cases, written_by, written_at, .. } = row;
        Self { name, number, hash, cases, written_by, written_at }
    }
}

impl TenantScope {
    /// Writes a suite's next version. The same as the newest changes nothing. True: it is new.
    pub async fn write_suite(
        &self,
        app: Id<id::App>,
        new: NewSuite,
        now: DateTime<Utc>,
    ) -> Result<(Suite, bool), StoreError> {
        let transaction = self.write().await?;
        self.lock_configs(&transaction, app).await?;
        let newest = suite::Entity::find()
            .filter(self.of_suite(app, &new.name))
            .order_by_desc(suite::Column::Number)
            .one(&transaction)
            .await?;
        let number = match newest {
            Some(newest) if newest.hash == new.hash => return Ok((newest.into(), false)),
            Some(newest) => newest.number + 1,
            None => 1,
        };
        let id = Id::<id::Suite>::generate();
        let content = self.key().seal(new.content.as_bytes(), self.suite_place(id))?;
        let NewSuite { name, hash, cases, content: _ } = new;
        let written = Suite { name, number, hash, cases, written_by: self.actor().to_string(), written_at: now };
        suite::Entity::insert(suite::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(app.uuid()),
            name: Set(written.name.clone()),
            number: Set(number),
            hash: Set(written.hash.clone()),
            cases: Set(cases),
            content: Set(content),
            written_by: Set(written.written_by.clone()),
            written_at: Set(now),
        })
        .exec_without_returning(&transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::SuiteWritten, app)
            .with(json!({"suite": &written.name, "hash": &written.hash, "cases": cases}));
        self.audit(&transaction, event, now).await?;
        transaction.commit().await?;
        Ok((written, true))
    }

    /// The newest version of each of an app's suites, by name.
    pub async fn suites(&self, app: Id<id::App>) -> Result<Vec<Suite>, StoreError> {
        let rows = suite::Entity::find()
            .filter(self.of_app(app))
            .order_by_asc(suite::Column::Name)
            .order_by_desc(suite::Column::Number)
            .all(self.reader())
            .await?;
        let mut suites: Vec<Suite> = rows.into_iter().map(Suite::from).collect();
        suites.dedup_by(|later, first| later.name == first.name);
        Ok(suites)
    }

    /// A suite with its lines: the newest version, or the one of this hash.
    pub async fn suite(&self, app: Id<id::App>, name: &str, hash: Option<&str>) -> Result<(Suite, String), StoreError> {
        let mut wanted = self.of_suite(app, name);
        if let Some(hash) = hash {
            wanted = wanted.add(suite::Column::Hash.eq(hash));
        }
        let newest = suite::Entity::find().filter(wanted).order_by_desc(suite::Column::Number);
        let row = newest.one(self.reader()).await?.ok_or(StoreError::NotFound)?;
        let content = self.key().open(&row.content, self.suite_place(Id::from_uuid(row.id)))?;
        let content = String::from_utf8(content).map_err(|error| StoreError::Other(format!("a suite: {error}")))?;
        Ok((row.into(), content))
    }

    /// Removes all versions of a suite. Not one that is required of config versions.
    pub async fn remove_suite(&self, app: Id<id::App>, name: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_configs(&transaction, app).await?;
        if row.required_suite.as_deref() == Some(name) {
            return Err(StoreError::SuiteRequired);
        }
        let removed = suite::Entity::delete_many().filter(self.of_suite(app, name)).exec(&transaction).await?;
        if removed.rows_affected == 0 {
            return Err(StoreError::NotFound);
        }
        let event = NewAuditEvent::new(AuditAction::SuiteRemoved, app).with(json!({"suite": name}));
        self.audit(&transaction, event, now).await?;
        Ok(transaction.commit().await?)
    }

    /// The version of a suite, if there is one of this hash.
    pub(crate) async fn check_suite(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        name: &str,
        hash: &str,
    ) -> Result<i32, StoreError> {
        let this = self.of_suite(app, name).add(suite::Column::Hash.eq(hash));
        let cases = suite::Entity::find().select_only().column(suite::Column::Cases).filter(this);
        cases.into_tuple().one(transaction).await?.ok_or(StoreError::NotFound)
    }

    fn of_app(&self, app: Id<id::App>) -> Condition {
        Condition::all().add(suite::Column::TenantId.eq(self.id().uuid())).add(suite::Column::AppId.eq(app.uuid()))
    }

    fn of_suite(&self, app: Id<id::App>, name: &str) -> Condition {
        self.of_app(app).add(suite::Column::Name.eq(name))
    }

    fn suite_place(&self, id: Id<id::Suite>) -> Place {
        Place::new(self.id(), "suites", id.uuid(), "content")
    }
}
