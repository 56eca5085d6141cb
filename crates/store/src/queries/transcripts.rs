//! What was said in a call that somebody else served: stored as it was said, with nobody asked for an answer.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Phi, Role, id};

use super::{
    messages::{INSERT_MESSAGES, Message, MessageDetails, given_messages},
    session_locks::{NOTE_NEWEST_AND_USE, lock_sessions},
};
use crate::{Session, StoreError, TenantScope};

/// Something that was said in a call.
#[derive(Debug, Clone)]
pub struct NewTranscript {
    /// The patient, or the assistant.
    pub role: Role,
    pub content: Phi<String>,
    /// The `message_id` of what an answer is to.
    pub in_reply_to: Option<String>,
}

impl TenantScope {
    /// Stores what was said. None: the conversation has ended.
    pub async fn add_transcript(
        &self,
        session: &Session,
        new: NewTranscript,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let message = Message {
            message_id: Id::<id::Message>::generate().to_string(),
            seq: 0,
            role: new.role,
            content: new.content,
            details: MessageDetails { is_spoken: true, ..MessageDetails::default() },
            feedback: None,
            in_reply_to: new.in_reply_to,
            created_at: now,
        };
        let sealed = self.seal_message(session, &message)?;
        let transaction = self.write().await?;
        let mut sessions = lock_sessions(&transaction, self.id(), std::iter::once(session.id.uuid())).await?;
        let Some(locked) = sessions.get_mut(&session.id.uuid()).filter(|locked| !locked.has_ended) else {
            return Ok(None);
        };
        locked.last_seq += 1;
        let seq = locked.last_seq;
        given_messages(self.id(), &sessions, &[(seq, &sealed)])
            .execute(&transaction, &[INSERT_MESSAGES, NOTE_NEWEST_AND_USE])
            .await?;
        transaction.commit().await?;
        Ok(Some(Message { seq, ..message }))
    }
}
