//! Notices of emergencies: stored in the conversation, and counted without it.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use kuzushi_domain::{EmergencyKind, Id, Notice, Phi, Role, id};
use sea_orm::{ConnectionTrait, DbBackend};
use uuid::Uuid;

use super::{
    messages::{INSERT_MESSAGES, Message, MessageDetails, given_messages},
    session_locks::{NOTE_NEWEST_AND_USE, lock_sessions},
};
use crate::{Session, StoreError, TenantScope, given::Given};

/// A notice to be stored, and what is counted of it.
#[derive(Debug, Clone)]
pub struct NewEmergency {
    pub kind: EmergencyKind,
    /// Whether it was said in so many words.
    pub is_certain: bool,
    pub content: Phi<String>,
    pub notice: Notice,
}

/// What is counted of an emergency: nothing that leads to the conversation.
#[derive(Clone, Copy)]
pub(crate) struct CountedEmergency {
    row: Uuid,
    app: Uuid,
    kind: EmergencyKind,
    is_certain: bool,
}

/// How often somebody was shown an emergency's notice in a day of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyCount {
    pub day: NaiveDate,
    pub kind: EmergencyKind,
    pub is_certain: bool,
    pub count: i64,
}

impl NewEmergency {
    /// The notice as an event of the conversation, still without a `seq`.
    pub(crate) fn message(&self, now: DateTime<Utc>) -> Message {
        Message {
            message_id: Id::<id::Message>::generate().to_string(),
            seq: 0,
            role: Role::System,
            content: self.content.clone(),
            details: MessageDetails { notice: Some(self.notice.clone()), ..MessageDetails::default() },
            feedback: None,
            // It answers nothing: the question is still to be answered.
            in_reply_to: None,
            created_at: now,
        }
    }

    pub(crate) fn counted(&self, session: &Session) -> CountedEmergency {
        CountedEmergency { row: Uuid::now_v7(), app: session.app.uuid(), kind: self.kind, is_certain: self.is_certain }
    }
}

impl TenantScope {
    /// Stores a notice by itself: one that only the conversation's course or an answer showed to be needed. None: the
    /// conversation has ended.
    pub async fn add_notice(
        &self,
        session: &Session,
        emergency: NewEmergency,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let notice = emergency.message(now);
        let sealed = self.seal_message(session, &notice)?;
        let transaction = self.write().await?;
        let mut sessions = lock_sessions(&transaction, self.id(), std::iter::once(session.id.uuid())).await?;
        let Some(locked) = sessions.get_mut(&session.id.uuid()).filter(|locked| !locked.has_ended) else {
            return Ok(None);
        };
        locked.last_seq += 1;
        let seq = locked.last_seq;
        let given = given_messages(self.id(), &sessions, &[(seq, &sealed)]);
        given_emergencies(given, &[Some(emergency.counted(session))])
            .execute(&transaction, &[INSERT_MESSAGES, INSERT_EMERGENCIES, NOTE_NEWEST_AND_USE])
            .await?;
        transaction.commit().await?;
        Ok(Some(Message { seq, ..notice }))
    }

    /// How often an app's visitors were shown a notice from one day to another, both included: the newest day first, then by kind.
    pub async fn emergencies_by_day(
        &self,
        app: Id<id::App>,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<EmergencyCount>, StoreError> {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let after = until.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let rows: Vec<(String, String, bool, i64)> = Given::default()
            .same("tenant_id", self.id().uuid())
            .each("app_id", std::iter::once(app.uuid()))
            .each("first", std::iter::once(midnight(from)))
            .each("after", std::iter::once(midnight(after)))
            .query(self.reader(), &counting(self.reader().get_database_backend()))
            .await?;
        let count = |(day, kind, is_certain, count): (String, String, bool, i64)| {
            let unreadable = |error: String| StoreError::Other(error);
            let day = day.parse().map_err(|error: chrono::ParseError| unreadable(error.to_string()))?;
            let kind = kind.parse().map_err(|error: kuzushi_domain::UnknownName| unreadable(error.to_string()))?;
            Ok(EmergencyCount { day, kind, is_certain, count })
        };
        rows.into_iter().map(count).collect()
    }
}

/// Adds what is counted, for the rows that are notices.
pub(crate) fn given_emergencies(given: Given, emergencies: &[Option<CountedEmergency>]) -> Given {
    let each = || emergencies.iter();
    given
        .some("emergency_row", each().map(|emergency| emergency.map(|emergency| emergency.row)))
        .some("app_id", each().map(|emergency| emergency.map(|emergency| emergency.app)))
        .some("kind", each().map(|emergency| emergency.map(|emergency| emergency.kind.as_str().to_owned())))
        .some("is_certain", each().map(|emergency| emergency.map(|emergency| emergency.is_certain)))
}

pub(crate) const INSERT_EMERGENCIES: &str = "\
    INSERT INTO emergencies (id, tenant_id, app_id, kind, is_certain, created_at) \
    SELECT emergency_row, tenant_id, app_id, kind, is_certain, created_at FROM given WHERE emergency_row IS NOT NULL";

fn counting(backend: DbBackend) -> String {
    let day = match backend {
        DbBackend::Sqlite => "SUBSTR(emergencies.created_at, 1, 10)",
        _ => "TO_CHAR(emergencies.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    };
    format!(
        "SELECT {day} AS day, emergencies.kind, emergencies.is_certain, COUNT(*) \
         FROM given JOIN emergencies ON emergencies.tenant_id = given.tenant_id AND emergencies.app_id = given.app_id \
                                    AND emergencies.created_at >= given.first AND emergencies.created_at < given.after \
         GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3 DESC"
    )
}
