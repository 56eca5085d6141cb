//! The chat WebSocket.

pub mod close_codes;
pub mod frames;
pub mod limits;
mod receive;
mod seen;
pub mod socket;
