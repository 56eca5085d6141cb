//! The administration API, a file per resource.

pub mod activations;
pub mod api_keys;
pub mod approval_requests;
pub mod approvals;
pub mod apps;
pub mod articles;
pub mod audit;
pub mod auth;
pub mod config_versions;
pub mod conversations;
pub mod evaluations;
mod fields;
pub mod holds;
pub mod identity_keys;
pub mod identity_providers;
mod new_password;
pub mod oidc;
pub mod operators;
pub mod people;
pub mod second_factor;
pub mod splits;
pub mod staff;
pub mod suites;
pub mod tenants;
pub mod user_deletion;
pub mod users;
