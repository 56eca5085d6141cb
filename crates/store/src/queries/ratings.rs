//! Whether answers helped, as patients say.

use kuzushi_domain::{Phi, Rating, Role};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};

use crate::{
    Session, StoreError, TenantScope,
    entities::{message, session},
};

/// What a patient thinks of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    pub rating: Rating,
    pub comment: Option<Phi<String>>,
}

/// What came of rating an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatedAnswer {
    Stored,
    /// The conversation has no answer of this name.
    Unknown,
    Ended,
}

impl TenantScope {
    /// Notes what the patient thinks of an answer, in place of what they thought before. None takes it back.
    pub async fn rate_answer(
        &self,
        session: &Session,
        message_id: &str,
        feedback: Option<Feedback>,
    ) -> Result<RatedAnswer, StoreError> {
        let Some(key) = session.key.as_deref() else { return Ok(RatedAnswer::Ended) };
        let transaction = self.write().await?;
        // The lock under which a conversation ends.
        let row = session::Entity::find_by_id(session.id.uuid())
            .filter(session::Column::TenantId.eq(self.id().uuid()))
            .lock_exclusive()
            .one(&transaction)
            .await?;
        if row.is_none_or(|row| row.ended_at.is_some()) {
            return Ok(RatedAnswer::Ended);
        }
        let answer = message::Entity::find()
            .filter(message::Column::TenantId.eq(self.id().uuid()))
            .filter(message::Column::SessionId.eq(session.id.uuid()))
            .filter(message::Column::MessageId.eq(message_id))
            .filter(message::Column::Role.is_in([Role::Assistant.as_str(), Role::Agent.as_str()]))
            .one(&transaction)
            .await?;
        let Some(answer) = answer else { return Ok(RatedAnswer::Unknown) };
        let place = self.message_place(answer.id, "rating_comment");
        let (rating, comment) = match feedback {
            Some(Feedback { rating, comment }) => {
                let sealed = comment.map(|comment| key.seal(comment.expose().as_bytes(), place)).transpose()?;
                (Some(rating.as_str()), sealed)
            }
            None => (None, None),
        };
        message::Entity::update_many()
            .col_expr(message::Column::Rating, Expr::value(rating))
            .col_expr(message::Column::RatingComment, Expr::value(comment))
            .filter(message::Column::TenantId.eq(self.id().uuid()))
            .filter(message::Column::Id.eq(answer.id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(RatedAnswer::Stored)
    }
}
