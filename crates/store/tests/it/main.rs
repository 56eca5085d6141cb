//! The store on both databases.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failed step fails its test")]

mod agreements;
mod api_keys;
mod approvals;
mod articles;
mod audit;
mod backups;
mod calls;
mod canary;
mod configs;
mod erased_tenants;
mod evaluations;
mod fixture;
mod gaps;
mod groups;
mod holds;
mod isolation;
mod key_command;
mod keys;
mod messages;
mod migrations;
mod nodes;
mod retention;
mod row_level_security;
mod sealing;
mod spending;
mod staff;
mod turns;
mod users;
