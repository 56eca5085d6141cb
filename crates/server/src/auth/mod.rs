//! Who is asking.

mod address;
pub mod api_keys;
mod caller;
pub mod identities;
pub mod logins;
pub mod origin;
pub mod passwords;
mod patient;
mod staff;
pub mod tokens;
mod visitor;

pub use address::ClientAddress;
pub use caller::Caller;
pub use patient::{Patient, UnnoticedPatient};
pub use staff::Staff;
pub use visitor::{Visitor, bearer, is_open};
