//! Noting questions that no article covers, for whoever writes articles.

use std::sync::Arc;

use kuzushi_assistant::{AnswerRequest, Knowledge};
use kuzushi_domain::Phi;
use kuzushi_store::{GapTopic, Message, Session, TenantScope, Turn};

use crate::state::AppState;

/// What it takes to note a question that no article covers.
pub(super) struct Gap {
    question: Phi<String>,
    hospital_name: String,
    knowledge: Arc<Knowledge>,
}

impl Gap {
    pub fn of(request: &AnswerRequest) -> Self {
        Self {
            question: request.question.clone(),
            hospital_name: request.contact.hospital_name.clone(),
            knowledge: Arc::clone(&request.knowledge),
        }
    }

    /// Notes it. Nobody's answer depends on it.
    pub async fn record(self, state: &AppState, scope: &TenantScope, session: &Session, turn: &Turn, answer: &Message) {
        let nearest = answer.details.citations.first().and_then(|citation| citation.article_id.parse().ok());
        let topic = match nearest {
            Some(article) => GapTopic::Near(article),
            None => GapTopic::Words(self.knowledge.topic(&self.question, &self.hospital_name)),
        };
        if let Err(error) = scope.record_gap(session, turn.question_seq, topic, state.clock.now()).await {
            tracing::warn!(session = %session.id, %error, "a question that no article covers was not noted");
        }
    }
}
