//! Sends back what it is sent, on sockets that read, write and close as the chat's do, with a limit that lets long messages
//! through: for suites that test whether WebSockets are spoken as RFC 6455 has them. `bench/README.md` tells which one, and how.
//!
//! `cargo run --package kuzushi-server --example echo`

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool that cannot start says so and ends")]

use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    routing::get,
};
use kuzushi_server::chat::socket::{measured, receive, say_goodbye, send_message};
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:9001";
/// The suite sends up to 16 MiB at once.
const LONGEST: usize = 32 * 1024 * 1024;

#[tokio::main]
async fn main() {
    let echoing = get(async |upgrade: WebSocketUpgrade| measured(upgrade, LONGEST).on_upgrade(echo));
    let listener = TcpListener::bind(ADDRESS).await.expect("the port is free");
    println!("echoing at ws://{ADDRESS}");
    axum::serve(listener, Router::new().route("/", echoing)).await.expect("it serves until it is stopped");
}

async fn echo(mut socket: WebSocket) {
    let end = loop {
        let sent = match receive(&mut socket).await {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => send_message(&mut socket, message).await,
            // Pings are answered by the library.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => Ok(()),
            Err(end) => Err(end),
        };
        if let Err(end) = sent {
            break end;
        }
    };
    say_goodbye(&mut socket, end).await;
}
