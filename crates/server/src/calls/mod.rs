//! Calls: a visitor talks instead of typing. Who serves them is behind one trait ([`provider::VoiceProvider`]).

#[cfg(feature = "voice")]
mod builtin;
mod call;
mod external;
pub mod frames;
mod ice;
mod openai;
mod places;
mod provider;
pub mod socket;
mod transcripts;

use std::{sync::Arc, time::Duration};

use kuzushi_domain::{CallOutcome, config::AppConfig};
use kuzushi_store::{StoreError, TenantScope};
use tokio::time::{MissedTickBehavior, interval};

pub use self::{
    ice::{IceServer, ice_servers},
    places::{CallPlaces, NoPlace},
    provider::{Unavailable, VoiceProvider, endpoint_of},
};
use crate::{config::Config, state::AppState};

/// How often it is looked whether another node has taken over one of this node's calls, or left any.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// What this node has for calls.
pub struct Calls {
    /// Who may be in a call, and who is.
    pub places: CallPlaces,
    #[cfg(feature = "voice")]
    builtin: builtin::BuiltinVoice,
}

impl Calls {
    pub fn new(config: &Config) -> Self {
        Self {
            places: CallPlaces::new(&config.voice),
            #[cfg(feature = "voice")]
            builtin: builtin::BuiltinVoice::new(config),
        }
    }

    /// Begins to load what the built-in voice needs, where it is there. Calls can be made once that is done.
    pub fn prepare(&self) {
        #[cfg(feature = "voice")]
        self.builtin.prepare();
    }

    /// Why the built-in voice cannot be had; None where it can.
    pub fn builtin_missing(&self) -> Option<Unavailable> {
        #[cfg(feature = "voice")]
        return self.builtin.missing();
        #[cfg(not(feature = "voice"))]
        Some(Unavailable::NotBuilt)
    }

    #[cfg(feature = "voice")]
    fn builtin(&self) -> Result<Arc<dyn VoiceProvider>, Unavailable> {
        self.builtin.provider()
    }

    #[cfg(not(feature = "voice"))]
    fn builtin(&self) -> Result<Arc<dyn VoiceProvider>, Unavailable> {
        Err(Unavailable::NotBuilt)
    }
}

/// Whether this program can serve calls that no app's config names a provider for: it was built with a voice, or knows another.
pub fn are_served(config: &Config) -> bool {
    cfg!(feature = "voice") || config.voice.provider_url.is_some()
}

/// Where the models of the built-in voice are.
#[cfg(feature = "voice")]
pub fn models_folder(config: &Config) -> std::path::PathBuf {
    builtin::models_folder(config)
}

/// Who serves the calls of an app with this config, or why nobody does.
pub async fn provider_for(
    state: &AppState,
    scope: &TenantScope,
    config: &AppConfig,
) -> Result<Result<Arc<dyn VoiceProvider>, Unavailable>, StoreError> {
    provider::choose(state, scope, config).await
}

/// Ends this node's calls that another node has taken over, and notes as lost what dead nodes have left, until the server
/// stops.
pub async fn keep_calls(state: AppState) {
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = state.closing.cancelled() => return,
        }
        if let Err(error) = look_for_calls(&state).await {
            tracing::warn!(%error, "which calls go on is not known");
        }
    }
}

async fn look_for_calls(state: &AppState) -> Result<(), StoreError> {
    let lost = state.store.installation().end_lost_calls(state.clock.now()).await?;
    if lost > 0 {
        tracing::info!(calls = lost, "noted calls of nodes that died");
    }
    // In this order: a call that begins in between is in the second list.
    let here = state.calls.places.all();
    if !here.is_empty() && state.has_neighbours() {
        let going_on = state.store.installation().own_calls().await?;
        for call in here.iter().filter(|call| !going_on.contains(call)) {
            state.calls.places.end(*call, CallOutcome::Replaced);
        }
    }
    Ok(())
}
