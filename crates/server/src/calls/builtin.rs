//! The built-in voice: what is said goes to the same assistant as what is typed, and its answers are read out.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use futures_util::future::BoxFuture;
use kuzushi_domain::{CallOutcome, CallQuality, Id, Phi, id};
use kuzushi_store::NewUserMessage;
use kuzushi_voice::{
    Call, CallEnd, CallEvent, Engines, NetworkPlace, Quality, Signal, Speech,
    agent::{State, Wording},
    models,
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    frames::{CallState, TranscriptRole, VoiceClientFrame, VoiceServerFrame},
    provider::{ProviderCall, QUEUE, ServedCall, Unavailable, VoiceProvider},
};
use crate::{
    config::Config,
    conversation::{Incoming, TakenIn, ToSay, Withdrawal, emergency_in, take_in},
};

/// Where models are in the data folder.
const MODELS: &str = "voice";
/// How long what a patient says waits until what they heard of an answer is stored before it.
const STORED_WITHIN: Duration = Duration::from_secs(1);
/// Answers of a call whose words are remembered while they are read out.
const REMEMBERED: usize = 8;

/// The built-in voice of this server, and whether it can be had.
pub struct BuiltinVoice {
    folder: PathBuf,
    place: Option<NetworkPlace>,
    engines: Arc<Mutex<Loaded>>,
    work: Arc<Semaphore>,
}

enum Loaded {
    Not(Unavailable),
    Engines(Arc<Engines>),
}

impl BuiltinVoice {
    pub fn new(config: &Config) -> Self {
        let voice = &config.voice;
        let bind = voice.host.unwrap_or(config.http.host);
        let public = voice.public_address.or((!bind.is_unspecified()).then_some(bind));
        let ports = voice.ports.clone().map(|ports| ports.0);
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let folder = models_folder(config);
        let reason = Unavailable::NoModels(format!("there are no models in {}", folder.display()));
        Self {
            folder,
            place: public.map(|public| NetworkPlace { bind, public, ports }),
            engines: Arc::new(Mutex::new(Loaded::Not(reason))),
            work: Arc::new(Semaphore::new(processors.max(2))),
        }
    }

    /// Loads the models beside everything else, where there are any.
    pub fn prepare(&self) {
        if !self.folder.is_dir() {
            return;
        }
        let (folder, engines) = (self.folder.clone(), Arc::clone(&self.engines));
        *lock(&engines) = Loaded::Not(Unavailable::Loading);
        thread::spawn(move || {
            let loaded = models::check(&folder)
                .map_err(|error| error.to_string())
                .and_then(|()| Engines::load(&folder).map_err(|error| error.to_string()));
            let loaded = match loaded {
                Ok(engines) => {
                    tracing::info!("the built-in voice is ready");
                    Loaded::Engines(Arc::new(engines))
                }
                Err(reason) => {
                    tracing::warn!(reason, "there is no built-in voice; `kuzushi voice fetch` gets what it needs");
                    Loaded::Not(Unavailable::NoModels(reason))
                }
            };
            *lock(&engines) = loaded;
        });
    }

    pub fn missing(&self) -> Option<Unavailable> {
        match (&*lock(&self.engines), &self.place) {
            (Loaded::Not(reason), _) => Some(reason.clone()),
            (Loaded::Engines(_), None) => Some(Unavailable::NoAddress),
            (Loaded::Engines(_), Some(_)) => None,
        }
    }

    pub fn provider(&self) -> Result<Arc<dyn VoiceProvider>, Unavailable> {
        let engines = match &*lock(&self.engines) {
            Loaded::Not(reason) => return Err(reason.clone()),
            Loaded::Engines(engines) => Arc::clone(engines),
        };
        let place = self.place.clone().ok_or(Unavailable::NoAddress)?;
        Ok(Arc::new(Builtin { engines, place, work: Arc::clone(&self.work) }))
    }
}

pub fn models_folder(config: &Config) -> PathBuf {
    config.voice.models_dir.clone().unwrap_or_else(|| config.data_file(MODELS))
}

fn lock(engines: &Mutex<Loaded>) -> std::sync::MutexGuard<'_, Loaded> {
    engines.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Builtin {
    engines: Arc<Engines>,
    place: NetworkPlace,
    work: Arc<Semaphore>,
}

impl VoiceProvider for Builtin {
    fn name(&self) -> &'static str {
        "builtin"
    }

    fn serve(&self, call: ProviderCall) -> BoxFuture<'static, ServedCall> {
        let patience = Duration::from_secs(u64::from(call.party.config.voice.silence_seconds));
        let voice = Call {
            engines: Arc::clone(&self.engines),
            work: Arc::clone(&self.work),
            place: self.place.clone(),
            patience,
            wording: Wording::default(),
        };
        Box::pin(serve(voice, call))
    }
}

async fn serve(voice: Call, call: ProviderCall) -> ServedCall {
    let (signals, from_client) = mpsc::channel(QUEUE);
    let (speech, to_say) = mpsc::unbounded_channel();
    let (told, mut events) = mpsc::unbounded_channel();
    // In a task of its own, so that sound does not wait for a database. It ends with this one.
    let mut sound = JoinSet::new();
    sound.spawn(voice.run(from_client, to_say, told));
    let ProviderCall { id, party, from_client: mut frames, to_client, hang_up } = call;
    let (_voice, mut answers) = party.conversation.take_voice();
    let mut talk = Talk { id, party, to_client, speech, answers: VecDeque::new(), interrupted: None, number: 0 };
    talk.disclose();
    let mut signals = Some(signals);
    let (end, quality) = loop {
        tokio::select! {
            biased;
            () = hang_up.cancelled(), if signals.is_some() => signals = None,
            Some(event) = events.recv() => talk.on_event(event).await,
            frame = frames.recv(), if signals.is_some() => match frame.map(signal) {
                Some(signal) => {
                    if let Some(signals) = &signals && signals.try_send(signal).is_err() {
                        tracing::debug!(call = %id, "a frame was one too many");
                    }
                }
                None => signals = None,
            },
            Some(to_say) = answers.recv() => talk.say(to_say),
            Some(done) = sound.join_next() => match done {
                Ok((end, quality)) => break (end, quality),
                Err(_) => return CallOutcome::ProviderFailed.into(),
            },
        }
    };
    // What was told last may not have been taken in yet.
    while let Ok(event) = events.try_recv() {
        talk.on_event(event).await;
    }
    let outcome = match end {
        Ok(CallEnd::HungUp | CallEnd::Dismissed) => CallOutcome::HungUp,
        Ok(CallEnd::Lost) => CallOutcome::Lost,
        Ok(CallEnd::Silence) => CallOutcome::Silence,
        Ok(CallEnd::NotConnected) => CallOutcome::NotConnected,
        Err(error) => {
            tracing::warn!(call = %id, %error, "a call broke down");
            CallOutcome::ProviderFailed
        }
    };
    ServedCall { outcome, quality: figures(&quality) }
}

fn signal(frame: VoiceClientFrame) -> Signal {
    match frame {
        VoiceClientFrame::Offer { sdp, .. } => Signal::Offer(sdp.sdp),
        VoiceClientFrame::IceCandidate { candidate, .. } => Signal::Candidate(candidate.candidate),
        VoiceClientFrame::End => Signal::HangUp,
    }
}

fn figures(quality: &Quality) -> CallQuality {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut responses = quality.course.responses.clone();
    responses.sort_unstable();
    CallQuality {
        connected_after_ms: quality.connected_after_ms.map(count),
        packets_received: Some(count(quality.packets_received)),
        packets_lost: Some(count(quality.packets_lost)),
        round_trip_ms: quality.round_trip_ms,
        turns: Some(quality.course.turns.into()),
        interruptions: Some(quality.course.interruptions.into()),
        median_response_ms: responses.get(responses.len().saturating_sub(1) / 2).copied().map(count),
        slowest_response_ms: responses.last().copied().map(count),
    }
}

/// What is said in a call, and where it goes.
struct Talk {
    id: Id<id::Call>,
    party: Arc<crate::chat::receive::Party>,
    to_client: mpsc::Sender<bytes::Bytes>,
    speech: mpsc::UnboundedSender<Speech>,
    /// The newest last.
    answers: VecDeque<Answer>,
    /// The question whose answer the patient broke in on, until they have said something.
    interrupted: Option<String>,
    /// How many things were said.
    number: u64,
}

struct Answer {
    answer: u64,
    question_id: String,
    text: String,
    told: usize,
    heard: watch::Sender<usize>,
}

impl Talk {
    /// That an AI answers, before anything else.
    fn disclose(&self) {
        self.give(Speech::Remark { text: self.party.disclosure_text() });
    }

    fn give(&self, speech: Speech) {
        // Where the call is over, nobody listens.
        let _ = self.speech.send(speech);
    }

    async fn tell(&self, frame: VoiceServerFrame) {
        let _ = self.to_client.send(frame.bytes()).await;
    }

    fn say(&mut self, to_say: ToSay) {
        match to_say {
            ToSay::Begin { answer, question_id, heard } => {
                if self.answers.len() >= REMEMBERED {
                    self.answers.pop_front();
                }
                self.answers.push_back(Answer { answer, question_id, text: String::new(), told: 0, heard });
                self.give(Speech::Begin { answer });
            }
            ToSay::Text { answer, text } => {
                if let Some(known) = self.answers.iter_mut().find(|known| known.answer == answer) {
                    known.text.push_str(text.expose());
                }
                self.give(Speech::Text { answer, text });
            }
            ToSay::End { answer } => self.give(Speech::End { answer }),
            ToSay::Broken { answer } => {
                self.forget(answer);
                self.give(Speech::Broken { answer });
            }
            ToSay::Notice(text) => self.give(Speech::Notice { text }),
            ToSay::Stop => self.give(Speech::Stop),
        }
    }

    async fn on_event(&mut self, event: CallEvent) {
        match event {
            CallEvent::Answer(sdp) => self.tell(VoiceServerFrame::answer(sdp)).await,
            CallEvent::Refused { reason } => self.tell(VoiceServerFrame::error("BAD_FRAME", reason)).await,
            CallEvent::State(state) => {
                let state = match state {
                    State::Listening => CallState::Listening,
                    State::Thinking => CallState::Thinking,
                    State::Speaking => CallState::Speaking,
                };
                self.tell(VoiceServerFrame::State { state }).await;
            }
            CallEvent::Hearing { text } => self.transcript(TranscriptRole::User, text.into_inner(), false).await,
            CallEvent::Said { text } => {
                self.transcript(TranscriptRole::User, text.expose().clone(), true).await;
                self.said(text).await;
            }
            CallEvent::Spoken { text } => self.transcript(TranscriptRole::Assistant, text, true).await,
            CallEvent::Heard { answer, bytes } => {
                let Some(known) = self.answers.iter_mut().find(|known| known.answer == answer) else { return };
                known.told = known.text.floor_char_boundary(bytes);
                let _ = known.heard.send(known.told);
                let text = known.text[..known.told].to_owned();
                self.transcript(TranscriptRole::Assistant, text, false).await;
            }
            CallEvent::Finished { answer } => {
                if let Some(known) = self.forget(answer) {
                    self.transcript(TranscriptRole::Assistant, known.text, true).await;
                }
            }
            CallEvent::Interrupted { answer } => {
                let Some(known) = self.forget(answer) else { return };
                // Before it is forgotten that it was being heard: the rest is not wanted as text either.
                self.withdraw(&known.question_id).await;
                if known.told > 0 {
                    self.transcript(TranscriptRole::Assistant, known.text[..known.told].to_owned(), true).await;
                }
                self.interrupted = Some(known.question_id);
            }
        }
    }

    async fn withdraw(&self, question_id: &str) {
        if self.party.conversation.withdraw(question_id) == Withdrawal::Stopped {
            return;
        }
        let (session, now) = (self.party.visitor.session.id, self.party.state.clock.now());
        if let Err(error) = self.party.visitor.scope.withdraw_turn(session, question_id, now).await {
            tracing::warn!(call = %self.id, %error, "that an answer is no longer wanted was not noted");
        }
    }

    fn forget(&mut self, answer: u64) -> Option<Answer> {
        let at = self.answers.iter().position(|known| known.answer == answer)?;
        self.answers.remove(at)
    }

    async fn transcript(&self, role: TranscriptRole, text: String, is_final: bool) {
        self.tell(VoiceServerFrame::Transcript { role, text, is_final }).await;
    }

    /// What the patient said is stored and answered as if they had typed it. Whoever is in danger is told whom to call,
    /// whatever becomes of it.
    async fn said(&mut self, text: Phi<String>) {
        let party = &self.party;
        let before = party.conversation.last_said.replace(&text);
        let emergency = emergency_in(&text, before.as_ref(), party.to_call());
        if let Some(emergency) = &emergency {
            self.give(Speech::Notice { text: emergency.content.clone() });
        }
        if let Some(question_id) = self.interrupted.take() {
            // In the conversation as it was heard. Where the store is slow it is not waited for.
            let _ = timeout(STORED_WITHIN, party.conversation.answer_over(&question_id)).await;
        }
        self.number += 1;
        let new = NewUserMessage {
            message_id: format!("{}-{}", self.id, self.number),
            content: text,
            attachments: Vec::new(),
            client_timestamp: None,
            is_spoken: true,
            begin: true,
            emergency,
        };
        let incoming = Incoming {
            state: &party.state,
            scope: &party.visitor.scope,
            session: &party.visitor.session,
            conversation: &party.conversation,
            from: None,
            login: party.login,
            is_read_with_the_last: before.is_some(),
        };
        let refusal = if party
            .state
            .rates
            .take_message(party.visitor.session.id, party.address, party.visitor.session.app)
            .is_err()
        {
            Some("That was too much at once. Please wait a minute.")
        } else {
            match take_in(incoming, new).await {
                Ok(TakenIn::Stored { .. }) => None,
                Ok(TakenIn::NameTaken | TakenIn::Ended) => Some("This conversation has ended."),
                Err(error) => {
                    tracing::warn!(call = %self.id, %error, "what was said could not be stored");
                    Some("I could not note that. Please say it again.")
                }
            }
        };
        if let Some(refusal) = refusal {
            self.give(Speech::Remark { text: refusal.to_owned() });
        }
    }
}
