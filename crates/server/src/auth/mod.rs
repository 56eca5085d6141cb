//! Who is asking.

mod address;
pub mod origin;
pub mod tokens;
mod visitor;

pub use address::ClientAddress;
pub use visitor::{Visitor, bearer};
