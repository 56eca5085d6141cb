//! What was said.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kuzushi_domain::{Attachment, Citation, Id, Notice, NumberToCall, Phi, Role, UnknownName, id};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ratings::Feedback, session_locks::LockedSession};
use crate::{
    Session, StoreError, TenantScope,
    entities::message,
    given::Given,
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
    /// What the patient thinks of it, where it is an answer and they have said so.
    pub feedback: Option<Feedback>,
    pub in_reply_to: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What belongs to a message beside its text. Sealed, because what an answer cites tells what was asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageDetails {
    pub citations: Vec<Citation>,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
    /// The answer was stopped by the visitor.
    pub stopped: bool,
    /// The assistant says that it does not know. What it cites is no more than near.
    pub no_answer: bool,
    /// When the client says it sent the message.
    pub client_timestamp: Option<String>,
    /// What makes a message of the system a notice.
    pub notice: Option<Notice>,
    /// It was spoken in a call, and not typed or read.
    pub is_spoken: bool,
}

impl std::fmt::Debug for MessageDetails {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<String>,
    snippet: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredDetails {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    citations: Vec<StoredCitation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<StoredAttachment>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stopped: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_answer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_timestamp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice: Option<StoredNotice>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_spoken: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredAttachment {
    id: String,
    name: String,
    media_type: String,
    size: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredNotice {
    code: String,
    /// Numbers, and whose they are.
    numbers: Vec<(String, String)>,
}

/// A message's row, still without a `seq`.
pub(crate) struct SealedMessage {
    id: Uuid,
    pub session: Uuid,
    pub message_id: String,
    role: Role,
    content: Vec<u8>,
    details: Option<Vec<u8>>,
    in_reply_to: Option<String>,
    created_at: DateTime<Utc>,
}

impl TenantScope {
    pub async fn messages(&self, session: &Session, page: PageRequest) -> Result<MessagePage, StoreError> {
        // A restored database may still hold what was erased since.
        if session.is_erased() {
            return Ok(MessagePage { messages: Vec::new(), has_older: false, has_newer: false });
        }
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

    /// Seals a message. Its `seq` is given later, under the session's lock.
    pub(crate) fn seal_message(&self, session: &Session, message: &Message) -> Result<SealedMessage, StoreError> {
        let row_id = Uuid::now_v7();
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        Ok(SealedMessage {
            id: row_id,
            session: session.id.uuid(),
            message_id: message.message_id.clone(),
            role: message.role,
            content: key.seal(message.content.expose().as_bytes(), self.message_place(row_id, "content"))?,
            details: self.seal_details(key, row_id, &message.details)?,
            in_reply_to: message.in_reply_to.clone(),
            created_at: message.created_at,
        })
    }

    pub(crate) fn message_place(&self, row: Uuid, column: &'static str) -> Place {
        Place::new(self.id(), "messages", row, column)
    }

    fn seal_details(&self, key: &Key, row: Uuid, details: &MessageDetails) -> Result<Option<Vec<u8>>, StoreError> {
        if *details == MessageDetails::default() {
            return Ok(None);
        }
        let stored = StoredDetails {
            citations: details.citations.iter().cloned().map(StoredCitation::from).collect(),
            attachments: details.attachments.iter().cloned().map(StoredAttachment::from).collect(),
            stopped: details.stopped,
            no_answer: details.no_answer,
            client_timestamp: details.client_timestamp.clone(),
            notice: details.notice.clone().map(StoredNotice::from),
            is_spoken: details.is_spoken,
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
                    attachments: stored.attachments.into_iter().map(Attachment::from).collect(),
                    stopped: stored.stopped,
                    no_answer: stored.no_answer,
                    client_timestamp: stored.client_timestamp,
                    notice: stored.notice.map(StoredNotice::open).transpose().map_err(unknown)?,
                    is_spoken: stored.is_spoken,
                }
            }
        };
        let feedback = match row.rating {
            None => None,
            Some(rating) => {
                let place = self.message_place(row.id, "rating_comment");
                let comment = row.rating_comment.map(|sealed| key.open(&sealed, place)).transpose()?;
                let comment = comment.map(String::from_utf8).transpose().map_err(|_| SealError::Malformed)?;
                Some(Feedback { rating: rating.parse().map_err(unknown)?, comment: comment.map(Phi::new) })
            }
        };
        Ok(Message {
            message_id: row.message_id,
            seq: row.seq,
            role: row.role.parse().map_err(unknown)?,
            content: Phi::new(content),
            details,
            feedback,
            in_reply_to: row.in_reply_to,
            created_at: row.created_at,
        })
    }
}

fn unknown(name: UnknownName) -> StoreError {
    StoreError::Other(name.to_string())
}

/// The conversation of which this is the newest message.
fn newest<'a>(
    sessions: &'a HashMap<Uuid, LockedSession>,
    (seq, message): &(i64, &SealedMessage),
) -> Option<&'a LockedSession> {
    sessions.get(&message.session).filter(|session| session.last_seq == *seq)
}

/// Whether it is to be noted with this message that its conversation is in use.
pub(crate) fn is_active_again(sessions: &HashMap<Uuid, LockedSession>, message: &(i64, &SealedMessage)) -> bool {
    newest(sessions, message).is_some_and(|session| session.is_active_again(message.1.created_at))
}

/// Messages to store, each under its `seq`, the newest of their conversations marked, and those by which their use is noted.
pub(crate) fn given_messages(
    tenant: Id<id::Tenant>,
    sessions: &HashMap<Uuid, LockedSession>,
    messages: &[(i64, &SealedMessage)],
) -> Given {
    let each = || messages.iter().map(|(_, message)| *message);
    let is_newest = |message: &_| newest(sessions, message).is_some();
    Given::default()
        .same("tenant_id", tenant.uuid())
        .each("message_row", each().map(|message| message.id))
        .each("session_id", each().map(|message| message.session))
        .each("message_id", each().map(|message| message.message_id.clone()))
        .each("seq", messages.iter().map(|(seq, _)| *seq))
        .each("is_newest", messages.iter().map(is_newest))
        .each("is_active", messages.iter().map(|message| is_active_again(sessions, message)))
        .each("role", each().map(|message| message.role.as_str().to_owned()))
        .each("content", each().map(|message| message.content.clone()))
        .some("details", each().map(|message| message.details.clone()))
        .some("in_reply_to", each().map(|message| message.in_reply_to.clone()))
        .each("created_at", each().map(|message| message.created_at))
}

pub(crate) const INSERT_MESSAGES: &str = "\
    INSERT INTO messages (id, tenant_id, session_id, message_id, seq, role, content, details, in_reply_to, created_at) \
    SELECT message_row, tenant_id, session_id, message_id, seq, role, content, details, in_reply_to, created_at \
    FROM given";

impl From<Notice> for StoredNotice {
    fn from(Notice { code, numbers }: Notice) -> Self {
        let numbers = numbers.into_iter().map(|NumberToCall { number, name }| (number, name)).collect();
        Self { code: code.as_str().to_owned(), numbers }
    }
}

impl StoredNotice {
    fn open(self) -> Result<Notice, UnknownName> {
        let numbers = self.numbers.into_iter().map(|(number, name)| NumberToCall { number, name }).collect();
        Ok(Notice { code: self.code.parse()?, numbers })
    }
}

impl From<Citation> for StoredCitation {
    fn from(citation: Citation) -> Self {
        let Citation { article_id, title, url, section, anchor, snippet } = citation;
        Self { article_id, title, url, section, anchor, snippet }
    }
}

impl From<StoredCitation> for Citation {
    fn from(stored: StoredCitation) -> Self {
        let StoredCitation { article_id, title, url, section, anchor, snippet } = stored;
        Self { article_id, title, url, section, anchor, snippet }
    }
}

impl From<Attachment> for StoredAttachment {
    fn from(attachment: Attachment) -> Self {
        let Attachment { id, name, media_type, size } = attachment;
        Self { id, name: name.into_inner(), media_type, size }
    }
}

impl From<StoredAttachment> for Attachment {
    fn from(stored: StoredAttachment) -> Self {
        let StoredAttachment { id, name, media_type, size } = stored;
        Self { id, name: Phi::new(name), media_type, size }
    }
}
