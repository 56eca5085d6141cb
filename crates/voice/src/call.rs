//! A call: a browser's offer answered, what is said heard, what is to be said spoken, until one of both hangs up.

use std::{sync::Arc, time::Duration};

use kuzushi_domain::Phi;
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinError, JoinSet, spawn_blocking},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    agent::{Action, Agent, Course, Millis, Wording},
    audio::{PACKET_MS, PACKET_SAMPLES, SoundPart},
    engines::{EngineError, Engines, Utterance, VoiceActivity},
    events::{CallEvent, Signal, Speech},
    peer::{NetworkPlace, Peer, PeerError, PeerEvent},
    turn_taking::Judgement,
};

/// How long a browser may take to make an offer, and then to connect.
const OFFER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a browser may be away, for instance while its network changes.
const AWAY_TIMEOUT: Duration = Duration::from_secs(15);
/// Frames of sound before speech was noticed that belong to it: 384 ms.
const BEFORE: usize = 12 * VoiceActivity::FRAME;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// The browser hung up.
    HungUp,
    /// The browser was not heard of any more.
    Lost,
    /// Nobody said anything.
    Silence,
    /// There was no offer, or no connection came of it.
    NotConnected,
    /// Whoever gives it what to say has gone.
    Dismissed,
}

/// Why a call could not be.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// How good a call was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    pub course: Course,
    pub packets_received: u64,
    pub packets_lost: u64,
    pub round_trip_ms: Option<f64>,
    /// From the offer to the connection.
    pub connected_after_ms: Option<Millis>,
}

/// What a call consists of.
pub struct Call {
    pub engines: Arc<Engines>,
    /// As many as may be listening to a turn or making a sound at the same time, in all calls.
    pub work: Arc<Semaphore>,
    pub place: NetworkPlace,
    /// How long nobody may say anything.
    pub patience: Duration,
    pub wording: Wording,
}

/// A part of a sound, and what the next one is made of.
type Made = (SoundPart, Option<Box<Utterance>>);

/// Work that is done elsewhere.
enum Done {
    Judged {
        segment: u32,
        judgement: Judgement,
    },
    /// None where it could not be made.
    Synthesized {
        ticket: u64,
        made: Option<Made>,
    },
}

/// What is heard, as a turn needs it.
#[derive(Default)]
struct Ear {
    activity: VoiceActivity,
    /// Less than a frame.
    rest: Vec<f32>,
    /// The turn so far, or what may become its beginning.
    heard: Vec<f32>,
}

impl Call {
    /// Until it is over. Dropping the future ends it as well, and leaves nothing behind.
    pub async fn run(
        self,
        mut signals: mpsc::Receiver<Signal>,
        mut speech: mpsc::UnboundedReceiver<Speech>,
        events: mpsc::UnboundedSender<CallEvent>,
    ) -> (Result<CallEnd, CallError>, Quality) {
        let mut running = Running {
            agent: Agent::new(self.wording.clone(), self.patience.as_millis() as Millis),
            ear: Ear::default(),
            utterance: None,
            work: JoinSet::new(),
            begun: Instant::now(),
            connected_after: None,
            has_hung_up: false,
            call: self,
            events,
        };
        let mut peer = match Peer::open(&running.call.place).await {
            Ok(peer) => peer,
            Err(error) => return (Err(error.into()), Quality::default()),
        };
        let end = running.serve(&mut peer, &mut signals, &mut speech).await;
        let link = peer.quality();
        let quality = Quality {
            course: running.agent.course().clone(),
            packets_received: link.packets_received,
            packets_lost: link.packets_lost,
            round_trip_ms: link.round_trip_ms,
            connected_after_ms: running.connected_after,
        };
        (end, quality)
    }
}

struct Running {
    call: Call,
    agent: Agent,
    ear: Ear,
    /// What the sound that has just come goes on with, until it is known whether anybody wants it.
    utterance: Option<Box<Utterance>>,
    work: JoinSet<Result<Done, EngineError>>,
    events: mpsc::UnboundedSender<CallEvent>,
    begun: Instant,
    connected_after: Option<Millis>,
    has_hung_up: bool,
}

impl Running {
    async fn serve(
        &mut self,
        peer: &mut Peer,
        signals: &mut mpsc::Receiver<Signal>,
        speech: &mut mpsc::UnboundedReceiver<Speech>,
    ) -> Result<CallEnd, CallError> {
        let mut deadline = Some(Instant::now() + OFFER_TIMEOUT);
        let mut has_offer = false;
        let mut packets = interval(Duration::from_millis(PACKET_MS as u64));
        packets.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut packet = [0.0; PACKET_SAMPLES];
        loop {
            let is_connected = self.connected_after.is_some();
            tokio::select! {
                signal = signals.recv() => match signal {
                    None | Some(Signal::HangUp) => return Ok(CallEnd::HungUp),
                    Some(Signal::Offer(offer)) => match peer.accept(&offer) {
                        Ok(answer) => {
                            if !has_offer {
                                has_offer = true;
                                self.begun = Instant::now();
                                deadline = Some(Instant::now() + CONNECT_TIMEOUT);
                            }
                            self.tell(CallEvent::Answer(answer));
                        }
                        Err(error) => self.tell(CallEvent::Refused { reason: format!("sdp: {error}") }),
                    },
                    Some(Signal::Candidate(candidate)) => {
                        if let Err(error) = peer.add_candidate(&candidate) {
                            self.tell(CallEvent::Refused { reason: format!("candidate: {error}") });
                        }
                    }
                },
                event = peer.next(), if has_offer => match event? {
                    PeerEvent::Connected => {
                        self.connected_after.get_or_insert(self.begun.elapsed().as_millis() as Millis);
                        deadline = None;
                        packets.reset();
                    }
                    PeerEvent::Back => deadline = deadline.filter(|_| !is_connected),
                    PeerEvent::Away => deadline = Some(Instant::now() + AWAY_TIMEOUT),
                    PeerEvent::Gone => return Ok(if is_connected { CallEnd::HungUp } else { CallEnd::NotConnected }),
                    PeerEvent::Sound(samples) => self.hear(&samples)?,
                },
                _ = packets.tick(), if is_connected => {
                    let actions = self.agent.play(&mut packet, self.now());
                    self.act(actions);
                    peer.say(&packet)?;
                }
                said = speech.recv() => match said {
                    None => return Ok(CallEnd::Dismissed),
                    Some(said) => {
                        let actions = self.agent.speech(said, self.now());
                        self.act(actions);
                    }
                },
                Some(done) = self.work.join_next(), if !self.work.is_empty() => self.take_in(done)?,
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    return Ok(if is_connected { CallEnd::Lost } else { CallEnd::NotConnected });
                }
            }
            if self.has_hung_up {
                return Ok(CallEnd::Silence);
            }
        }
    }

    fn now(&self) -> Millis {
        self.begun.elapsed().as_millis() as Millis
    }

    fn tell(&self, event: CallEvent) {
        // Whoever listened has gone, and with them the speech, which ends the call.
        let _ = self.events.send(event);
    }

    fn hear(&mut self, samples: &[f32]) -> Result<(), CallError> {
        self.ear.rest.extend_from_slice(samples);
        while self.ear.rest.len() >= VoiceActivity::FRAME {
            let frame: Vec<f32> = self.ear.rest.drain(..VoiceActivity::FRAME).collect();
            let probability = self.call.engines.voice_activity(&mut self.ear.activity, &frame)?;
            self.ear.heard.extend_from_slice(&frame);
            if !self.agent.is_turn() {
                let before = self.ear.heard.len().saturating_sub(BEFORE);
                self.ear.heard.drain(..before);
            }
            let actions = self.agent.frame(probability, self.now());
            self.act(actions);
        }
        Ok(())
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Tell(event) => self.tell(event),
                Action::Forget => self.ear.heard.clear(),
                Action::HangUp => self.has_hung_up = true,
                Action::Judge { segment } => {
                    let heard = Arc::new(self.ear.heard.clone());
                    let (engines, work) = (Arc::clone(&self.call.engines), Arc::clone(&self.call.work));
                    self.work.spawn(async move {
                        let judgement = judge(engines, work, heard).await?;
                        Ok(Done::Judged { segment, judgement })
                    });
                }
                Action::Synthesize { ticket, text } => {
                    self.synthesize(ticket, move |engines| match engines.begin_to_speak(text.expose())? {
                        Some(utterance) => speak_on(engines, Box::new(utterance)),
                        None => Ok((SoundPart::default(), None)),
                    });
                }
                Action::SynthesizeOn { ticket } => {
                    if let Some(utterance) = self.utterance.take() {
                        self.synthesize(ticket, move |engines| speak_on(engines, utterance));
                    }
                }
            }
        }
    }

    fn synthesize(&mut self, ticket: u64, what: impl FnOnce(&Engines) -> Result<Made, EngineError> + Send + 'static) {
        let (engines, work) = (Arc::clone(&self.call.engines), Arc::clone(&self.call.work));
        self.work.spawn(async move {
            let made = busy(&work, move || what(&engines)).await;
            let made = made.inspect_err(|error| tracing::warn!(%error, "a piece cannot be said"));
            Ok(Done::Synthesized { ticket, made: made.ok() })
        });
    }

    fn take_in(&mut self, done: Result<Result<Done, EngineError>, JoinError>) -> Result<(), CallError> {
        let done = done.map_err(|_| EngineError::failed("it broke down"))??;
        let now = self.now();
        let actions = match done {
            Done::Judged { segment, judgement } => self.agent.judged(segment, judgement, now),
            Done::Synthesized { ticket, made } => {
                let (part, utterance) = made.unzip();
                self.utterance = utterance.flatten();
                self.agent.synthesized(ticket, part, now)
            }
        };
        self.act(actions);
        // Whoever wanted to hear it has broken in.
        self.utterance = None;
        Ok(())
    }
}

/// What was said, and whether it was all: both at the same time.
async fn judge(engines: Arc<Engines>, work: Arc<Semaphore>, heard: Arc<Vec<f32>>) -> Result<Judgement, EngineError> {
    let (listening, deciding) = (Arc::clone(&engines), engines);
    let (words, sound) = (Arc::clone(&heard), heard);
    let (text, completeness) = tokio::join!(
        busy(&work, move || listening.transcribe(&words)),
        busy(&work, move || deciding.end_of_turn(&sound)),
    );
    Ok(Judgement { text: Phi::new(text?), completeness: completeness? })
}

/// The next part of a sound.
fn speak_on(engines: &Engines, mut utterance: Box<Utterance>) -> Result<Made, EngineError> {
    let part = engines.speak_on(&mut utterance)?;
    let follows = part.rest > 0;
    Ok((part, follows.then_some(utterance)))
}

/// Does something that keeps a processor busy, when there is one.
async fn busy<T: Send + 'static>(
    work: &Semaphore,
    what: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let _permit = work.acquire().await.map_err(EngineError::failed)?;
    spawn_blocking(what).await.map_err(|_| EngineError::failed("it broke down"))?
}
