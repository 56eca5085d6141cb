//! New conversations divided among several config versions.

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use kuzushi_domain::{AnswerOutcome, AuditAction, Id, Rating, TurnState, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{audit::NewAuditEvent, configs::active_config};
use crate::{
    StoreError, TenantScope,
    entities::{config_split, message, session, turn},
};

/// A config version, and how many of a hundred new conversations get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    pub version: i32,
    pub weight: u32,
}

/// While it runs, new conversations get one of its arms instead of the active version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// 1, 2, 3… within the app.
    pub number: i32,
    /// By version.
    pub arms: Vec<Arm>,
    pub started_by: String,
    pub started_at: DateTime<Utc>,
    /// None: it runs.
    pub ended_at: Option<DateTime<Utc>>,
}

/// How new conversations are divided as far as whoever wants to change it knows. What is left out of it is not looked at;
/// where all is, so is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaces {
    /// The active version.
    pub version: Option<i32>,
    /// The number of the split that runs. Left out beside a version: none does.
    pub split: Option<i32>,
}

/// What became of an arm's conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArmResult {
    pub version: i32,
    pub conversations: u64,
    /// Those in which somebody wrote.
    pub used: u64,
    pub questions: u64,
    /// Questions that were answered.
    pub answered: u64,
    /// Questions whose answer named people to ask, or whom to call in an emergency.
    pub handed_over: u64,
    /// Those of them that told of an emergency.
    pub emergencies: u64,
    /// Questions whose answer failed.
    pub failed: u64,
    /// Answers that helped, say the patients.
    pub rated_up: u64,
    pub rated_down: u64,
}

impl ArmResult {
    fn add_questions(&mut self, state: Option<TurnState>, outcome: Option<AnswerOutcome>, count: i64) {
        let count = count.unsigned_abs();
        self.questions += count;
        match (state, outcome) {
            (Some(TurnState::Done), None | Some(AnswerOutcome::Answered)) => self.answered += count,
            (Some(TurnState::Done), Some(AnswerOutcome::Referred)) => self.handed_over += count,
            (Some(TurnState::Done), Some(AnswerOutcome::Emergency)) => {
                self.handed_over += count;
                self.emergencies += count;
            }
            (Some(TurnState::Failed), _) => self.failed += count,
            _ => {}
        }
    }
}

impl Split {
    /// The version for a browser. One that comes back gets the same as far as changed weights allow, so that nobody sees the
    /// assistant change from visit to visit; one that gives no name gets any.
    pub fn version_for(&self, app: Id<id::App>, widget_instance_id: &str) -> Option<i32> {
        self.version_at(point(app, widget_instance_id))
    }

    /// The version that belongs to a point from 0 to 99.
    fn version_at(&self, point: u32) -> Option<i32> {
        let mut end = 0;
        self.arms
            .iter()
            .find(|arm| {
                end += arm.weight;
                point < end
            })
            .map(|arm| arm.version)
    }
}

/// Where a browser stands among a hundred of an app's.
fn point(app: Id<id::App>, widget_instance_id: &str) -> u32 {
    let name = if widget_instance_id.is_empty() { Uuid::now_v7().to_string() } else { widget_instance_id.to_owned() };
    // The app is part of it: who is among the first in one app is not for that among the first in all.
    let hash = digest::digest(&digest::SHA256, format!("{app}/{name}").as_bytes());
    let first: [u8; 4] = hash.as_ref().first_chunk().copied().unwrap_or_default();
    u32::from_be_bytes(first) % 100
}

impl TryFrom<config_split::Model> for Split {
    type Error = StoreError;

    fn try_from(row: config_split::Model) -> Result<Self, StoreError> {
        let arms = serde_json::from_value(row.arms)
            .map_err(|error| StoreError::Other(format!("split {}: {error}", row.number)))?;
        let config_split::Model { number, started_by, started_at, ended_at, .. } = row;
        Ok(Self { number, arms, started_by, started_at, ended_at })
    }
}

fn splits_of(tenant: Id<id::Tenant>, app: Id<id::App>) -> Select<config_split::Entity> {
    config_split::Entity::find()
        .filter(config_split::Column::TenantId.eq(tenant.uuid()))
        .filter(config_split::Column::AppId.eq(app.uuid()))
        .order_by_desc(config_split::Column::Number)
}

/// The split that runs.
pub(crate) async fn running_split(
    reader: &impl ConnectionTrait,
    tenant: Id<id::Tenant>,
    app: Id<id::App>,
) -> Result<Option<Split>, StoreError> {
    let running = splits_of(tenant, app).filter(config_split::Column::EndedAt.is_null()).one(reader).await?;
    running.map(Split::try_from).transpose()
}

impl TenantScope {
    /// The split that new conversations go by. None: all get the active version.
    pub async fn running_split(&self, app: Id<id::App>) -> Result<Option<Split>, StoreError> {
        running_split(self.reader(), self.id(), app).await
    }

    /// The split that runs, or the one that ran last.
    pub async fn newest_split(&self, app: Id<id::App>) -> Result<Option<Split>, StoreError> {
        splits_of(self.id(), app).one(self.reader()).await?.map(Split::try_from).transpose()
    }

    /// Divides new conversations among several versions, instead of how it was. The same once more changes nothing.
    ///
    /// Where it is not as the caller takes it to be by now, nothing changes. Nor where one of the versions has not passed the suite
    /// that the app requires, or a second person has to approve it: see [`TenantScope::request_change`].
    pub async fn split_configs(
        &self,
        app: Id<id::App>,
        mut arms: Vec<Arm>,
        replaces: Replaces,
        now: DateTime<Utc>,
    ) -> Result<Split, StoreError> {
        arms.sort_unstable_by_key(|arm| arm.version);
        let transaction = self.write().await?;
        let row = self.lock_configs(&transaction, app).await?;
        let running = running_split(&transaction, self.id(), app).await?;
        if let Some(running) = running.filter(|running| running.arms == arms) {
            return Ok(running);
        }
        let versions: Vec<i32> = arms.iter().map(|arm| arm.version).collect();
        self.check_versions(&transaction, app, &versions).await?;
        self.check_replaced(&transaction, app, replaces).await?;
        self.check_proven(&transaction, &row, &versions, now).await?;
        if row.approval_required {
            return Err(StoreError::ApprovalNeeded);
        }
        let split = self.start_split(&transaction, app, arms, &self.actor().to_string(), now).await?;
        transaction.commit().await?;
        Ok(split)
    }

    /// Divides new conversations, under the lock of [`TenantScope::lock_configs`].
    pub(crate) async fn start_split(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        arms: Vec<Arm>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Split, StoreError> {
        self.end_split(transaction, app, by, now).await?;
        self.void_requests(transaction, app).await?;
        let last = splits_of(self.id(), app).one(transaction).await?;
        let number = last.map_or(1, |last| last.number + 1);
        config_split::Entity::insert(config_split::ActiveModel {
            app_id: Set(app.uuid()),
            number: Set(number),
            tenant_id: Set(self.id().uuid()),
            arms: Set(serde_json::to_value(&arms).map_err(|error| StoreError::Other(error.to_string()))?),
            started_by: Set(by.to_owned()),
            started_at: Set(now),
            ended_by: Set(None),
            ended_at: Set(None),
        })
        .exec_without_returning(transaction)
        .await?;
        let event = NewAuditEvent::new(AuditAction::SplitStarted, app).with(json!({"split": number, "arms": &arms}));
        self.audit(transaction, event, now).await?;
        Ok(Split { number, arms, started_by: by.to_owned(), started_at: now, ended_at: None })
    }

    /// Whether new conversations are divided as the caller believes, where the caller believes anything.
    pub(crate) async fn check_replaced(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        replaces: Replaces,
    ) -> Result<(), StoreError> {
        if replaces == Replaces::default() {
            return Ok(());
        }
        let newest = active_config(transaction, self.id(), app).await?.map(|active| active.version);
        let running = running_split(transaction, self.id(), app).await?.map(|running| running.number);
        if replaces.version.is_some_and(|version| newest != Some(version)) {
            return Err(StoreError::Changed { newest });
        }
        match running {
            running if running == replaces.split => Ok(()),
            Some(number) => Err(StoreError::Divided { number }),
            None => Err(StoreError::Changed { newest }),
        }
    }

    /// Ends the split that runs, if one does. Says whether one did.
    pub(crate) async fn end_split(
        &self,
        transaction: &DatabaseTransaction,
        app: Id<id::App>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = config_split::Entity::update_many()
            .col_expr(config_split::Column::EndedBy, Expr::value(by))
            .col_expr(config_split::Column::EndedAt, Expr::value(now))
            .filter(config_split::Column::TenantId.eq(self.id().uuid()))
            .filter(config_split::Column::AppId.eq(app.uuid()))
            .filter(config_split::Column::EndedAt.is_null())
            .exec(transaction)
            .await?;
        let ended = ended.rows_affected > 0;
        if ended {
            self.void_requests(transaction, app).await?;
            self.audit(transaction, NewAuditEvent::new(AuditAction::SplitEnded, app), now).await?;
        }
        Ok(ended)
    }

    /// What became of the conversations that began while a split ran, by arm. Nothing that anybody wrote is opened.
    pub async fn split_results(&self, app: Id<id::App>, split: &Split) -> Result<Vec<ArmResult>, StoreError> {
        let versions = split.arms.iter().map(|arm| arm.version);
        let mut begun = Condition::all()
            .add(session::Column::TenantId.eq(self.id().uuid()))
            .add(session::Column::AppId.eq(app.uuid()))
            .add(session::Column::ConfigVersion.is_in(versions.clone()))
            .add(session::Column::CreatedAt.gte(split.started_at));
        if let Some(ended_at) = split.ended_at {
            begun = begun.add(session::Column::CreatedAt.lt(ended_at));
        }
        // Without a parameter: PostgreSQL would take it for another expression in each place.
        let is_used = Expr::cust("sessions.last_seq > 0");
        let conversations: Vec<(i32, bool, i64)> = session::Entity::find()
            .filter(begun.clone())
            .select_only()
            .column(session::Column::ConfigVersion)
            .expr(is_used.clone())
            .expr(session::Column::Id.count())
            .group_by(session::Column::ConfigVersion)
            .group_by(is_used)
            .into_tuple()
            .all(self.reader())
            .await?;
        let of_conversation =
            turn::Entity::belongs_to(session::Entity).from(turn::Column::SessionId).to(session::Column::Id);
        let turns: Vec<(i32, String, Option<String>, i64)> = turn::Entity::find()
            .join(JoinType::InnerJoin, of_conversation.into())
            .filter(turn::Column::TenantId.eq(self.id().uuid()))
            .filter(begun.clone())
            .select_only()
            .column(session::Column::ConfigVersion)
            .column(turn::Column::State)
            .column(turn::Column::Outcome)
            .expr(turn::Column::Id.count())
            .group_by(session::Column::ConfigVersion)
            .group_by(turn::Column::State)
            .group_by(turn::Column::Outcome)
            .into_tuple()
            .all(self.reader())
            .await?;
        let of_conversation =
            message::Entity::belongs_to(session::Entity).from(message::Column::SessionId).to(session::Column::Id);
        let ratings: Vec<(i32, String, i64)> = message::Entity::find()
            .join(JoinType::InnerJoin, of_conversation.into())
            .filter(message::Column::TenantId.eq(self.id().uuid()))
            .filter(message::Column::Rating.is_not_null())
            .filter(begun)
            .select_only()
            .column(session::Column::ConfigVersion)
            .column(message::Column::Rating)
            .expr(message::Column::Id.count())
            .group_by(session::Column::ConfigVersion)
            .group_by(message::Column::Rating)
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut results: Vec<_> = versions.map(|version| ArmResult { version, ..ArmResult::default() }).collect();
        for result in &mut results {
            for (_, is_used, count) in conversations.iter().filter(|(version, ..)| *version == result.version) {
                result.conversations += count.unsigned_abs();
                result.used += if *is_used { count.unsigned_abs() } else { 0 };
            }
            let version = result.version;
            for (_, state, outcome, count) in turns.iter().filter(|(of, ..)| *of == version) {
                let outcome = outcome.as_deref().and_then(|outcome| outcome.parse().ok());
                result.add_questions(state.parse().ok(), outcome, *count);
            }
            for (_, rating, count) in ratings.iter().filter(|(version, ..)| *version == result.version) {
                match rating.parse() {
                    Ok(Rating::Up) => result.rated_up += count.unsigned_abs(),
                    Ok(Rating::Down) => result.rated_down += count.unsigned_abs(),
                    Err(_) => {}
                }
            }
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_arm_gets_as_many_points_as_it_weighs_and_a_heavier_first_arm_takes_nobody_from_itself() {
        let split = |first: u32| Split {
            number: 1,
            arms: vec![Arm { version: 1, weight: first }, Arm { version: 2, weight: 100 - first }],
            started_by: String::new(),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
        };
        for (weight, heavier) in [(1, 2), (10, 50), (50, 99)] {
            let points = (0..100).filter(|point| split(weight).version_at(*point) == Some(1));
            assert_eq!(points.clone().count(), weight as usize);
            assert!(points.into_iter().all(|point| split(heavier).version_at(point) == Some(1)));
        }
        assert_eq!(split(50).version_at(100), None);
    }
    #[test]
    fn two_thousand_browsers_are_divided_as_the_weights_say_and_each_stays_where_it_is() {
        let arms = vec![Arm { version: 1, weight: 50 }, Arm { version: 2, weight: 30 }, Arm { version: 5, weight: 20 }];
        let split =
            Split { number: 1, arms, started_by: String::new(), started_at: DateTime::UNIX_EPOCH, ended_at: None };
        let app = Id::<id::App>::from_uuid(Uuid::from_u128(7));
        let versions = |split: &Split, app| -> Vec<_> {
            (0..2_000).map(|number| split.version_for(app, &format!("browser {number}")).unwrap()).collect()
        };
        let got = versions(&split, app);
        for Arm { version, weight } in &split.arms {
            let count = got.iter().filter(|got| *got == version).count();
            // Five standard deviations; the names are fixed, so that this holds always or never.
            let expected = 20 * *weight as usize;
            assert!(count.abs_diff(expected) < 112, "version {version}: {count} of 2,000, not {expected}");
        }
        assert_eq!(got, versions(&split, app));
        let other_app = versions(&split, Id::from_uuid(Uuid::from_u128(8)));
        let same = got.iter().zip(&other_app).filter(|(here, there)| here == there).count();
        assert!((600..=920).contains(&same), "{same} of 2,000 have the same arm in another app: 38 of 100 by chance");
        let nameless = (0..2_000).filter(|_| split.version_for(app, "") == Some(1)).count();
        assert!((850..=1_150).contains(&nameless), "{nameless} of 2,000 without a name");
    }
}
