//! The `kuzushi` command.

use std::process::ExitCode;

use clap::Parser;
use kuzushi_server::{
    cli::{Cli, ReadsApart},
    commands::{AwaitsApproval, evaluate::NotPassed},
    documents, uploads,
};
use tokio::runtime::Runtime;

/// An answer takes some hundred small pieces of memory, which this one hands out faster than those of Linux's libraries do. The
/// networks of the built-in voice pass large ones from thread to thread, of which it keeps more than glibc does.
#[cfg(not(feature = "voice"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a command whose change waits for a second person. What it printed says so.
const AWAITS_APPROVAL: u8 = 3;
/// The exit code where fewer of a suite's cases passed than are wanted. The table says which did not.
const NOT_PASSED: u8 = 4;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before anything else is set up: it takes nothing from anybody.
    match cli.reads_apart() {
        Some(ReadsApart::Document(format)) => return documents::run(format),
        Some(ReadsApart::Upload(kind)) => return uploads::run(kind),
        None => {}
    }
    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(cli.run());
        // Whatever counts is stored by now. Dropping the runtime would wait for every thread that is in the middle of
        // something, and break off what needs a timer.
        std::mem::forget(runtime);
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<AwaitsApproval>() => ExitCode::from(AWAITS_APPROVAL),
        Err(error) if error.is::<NotPassed>() => ExitCode::from(NOT_PASSED),
        Err(error) => {
            // One line with the whole chain of causes: what an operator reads first.
            eprintln!("kuzushi: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}
