//! The chat WebSocket.

mod admission;
pub mod close_codes;
mod connection;
pub mod frames;
mod limits;
mod order;
mod receive;
pub mod socket;
