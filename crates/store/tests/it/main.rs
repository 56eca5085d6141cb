//! The store on both databases.

mod articles;
mod configs;
mod fixture;
mod isolation;
mod messages;
mod migrations;
mod sealing;
mod turns;
