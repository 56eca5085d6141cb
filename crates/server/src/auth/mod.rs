//! Who is asking.

mod address;
pub mod api_keys;
pub mod origin;
pub mod passwords;
mod staff;
pub mod tokens;
mod visitor;

pub use address::ClientAddress;
pub use staff::Staff;
pub use visitor::{Visitor, bearer};
