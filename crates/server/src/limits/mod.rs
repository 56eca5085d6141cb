//! How much anybody may ask for: sockets open at the same time, and requests in a minute.

mod connections;
mod rates;

pub use connections::{ConnectionLimits, ConnectionSlot};
pub use rates::RateLimits;
