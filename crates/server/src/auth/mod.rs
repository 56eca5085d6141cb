//! Who is asking.

mod address;
pub mod api_keys;
mod caller;
pub mod identities;
pub mod logins;
pub mod oidc;
pub mod origin;
pub mod passwords;
mod patient;
mod second_factor;
mod staff;
pub mod tokens;
pub mod totp;
mod visitor;

pub use address::ClientAddress;
pub use caller::Caller;
pub use patient::{Patient, UnnoticedPatient};
pub use second_factor::{Shown, second_factor, take_attempt as take_code_attempt};
pub use staff::{SignedInStaff, Staff, scope_to_sign_in_to, staff_scope};
pub use visitor::{Visitor, bearer, is_open};
