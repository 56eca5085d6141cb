//! The `kuzushi` command.

use std::process::ExitCode;

use clap::Parser;
use kuzushi_server::cli::Cli;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(cli.run());
        // Whatever counts is stored by now. Dropping the runtime would wait for every thread that is in the middle of
        // something, and break off what needs a timer.
        std::mem::forget(runtime);
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with the whole chain of causes: what an operator reads first.
            eprintln!("kuzushi: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}
