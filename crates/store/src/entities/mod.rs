//! The tables, as rows. Relations are left out: queries name the columns they join on, tenant first.

pub mod access_grant;
pub mod api_key;
pub mod app;
pub mod app_config;
pub mod approval_request;
pub mod article;
pub mod article_meanings;
pub mod audit_chain;
pub mod audit_event;
pub mod config_activation;
pub mod config_split;
pub mod idempotent_request;
pub mod identity_key;
pub mod identity_use;
pub mod key;
pub mod key_store;
pub mod key_to_destroy;
pub mod legal_hold;
pub mod login;
pub mod message;
pub mod node;
pub mod session;
pub mod tenant;
pub mod turn;
pub mod user;
