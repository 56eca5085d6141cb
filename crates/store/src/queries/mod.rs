//! All SQL, one file a thing.

pub(crate) mod accept;
pub(crate) mod access_grants;
pub(crate) mod activations;
pub(crate) mod api_keys;
pub(crate) mod apps;
pub(crate) mod article_meanings;
pub(crate) mod articles;
pub(crate) mod audit;
pub(crate) mod audit_check;
pub(crate) mod configs;
pub(crate) mod conversations;
pub(crate) mod finish;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod logins;
pub(crate) mod messages;
pub(crate) mod nodes;
pub(crate) mod ratings;
pub(crate) mod retention;
pub(crate) mod sessions;
pub(crate) mod splits;
pub(crate) mod tenants;
pub(crate) mod turns;
pub(crate) mod users;
