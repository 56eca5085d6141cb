//! Who serves a call: the built-in voice, an outside provider, or OpenAI.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use kuzushi_domain::{
    CallOutcome, CallQuality, Id,
    agreement::{Endpoint, Modality},
    config::{AppConfig, VoiceProvider as Choice},
    id,
};
use kuzushi_store::{StoreError, TenantScope};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{external::ExternalVoice, frames::VoiceClientFrame, openai::OpenAiVoice};
use crate::{chat::receive::Party, state::AppState};

/// Frames that may wait on their way in either direction.
pub const QUEUE: usize = 64;

/// Somebody who serves calls.
pub trait VoiceProvider: Send + Sync {
    /// As it is recorded with a call.
    fn name(&self) -> &'static str;

    /// Serves a call until it is over. Told to hang up, it has a moment to do so; after that, and whenever the future is
    /// dropped, nothing of the call is left.
    fn serve(&self, call: ProviderCall) -> BoxFuture<'static, ServedCall>;
}

/// A call, as whoever serves it has it.
pub struct ProviderCall {
    pub id: Id<id::Call>,
    pub party: Arc<Party>,
    /// The first one is an offer. It ends when the client has gone.
    pub from_client: mpsc::Receiver<VoiceClientFrame>,
    /// Frames as they go over the wire.
    pub to_client: mpsc::Sender<Bytes>,
    pub hang_up: CancellationToken,
}

/// How a call went.
#[derive(Debug, Clone, Copy)]
pub struct ServedCall {
    pub outcome: CallOutcome,
    pub quality: CallQuality,
}

impl From<CallOutcome> for ServedCall {
    fn from(outcome: CallOutcome) -> Self {
        Self { outcome, quality: CallQuality::default() }
    }
}

/// Why there are no calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The app's config does not have them.
    SwitchedOff,
    /// This program was built without the built-in voice.
    NotBuilt,
    /// The models are not there, or cannot be used, for this reason.
    NoModels(String),
    /// They are being loaded.
    Loading,
    /// Nobody has said where browsers find this server.
    NoAddress,
    /// The config names a provider that the operator has not set up.
    NotSetUp,
    /// The tenant has noted no agreement that covers voice with whoever serves its calls.
    NoAgreement,
}

impl Unavailable {
    /// A stable name, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SwitchedOff => "SWITCHED_OFF",
            Self::NotBuilt => "NOT_BUILT",
            Self::NoModels(_) => "NO_MODELS",
            Self::Loading => "LOADING",
            Self::NoAddress => "NO_ADDRESS",
            Self::NotSetUp => "NOT_SET_UP",
            Self::NoAgreement => "NO_AGREEMENT",
        }
    }

    /// For whoever runs the server: what is wrong and what to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::SwitchedOff => String::from("the app's config has features.voice switched off"),
            Self::NotBuilt => String::from("this program was built without the feature `voice`"),
            Self::NoModels(reason) => format!("{reason}: run `kuzushi voice fetch`"),
            Self::Loading => String::from("the models are being loaded"),
            Self::NoAddress => String::from(
                "HOST takes connections for any address: set VOICE_PUBLIC_ADDRESS to the one that browsers reach",
            ),
            Self::NotSetUp => {
                String::from("set VOICE_PROVIDER_URL, or OPENAI_API_KEY, for the provider that the config names")
            }
            Self::NoAgreement => String::from(
                "note an agreement that covers voice with the provider: `kuzushi admin agreement note --covers text,voice`",
            ),
        }
    }
}

/// Who serves the calls of an app with this config.
pub async fn choose(
    state: &AppState,
    scope: &TenantScope,
    config: &AppConfig,
) -> Result<Result<Arc<dyn VoiceProvider>, Unavailable>, StoreError> {
    if !config.features.voice {
        return Ok(Err(Unavailable::SwitchedOff));
    }
    let settings = &state.config.voice;
    let (endpoint, provider): (_, Arc<dyn VoiceProvider>) = match (config.voice.provider, &settings.provider_url) {
        (Choice::Builtin, _) | (Choice::Auto, None) => return Ok(state.calls.builtin()),
        (Choice::External | Choice::Auto, Some(url)) => (endpoint_of(url), Arc::new(ExternalVoice::new(url.clone()))),
        (Choice::External, None) => return Ok(Err(Unavailable::NotSetUp)),
        (Choice::Openai, _) => match state.config.providers.openai() {
            Some((base_url, key)) => {
                let voice = OpenAiVoice::new(base_url, key, &config.voice);
                (base_url.parse().ok(), Arc::new(voice))
            }
            None => return Ok(Err(Unavailable::NotSetUp)),
        },
    };
    let Some(endpoint) = endpoint else { return Ok(Err(Unavailable::NotSetUp)) };
    let today = state.clock.now().date_naive();
    let may_send = state.agreements.may_send(scope, &endpoint, Modality::Voice, today).await?;
    Ok(if may_send { Ok(provider) } else { Err(Unavailable::NoAgreement) })
}

/// The address of a WebSocket in the spelling that agreements have.
pub fn endpoint_of(url: &str) -> Option<Endpoint> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.replacen("ws", "http", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_provider_is_what_an_agreement_names() {
        let endpoint = |url: &str| endpoint_of(url).map(|endpoint| endpoint.to_string());
        assert_eq!(endpoint("wss://voice.example.org/calls?key=1").as_deref(), Some("https://voice.example.org/calls"));
        assert_eq!(endpoint("ws://127.0.0.1:9000").as_deref(), Some("http://127.0.0.1:9000"));
    }
}
