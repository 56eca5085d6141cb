//! What a visitor's words say of a danger, whichever way they came: typed, or spoken and transcribed.

use std::sync::{Mutex, PoisonError};

use kuzushi_assistant::{
    AnswerRequest,
    safety::{Certainty, Finding, emergencies, emergencies_across, emergency_notice, tells_of_an_emergency},
};
use kuzushi_domain::{
    EmergencyKind, Notice, NoticeCode, Phi, Role,
    config::{Contact, Safety},
};
use kuzushi_store::{Message, NewEmergency, Session, TenantScope};

use super::Conversation;
use crate::{chat::frames::ServerFrame, state::AppState};

/// Characters of a message that the next one may go on from.
const TAIL: usize = 300;

/// Whom an app's visitors are told to call.
#[derive(Clone, Copy)]
pub struct ToCall<'a> {
    pub safety: &'a Safety,
    pub contact: &'a Contact,
    /// The visitor's language tag.
    pub locale: &'a str,
}

/// The notice that words call for, if they do. `before` is what the same person said just before.
pub fn emergency_in(words: &Phi<String>, before: Option<&Phi<String>>, to_call: ToCall<'_>) -> Option<NewEmergency> {
    notice_of(&emergencies(words.expose(), before.map(|before| before.expose().as_str())), to_call)
}

fn notice_of(found: &[Finding], to_call: ToCall<'_>) -> Option<NewEmergency> {
    let is_certain = found.first()?.certainty == Certainty::Explicit;
    let kinds: Vec<_> = found.iter().map(|finding| finding.kind).collect();
    notice(&kinds, is_certain, to_call)
}

fn notice(kinds: &[EmergencyKind], is_certain: bool, to_call: ToCall<'_>) -> Option<NewEmergency> {
    let notice = emergency_notice(kinds, to_call.safety, to_call.contact, to_call.locale)?;
    Some(NewEmergency {
        kind: notice.kind,
        is_certain,
        content: notice.content,
        notice: Notice { code: NoticeCode::Emergency, numbers: notice.numbers },
    })
}

/// The end of what the visitor said last in a live conversation: the next message may go on from there.
#[derive(Default)]
pub struct LastSaid(Mutex<Option<Phi<String>>>);

impl LastSaid {
    /// Keeps these words, and returns those before them.
    pub fn replace(&self, words: &Phi<String>) -> Option<Phi<String>> {
        let words = words.expose();
        let start = words.char_indices().rev().nth(TAIL).map_or(0, |(start, _)| start);
        let tail = Phi::from(&words[start..]);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(tail)
    }
}

/// Brings the notice that a question's place in the conversation calls for, where the question by itself did not.
pub async fn notice_course(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    session: &Session,
    request: &AnswerRequest,
) {
    let Some(before) = request.history.iter().rev().find(|message| message.role == Role::User) else { return };
    let found = emergencies_across(before.content.expose(), request.question.expose());
    if let Some(emergency) = notice_of(&found, to_call(request)) {
        tell(state, scope, conversation, session, emergency).await;
    }
}

/// Brings the notice that an answer calls for: a model read an emergency where no rule did.
pub async fn notice_answer(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    session: &Session,
    answer: &Message,
    (safety, contact, locale): (&Safety, &Contact, &str),
) {
    if !tells_of_an_emergency(answer.content.expose()) {
        return;
    }
    if let Some(emergency) = notice(&[EmergencyKind::Injury], false, ToCall { safety, contact, locale }) {
        tell(state, scope, conversation, session, emergency).await;
    }
}

fn to_call(request: &AnswerRequest) -> ToCall<'_> {
    ToCall { safety: &request.safety, contact: &request.contact, locale: &request.locale }
}

async fn tell(
    state: &AppState,
    scope: &TenantScope,
    conversation: &Conversation,
    session: &Session,
    emergency: NewEmergency,
) {
    let unstored = ServerFrame::unstored_notice(&emergency);
    conversation.say_notice(&emergency.content);
    match scope.add_notice(session, emergency, state.clock.now()).await {
        Ok(Some(notice)) => conversation.deliver(notice.seq, &ServerFrame::message(&notice), None),
        Ok(None) => {}
        Err(error) => {
            // It is seen all the same.
            tracing::warn!(session = %session.id, %error, "an emergency's notice could not be stored");
            conversation.pass_on(&unstored, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_message_before_is_remembered() {
        let last = LastSaid::default();
        assert!(last.replace(&Phi::from("my chest")).is_none());
        let long = format!("{}\u{1f634}end", "a".repeat(9_000));
        assert_eq!(last.replace(&Phi::new(long)).unwrap().expose(), "my chest");
        let tail = last.replace(&Phi::from("next")).unwrap();
        assert!(tail.expose().ends_with("\u{1f634}end") && tail.expose().chars().count() == TAIL + 1);
    }

    #[test]
    fn a_notice_names_whom_to_call() {
        let (safety, contact) = (Safety::default(), Contact::default());
        let to_call = ToCall { safety: &safety, contact: &contact, locale: "en-US" };
        let emergency = emergency_in(&Phi::from("I want to kill myself"), None, to_call).unwrap();
        assert_eq!((emergency.kind, emergency.is_certain), (EmergencyKind::SelfHarm, true));
        assert!(emergency.content.expose().contains("988") && emergency.notice.numbers.len() == 2);
        assert!(emergency_in(&Phi::from("When can I visit?"), None, to_call).is_none());
        let before = Phi::from("my chest");
        let emergency = emergency_in(&Phi::from("hurts really bad"), Some(&before), to_call).unwrap();
        assert!(!emergency.is_certain);
    }
}
