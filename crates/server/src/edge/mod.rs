//! Where the world ends and the server begins: who is connected and how, and what every answer says for its safety.

mod certificates;
mod client_tls;
mod door;
mod headers;
mod peer;

pub use certificates::Certificates;
pub use client_tls::client_tls;
pub use door::Door;
pub use headers::add_headers;
pub use peer::{Peer, came_over_tls, is_trusted};
