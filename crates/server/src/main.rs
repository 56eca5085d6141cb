//! The `kuzushi` command.

use std::process::ExitCode;

use clap::Parser;
use kuzushi_server::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with the whole chain of causes: what an operator reads first.
            eprintln!("kuzushi: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}
