//! How sound travels: a call with a browser, who has the word, speech to text, text to speech.
//!
//! The way in is [`Call`]: it takes a browser's offer, hears what is said, and says what it is given. What is asked and what is
//! answered is not decided here. [`Engines`] are loaded once and shared by all calls; [`models`] says where their files come from.

pub mod agent;
pub mod audio;
mod call;
mod engines;
pub mod models;
mod peer;
pub mod speech;
mod turn_taking;

pub use call::{Call, CallEnd, CallError, CallEvent, Quality, Signal, Speech};
pub use engines::{EngineError, Engines, VoiceActivity};
pub use peer::{LinkQuality, NetworkPlace, Peer, PeerError, PeerEvent};
pub use turn_taking::{Judgement, TurnEvent, TurnTaking};
