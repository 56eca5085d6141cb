//! What a socket that is in does with a client's frame.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use kuzushi_assistant::safety::ai_disclosure;
use kuzushi_domain::{Attachment, Id, Phi, config::AppConfig, id};
use kuzushi_store::{NewEmergency, NewUserMessage, RatedAnswer, StoreError};
use tokio::{sync::Notify, time::timeout};

use super::{
    close_codes::CloseReason,
    frames::{Cancel, ClientFrame, ErrorCode, Feedback, FrameError, ServerFrame, Status, UserMessage},
};
use crate::{
    auth::{ClientAddress, Visitor, logins::note_use_of},
    conversation::{
        Conversation, DEFAULT_LOCALE, Incoming, SocketId, TakenIn, ToCall, Withdrawal, emergency_in, take_in,
    },
    state::AppState,
};

/// How long storing a message may take before the notice that belongs to it is shown without being stored.
const NOTICE_WAITS: Duration = Duration::from_millis(400);

/// The party at one end of a socket.
pub struct Party {
    pub state: AppState,
    pub visitor: Visitor,
    /// The login whose token let the socket in; None: the session's own token did.
    pub login: Option<Id<id::Login>>,
    pub conversation: Arc<Conversation>,
    pub socket: SocketId,
    pub address: Option<ClientAddress>,
    /// What the conversation began with.
    pub config: Arc<AppConfig>,
    /// What must reach the client while its frame is still being acted on.
    pub urgent: Urgent,
}

/// A frame that must reach the client while another of its frames is still being acted on. One waits at most, and says
/// what another would.
#[derive(Default)]
pub struct Urgent {
    frame: Mutex<Option<Bytes>>,
    news: Notify,
}

impl Urgent {
    fn put(&self, frame: Bytes) {
        *self.frame.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
        self.news.notify_one();
    }

    /// The frame that waits, if one does.
    pub fn take(&self) -> Option<Bytes> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until a frame may be there.
    pub async fn news(&self) {
        self.news.notified().await;
    }
}

/// What the socket does next.
pub enum Reaction {
    Nothing,
    Reply(Box<ServerFrame>),
    /// The message is stored.
    Acknowledge {
        message_id: String,
        seq: i64,
    },
    /// Bring the client up to date from this `seq` on.
    Replay {
        last_seq: u64,
    },
    Close(CloseReason),
}

impl Party {
    pub async fn receive(&self, text: &Utf8Bytes) -> Reaction {
        match ClientFrame::parse(text) {
            Err(error) => Reaction::Reply(ServerFrame::refusal(error).into()),
            Ok(frame) => {
                self.act_on(frame).await.unwrap_or_else(|error| Reaction::Reply(ServerFrame::refusal(error).into()))
            }
        }
    }

    async fn act_on(&self, frame: ClientFrame) -> Result<Reaction, FrameError> {
        match frame {
            ClientFrame::Ping => Ok(Reaction::Reply(ServerFrame::Pong.into())),
            ClientFrame::Auth(_) => Err(FrameError::new(ErrorCode::NotAllowed, "auth: this socket is already in")),
            ClientFrame::Init(init) if init.session_id == self.visitor.session.id.to_string() => {
                Ok(Reaction::Replay { last_seq: init.last_seq.unwrap_or(0) })
            }
            ClientFrame::Init(_) => {
                Err(FrameError::new(ErrorCode::NotAllowed, "sessionId: is not this socket's session"))
            }
            ClientFrame::UserMessage(message) => self.accept(message).await,
            ClientFrame::Cancel(cancel) => self.cancel(cancel).await,
            ClientFrame::Read(read) => {
                let frame = ServerFrame::Read { message_id: read.message_id, by: String::from("user") };
                self.conversation.pass_on(&frame, Some(self.socket));
                Ok(Reaction::Nothing)
            }
            // Nobody but the visitor's own other tabs is there to see it.
            ClientFrame::Typing(_) => Ok(Reaction::Nothing),
            ClientFrame::Feedback(feedback) => self.rate(feedback).await,
        }
    }

    /// Stores the message, says so, and has it answered. Whoever is in danger is told whom to call, whatever becomes of it.
    async fn accept(&self, message: UserMessage) -> Result<Reaction, FrameError> {
        let content = Phi::new(message.content);
        let before = self.conversation.last_said.replace(&content);
        let emergency = emergency_in(&content, before.as_ref(), self.to_call());
        if let Some(emergency) = &emergency {
            self.conversation.say_notice(&emergency.content);
        }
        let unstored = emergency.as_ref().map(|emergency| ServerFrame::unstored_notice(emergency).bytes());
        let message = UserMessage { content: String::new(), ..message };
        let mut accepting = pin!(self.store(message, content, emergency, before.is_some()));
        let Some(unstored) = unstored else { return accepting.await };
        match timeout(NOTICE_WAITS, &mut accepting).await {
            Ok(Ok(reaction)) => Ok(reaction),
            Ok(Err(refusal)) => {
                self.urgent.put(unstored);
                Err(refusal)
            }
            Err(_) => {
                self.urgent.put(unstored);
                accepting.await
            }
        }
    }

    pub fn to_call(&self) -> ToCall<'_> {
        let locale = self.visitor.session.metadata.locale.as_deref().unwrap_or(DEFAULT_LOCALE);
        ToCall { safety: &self.config.safety, contact: &self.config.contact, locale }
    }

    /// That an AI answers here.
    pub fn disclosure(&self) -> ServerFrame {
        ServerFrame::disclosure(self.disclosure_text())
    }

    /// The same in words.
    pub fn disclosure_text(&self) -> String {
        let ToCall { safety, contact, locale } = self.to_call();
        ai_disclosure(safety, contact, locale)
    }

    async fn store(
        &self,
        message: UserMessage,
        content: Phi<String>,
        emergency: Option<NewEmergency>,
        is_read_with_the_last: bool,
    ) -> Result<Reaction, FrameError> {
        let UserMessage { message_id, content: _, metadata, attachments } = message;
        let refuse = |code, text: &str| Err(FrameError::new(code, text).about(&message_id));
        if !self.config.features.text_chat {
            return refuse(ErrorCode::NotAllowed, "this app takes no written messages");
        }
        if self.config.features.identity_required
            && !self.is_identified().await.map_err(|error| stored_not(&error).about(&message_id))?
        {
            return refuse(ErrorCode::NotAllowed, "this app takes messages of those only who have signed in");
        }
        if self.state.stopping.is_cancelled() {
            return refuse(
                ErrorCode::Internal,
                "this server is restarting; send the message again when connected anew",
            );
        }
        let session = &self.visitor.session;
        if let Err(wait) = self.state.rates.take_message(session.id, self.address, session.app) {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            return refuse(ErrorCode::RateLimited, &format!("too many messages; try again in {seconds} s"));
        }
        let attachments = match self.attachments(&attachments.unwrap_or_default()).await {
            Ok(attachments) => attachments,
            Err(refusal) => return Err(refusal.about(&message_id)),
        };
        let new = NewUserMessage {
            message_id: message_id.clone(),
            content,
            attachments,
            client_timestamp: metadata.and_then(|metadata| metadata.timestamp),
            is_spoken: false,
            begin: true,
            emergency,
        };
        let incoming = Incoming {
            state: &self.state,
            scope: &self.visitor.scope,
            session,
            conversation: &self.conversation,
            from: Some(self.socket),
            login: self.login,
            is_read_with_the_last,
        };
        match take_in(incoming, new).await {
            Ok(TakenIn::Stored { seq }) => Ok(Reaction::Acknowledge { message_id, seq }),
            Ok(TakenIn::NameTaken) => {
                refuse(ErrorCode::BadFrame, "messageId: belongs to another message of this session")
            }
            Ok(TakenIn::Ended) => Ok(Reaction::Close(CloseReason::SessionEnded)),
            Err(error) => Err(stored_not(&error).about(&message_id)),
        }
    }

    /// The files that come with a message.
    async fn attachments(&self, ids: &[String]) -> Result<Vec<Attachment>, FrameError> {
        let not_allowed = |text: String| Err(FrameError::new(ErrorCode::NotAllowed, text));
        let ids: Vec<Id<id::File>> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if !self.config.features.file_upload {
            return not_allowed(String::from("attachments: this app takes none"));
        }
        let most = self.config.uploads.files_per_message;
        if ids.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return not_allowed(format!("attachments: may be {most}"));
        }
        match self.visitor.scope.attach_files(&self.visitor.session, &ids, self.state.clock.now()).await {
            Ok(Some(attachments)) => Ok(attachments),
            Ok(None) => not_allowed(String::from("attachments: names a file that this conversation has not got")),
            Err(error) => Err(stored_not(&error)),
        }
    }

    /// Whoever rates stays signed in, by the token that let the socket in.
    async fn note_use(&self) {
        if let Some(login) = self.login
            && let Err(error) = note_use_of(&self.state, &self.visitor.scope, login).await
        {
            tracing::warn!(%error, "that a patient is active was not noted");
        }
    }

    /// Whether the conversation is a patient's. It may have become one's since this socket came in.
    pub async fn is_identified(&self) -> Result<bool, StoreError> {
        let session = &self.visitor.session;
        Ok(session.owner.is_some() || self.visitor.scope.session(session.id).await?.owner.is_some())
    }

    /// Keeps what the visitor thinks of an answer.
    async fn rate(&self, feedback: Feedback) -> Result<Reaction, FrameError> {
        let Feedback { message_id, rating, comment } = feedback;
        let comment = comment.filter(|comment| !comment.trim().is_empty()).map(Phi::new);
        let feedback = rating.map(|rating| kuzushi_store::Feedback { rating: rating.into(), comment });
        match self.visitor.scope.rate_answer(&self.visitor.session, &message_id, feedback).await {
            Ok(RatedAnswer::Stored) => {
                self.conversation.pass_on(&ServerFrame::Rating { message_id, rating }, Some(self.socket));
                self.note_use().await;
                Ok(Reaction::Nothing)
            }
            Ok(RatedAnswer::Unknown) => {
                let message = "messageId: is no answer of this conversation";
                Err(FrameError::new(ErrorCode::NotAllowed, message).about(&message_id))
            }
            Ok(RatedAnswer::Ended) => Ok(Reaction::Close(CloseReason::SessionEnded)),
            Err(error) => Err(stored_not(&error).about(&message_id)),
        }
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Reaction, FrameError> {
        let withdrawal = self.conversation.withdraw(&cancel.message_id);
        if withdrawal == Withdrawal::Stopped {
            return Ok(Reaction::Nothing);
        }
        let session = self.visitor.session.id;
        let now = self.state.clock.now();
        match self.visitor.scope.withdraw_turn(session, &cancel.message_id, now).await {
            // Also when the answer was complete before the client saw it: there is nothing left to stop.
            Ok(_) if withdrawal == Withdrawal::NobodyAnswers => {
                Ok(Reaction::Reply(ServerFrame::Status { status: Status::Idle }.into()))
            }
            // Whoever is answering says so when they are done.
            Ok(_) => Ok(Reaction::Nothing),
            Err(error) => Err(stored_not(&error).about(&cancel.message_id)),
        }
    }
}

/// What a client is told when the store failed it: to try again.
fn stored_not(error: &StoreError) -> FrameError {
    tracing::warn!(error = %error, "a frame could not be acted on");
    FrameError::new(ErrorCode::Internal, "the message could not be stored; try again")
}
