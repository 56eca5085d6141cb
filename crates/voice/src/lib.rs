//! How sound travels: a call with a browser, who has the word, speech to text, text to speech.
//!
//! The way in is [`Call`]: it takes a browser's offer, hears what is said, and says what it is given. What is asked and what is
//! answered is not decided here. [`Engines`] are loaded once and shared by all calls; [`models`] says where their files come from.
//!
//! Without the feature `engines` there is neither: what is left are the rules, which need no sound, network or time.

pub mod agent;
pub mod audio;
#[cfg(feature = "engines")]
mod call;
#[cfg(feature = "engines")]
mod engines;
mod events;
pub mod models;
#[cfg(feature = "engines")]
mod peer;
pub mod speech;
mod turn_taking;

#[cfg(feature = "engines")]
pub use call::{Call, CallEnd, CallError, Quality};
#[cfg(feature = "engines")]
pub use engines::{EngineError, Engines, VoiceActivity};
pub use events::{CallEvent, Signal, Speech};
#[cfg(feature = "engines")]
pub use peer::{LinkQuality, NetworkPlace, Peer, PeerError, PeerEvent};
pub use turn_taking::{Judgement, TurnEvent, TurnTaking};
