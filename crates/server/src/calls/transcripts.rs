//! What an outside provider makes of a call: kept in the conversation, and watched for danger.

use std::sync::Arc;

use kuzushi_domain::{Id, Phi, Role, id};
use kuzushi_store::NewTranscript;

use super::frames::TranscriptRole;
use crate::{
    chat::{frames::ServerFrame, receive::Party},
    conversation::emergency_in,
};

/// Takes in what was said in one call.
pub struct Transcripts {
    call: Id<id::Call>,
    party: Arc<Party>,
    /// The `message_id` of what the patient said last.
    question: Option<String>,
}

impl Transcripts {
    pub fn new(call: Id<id::Call>, party: Arc<Party>) -> Self {
        Self { call, party, question: None }
    }

    /// Somebody has said this, and is done. Whoever is in danger is told whom to call: in the chat, since the voice is not
    /// ours. Returns the words, for a provider that can be made to say them.
    pub async fn take_in(&mut self, role: TranscriptRole, text: &str) -> Option<Phi<String>> {
        if text.trim().is_empty() {
            return None;
        }
        let content = Phi::from(text);
        let Party { state, visitor, conversation, .. } = &*self.party;
        let emergency = (role == TranscriptRole::User).then(|| {
            let before = conversation.last_said.replace(&content);
            emergency_in(&content, before.as_ref(), self.party.to_call())
        });
        let (role, in_reply_to) = match role {
            TranscriptRole::User => (Role::User, None),
            TranscriptRole::Assistant => (Role::Assistant, self.question.clone()),
        };
        let new = NewTranscript { role, content, in_reply_to };
        match visitor.scope.add_transcript(&visitor.session, new, state.clock.now()).await {
            Ok(Some(message)) => {
                if role == Role::User {
                    self.question = Some(message.message_id.clone());
                }
                conversation.deliver(message.seq, &ServerFrame::message(&message), None);
            }
            // The call is about to end.
            Ok(None) => {}
            Err(error) => tracing::warn!(call = %self.call, %error, "what was said could not be stored"),
        }
        let emergency = emergency.flatten()?;
        let words = emergency.content.clone();
        let unstored = ServerFrame::unstored_notice(&emergency);
        match visitor.scope.add_notice(&visitor.session, emergency, state.clock.now()).await {
            Ok(Some(notice)) => conversation.deliver(notice.seq, &ServerFrame::message(&notice), None),
            Ok(None) => {}
            Err(error) => {
                // It is seen all the same.
                tracing::warn!(call = %self.call, %error, "an emergency's notice could not be stored");
                conversation.pass_on(&unstored, None);
            }
        }
        Some(words)
    }
}
