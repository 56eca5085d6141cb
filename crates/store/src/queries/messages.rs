//! What was said.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Citation, Id, Phi, Role, TurnState, UnknownName, id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::turns::Turn;
use crate::{
    Session, StoreError, TenantScope,
    entities::{message, session, turn},
    sealed::{Key, Place, SealError},
};

/// A stored message, opened.
#[derive(Debug, Clone)]
pub struct Message {
    /// The message's name on the wire, unique in its session.
    pub message_id: String,
    /// 1, 2, 3… within the session, without holes.
    pub seq: i64,
    pub role: Role,
    pub content: Phi<String>,
    pub details: MessageDetails,
    pub in_reply_to: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What belongs to a message beside its text. Sealed, because what an answer cites tells what was asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageDetails {
    pub citations: Vec<Citation>,
    /// The answer was stopped by the visitor.
    pub stopped: bool,
    /// The assistant found nothing to answer from.
    pub no_answer: bool,
    /// When the client says it sent the message.
    pub client_timestamp: Option<String>,
}

impl std::fmt::Debug for MessageDetails {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[derive(Debug, Clone)]
pub struct NewUserMessage {
    /// The client's idempotency key within the session.
    pub message_id: String,
    pub content: Phi<String>,
    pub client_timestamp: Option<String>,
}

/// What came of a message that a client sent.
#[derive(Debug, Clone)]
pub enum AcceptedMessage {
    /// Stored now, with a turn that waits to be answered.
    Stored { message: Message, turn: Turn },
    /// Stored before under the same name. Where its answer had failed, the turn is open again.
    Known { seq: i64, turn: Turn },
    /// The name belongs to a message that the client did not send.
    NameTaken,
    /// The conversation has ended.
    Ended,
}

/// Which messages to read. With neither cursor: the newest.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// Only messages with a smaller `seq`.
    pub before: Option<i64>,
    /// Only messages with a greater `seq`.
    pub after: Option<i64>,
    pub limit: u64,
}

/// Messages, oldest first, and whether there are more on either side.
#[derive(Debug, Clone)]
pub struct MessagePage {
    pub messages: Vec<Message>,
    pub has_older: bool,
    pub has_newer: bool,
}

/// A citation as it lies in the sealed column.
#[derive(Serialize, Deserialize)]
struct StoredCitation {
    article_id: String,
    title: String,
    url: Option<String>,
    section: Option<String>,
    snippet: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredDetails {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    citations: Vec<StoredCitation>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stopped: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_answer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_timestamp: Option<String>,
}

impl TenantScope {
    /// Stores a message of the visitor, once, and opens the turn that answers it, in one transaction.
    pub async fn accept_user_message(
        &self,
        session: &Session,
        new: NewUserMessage,
        now: DateTime<Utc>,
    ) -> Result<AcceptedMessage, StoreError> {
        let transaction = self.write().await?;
        let row = self.lock_session(&transaction, session.id).await?;
        if row.ended_at.is_some() {
            return Ok(AcceptedMessage::Ended);
        }
        let known = message::Entity::find()
            .filter(message::Column::TenantId.eq(self.id().uuid()))
            .filter(message::Column::SessionId.eq(session.id.uuid()))
            .filter(message::Column::MessageId.eq(&new.message_id))
            .one(&transaction)
            .await?;
        if let Some(known) = known {
            if known.role != Role::User.as_str() {
                return Ok(AcceptedMessage::NameTaken);
            }
            let turn = self.reopen_failed_turn(&transaction, session.id, &new.message_id, now).await?;
            transaction.commit().await?;
            return Ok(AcceptedMessage::Known { seq: known.seq, turn });
        }
        let message = Message {
            message_id: new.message_id,
            seq: row.last_seq + 1,
            role: Role::User,
            content: new.content,
            details: MessageDetails { client_timestamp: new.client_timestamp, ..MessageDetails::default() },
            in_reply_to: None,
            created_at: now,
        };
        self.append(&transaction, session, &message).await?;
        let turn = Turn {
            id: Id::generate(),
            message_id: message.message_id.clone(),
            question_seq: message.seq,
            answer_id: Id::<id::Message>::generate().to_string(),
            state: TurnState::Pending,
            attempts: 0,
        };
        turn::Entity::insert(turn::ActiveModel {
            id: Set(turn.id.uuid()),
            tenant_id: Set(self.id().uuid()),
            session_id: Set(session.id.uuid()),
            message_id: Set(turn.message_id.clone()),
            question_seq: Set(turn.question_seq),
            answer_id: Set(turn.answer_id.clone()),
            state: Set(turn.state.as_str().to_owned()),
            attempts: Set(0),
            failure: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        })
        .exec_without_returning(&transaction)
        .await?;
        transaction.commit().await?;
        Ok(AcceptedMessage::Stored { message, turn })
    }

    pub async fn messages(&self, session: &Session, page: PageRequest) -> Result<MessagePage, StoreError> {
        let mut range = Condition::all()
            .add(message::Column::TenantId.eq(self.id().uuid()))
            .add(message::Column::SessionId.eq(session.id.uuid()));
        if let Some(before) = page.before {
            range = range.add(message::Column::Seq.lt(before));
        }
        if let Some(after) = page.after {
            range = range.add(message::Column::Seq.gt(after));
        }
        // With `after` the page grows upwards from the cursor, otherwise downwards from the newest.
        let upwards = page.after.is_some();
        let query = message::Entity::find().filter(range).limit(page.limit + 1);
        let query =
            if upwards { query.order_by_asc(message::Column::Seq) } else { query.order_by_desc(message::Column::Seq) };
        let mut rows = query.all(self.reader()).await?;
        let more = rows.len() as u64 > page.limit;
        if more {
            rows.pop();
        }
        if !upwards {
            rows.reverse();
        }
        let messages =
            rows.into_iter().map(|row| self.open_message(session, row)).collect::<Result<Vec<_>, StoreError>>()?;
        // `seq` has no holes and begins at 1, so what lies on the other side needs no second query.
        let first = messages.first().map(|message| message.seq);
        let has_older = if upwards { first.is_some_and(|first| first > 1) } else { more };
        let has_newer = if upwards { more } else { page.before.is_some() && first.is_some() };
        Ok(MessagePage { messages, has_older, has_newer })
    }

    /// Seals and inserts a message whose `seq` was given under the session's lock.
    pub(crate) async fn append(
        &self,
        transaction: &DatabaseTransaction,
        session: &Session,
        message: &Message,
    ) -> Result<(), StoreError> {
        let row_id = Uuid::now_v7();
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        let content = key.seal(message.content.expose().as_bytes(), self.message_place(row_id, "content"))?;
        let details = self.seal_details(key, row_id, &message.details)?;
        message::Entity::insert(message::ActiveModel {
            id: Set(row_id),
            tenant_id: Set(self.id().uuid()),
            session_id: Set(session.id.uuid()),
            message_id: Set(message.message_id.clone()),
            seq: Set(message.seq),
            role: Set(message.role.as_str().to_owned()),
            content: Set(content),
            details: Set(details),
            in_reply_to: Set(message.in_reply_to.clone()),
            created_at: Set(message.created_at),
        })
        .exec_without_returning(transaction)
        .await?;
        session::Entity::update_many()
            .col_expr(session::Column::LastSeq, Expr::value(message.seq))
            .col_expr(session::Column::LastActiveAt, Expr::value(message.created_at))
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .filter(session::Column::Id.eq(session.id.uuid()))
            .exec(transaction)
            .await?;
        Ok(())
    }

    fn message_place(&self, row: Uuid, column: &'static str) -> Place {
        Place::new(self.id(), "messages", row, column)
    }

    fn seal_details(&self, key: &Key, row: Uuid, details: &MessageDetails) -> Result<Option<Vec<u8>>, StoreError> {
        if *details == MessageDetails::default() {
            return Ok(None);
        }
        let stored = StoredDetails {
            citations: details.citations.iter().cloned().map(StoredCitation::from).collect(),
            stopped: details.stopped,
            no_answer: details.no_answer,
            client_timestamp: details.client_timestamp.clone(),
        };
        let json = serde_json::to_vec(&stored).map_err(|error| StoreError::Other(error.to_string()))?;
        Ok(Some(key.seal(&json, self.message_place(row, "details"))?))
    }

    fn open_message(&self, session: &Session, row: message::Model) -> Result<Message, StoreError> {
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        let content = key.open(&row.content, self.message_place(row.id, "content"))?;
        let content = String::from_utf8(content).map_err(|_| SealError::Malformed)?;
        let details = match row.details {
            None => MessageDetails::default(),
            Some(sealed) => {
                let json = key.open(&sealed, self.message_place(row.id, "details"))?;
                let stored: StoredDetails =
                    serde_json::from_slice(&json).map_err(|error| StoreError::Other(error.to_string()))?;
                MessageDetails {
                    citations: stored.citations.into_iter().map(Citation::from).collect(),
                    stopped: stored.stopped,
                    no_answer: stored.no_answer,
                    client_timestamp: stored.client_timestamp,
                }
            }
        };
        Ok(Message {
            message_id: row.message_id,
            seq: row.seq,
            role: row.role.parse().map_err(|error: UnknownName| StoreError::Other(error.to_string()))?,
            content: Phi::new(content),
            details,
            in_reply_to: row.in_reply_to,
            created_at: row.created_at,
        })
    }
}

impl From<Citation> for StoredCitation {
    fn from(citation: Citation) -> Self {
        let Citation { article_id, title, url, section, snippet } = citation;
        Self { article_id, title, url, section, snippet }
    }
}

impl From<StoredCitation> for Citation {
    fn from(stored: StoredCitation) -> Self {
        let StoredCitation { article_id, title, url, section, snippet } = stored;
        Self { article_id, title, url, section, snippet }
    }
}
