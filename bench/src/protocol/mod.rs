//! The public protocol, as a client speaks it.

pub mod frames;
pub mod http;
pub mod session;
pub mod socket;
mod target;

pub use target::Target;
