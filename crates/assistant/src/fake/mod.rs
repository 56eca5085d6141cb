//! Language models that say what a script tells them to, over HTTP, byte for byte: for tests of what real ones do, and for a
//! demonstration without one.

mod protocol;
mod quoting;
mod scenario;
mod server;

pub use protocol::{Protocol, finish, piece};
pub use quoting::quoting;
pub use scenario::{PIECES, SCENARIOS, Scenario};
pub use server::{FakeModel, Received, Script, Step};
