//! Who is asking.

pub mod origin;
pub mod tokens;
mod visitor;

pub use visitor::{Visitor, bearer};
