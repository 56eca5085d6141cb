//! A call that goes on: between the client's socket and whoever serves it, and on record.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use kuzushi_domain::{CallOutcome, Id, id};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    frames::VoiceClientFrame,
    places::CallPlace,
    provider::{ProviderCall, QUEUE, ServedCall, VoiceProvider},
};
use crate::chat::{
    frames::{ErrorCode, FrameError},
    receive::Party,
};

/// How long whoever serves a call may take to hang up.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(2);
/// Pauses between attempts to put a call's end on record.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const ATTEMPTS: u32 = 8;

pub struct RunningCall {
    party: Arc<Party>,
    place: CallPlace,
    id: Id<id::Call>,
    to_provider: mpsc::Sender<VoiceClientFrame>,
    from_provider: mpsc::Receiver<Bytes>,
    /// The one task of the provider. It is aborted when this is dropped.
    served: JoinSet<ServedCall>,
    result: Option<ServedCall>,
    hang_up: CancellationToken,
    ends_at: Instant,
}

/// What comes of a call.
pub enum Step {
    /// For the client.
    Frame(Bytes),
    Ended(CallOutcome),
}

impl RunningCall {
    pub fn begin(
        party: Arc<Party>,
        place: CallPlace,
        id: Id<id::Call>,
        provider: &dyn VoiceProvider,
        offer: VoiceClientFrame,
    ) -> Self {
        let (to_provider, from_client) = mpsc::channel(QUEUE);
        let (to_client, from_provider) = mpsc::channel(QUEUE);
        // There is room: nothing was sent before.
        let _ = to_provider.try_send(offer);
        let hang_up = CancellationToken::new();
        let call = ProviderCall { id, party: Arc::clone(&party), from_client, to_client, hang_up: hang_up.clone() };
        let mut served = JoinSet::new();
        served.spawn(provider.serve(call));
        let ends_at = Instant::now() + party.state.config.voice.call_max_duration.0;
        Self { party, place, id, to_provider, from_provider, served, result: None, hang_up, ends_at }
    }

    /// Hands a client's frame to whoever serves the call.
    pub fn pass_on(&self, frame: VoiceClientFrame) -> Result<(), FrameError> {
        // Where it is closed the call is over, and its end is about to be told.
        match self.to_provider.try_send(frame) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(FrameError::new(ErrorCode::RateLimited, "too many frames; slow down"))
            }
        }
    }

    /// Waits for what comes next. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Step {
        tokio::select! {
            biased;
            Some(frame) = self.from_provider.recv() => Step::Frame(frame),
            outcome = self.place.end.told() => Step::Ended(outcome),
            served = self.served.join_next() => {
                let served = served_of(served);
                self.result = Some(served);
                Step::Ended(served.outcome)
            }
            () = sleep_until(self.ends_at) => Step::Ended(CallOutcome::TooLong),
        }
    }

    /// Ends the call and puts on record how. Returns what was still to be told to the client.
    pub async fn hang_up(mut self, outcome: CallOutcome) -> Vec<Bytes> {
        self.hang_up.cancel();
        drop(self.to_provider);
        let mut rest = Vec::new();
        let served = match self.result {
            Some(served) => served,
            None => {
                let last = async {
                    loop {
                        tokio::select! {
                            biased;
                            Some(frame) = self.from_provider.recv() => rest.push(frame),
                            served = self.served.join_next() => return served_of(served),
                        }
                    }
                };
                timeout(HANG_UP_TIMEOUT, last).await.unwrap_or(ServedCall::from(outcome))
            }
        };
        self.served.abort_all();
        record(&self.party, self.id, ServedCall { outcome, ..served }).await;
        drop(self.place);
        rest
    }
}

fn served_of(served: Option<Result<ServedCall, tokio::task::JoinError>>) -> ServedCall {
    match served {
        Some(Ok(served)) => served,
        // It broke down, which was logged.
        Some(Err(_)) | None => CallOutcome::ProviderFailed.into(),
    }
}

/// Puts on record how a call ended: now, or when the database is back.
async fn record(party: &Arc<Party>, id: Id<id::Call>, served: ServedCall) {
    let at = party.state.clock.now();
    tracing::info!(call = %id, outcome = served.outcome.as_str(), "a call is over");
    let ServedCall { outcome, quality } = served;
    let Err(error) = party.visitor.scope.end_call(id, outcome, quality, at).await else { return };
    tracing::warn!(call = %id, %error, "the end of a call waits to be put on record");
    let party = Arc::clone(party);
    let sockets = party.state.sockets.clone();
    sockets.spawn(async move {
        let mut pause = FIRST_PAUSE;
        for _ in 0..ATTEMPTS {
            tokio::select! {
                () = sleep(pause) => pause *= 2,
                () = party.state.closing.cancelled() => {}
            }
            match party.visitor.scope.end_call(id, outcome, quality, at).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(call = %id, %error, "the end of a call is still not on record"),
            }
            if party.state.closing.is_cancelled() {
                return;
            }
        }
    });
}
