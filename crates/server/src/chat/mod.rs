//! The chat WebSocket.

pub mod admission;
pub mod close_codes;
mod connection;
pub mod frames;
pub mod limits;
mod order;
pub mod receive;
pub mod socket;
