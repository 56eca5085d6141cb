//! What others made is read by another process, this program again, which has no settings, no secrets, little memory and
//! little time: should it fall over, nobody but whoever sent it hears of it.

use std::{io, path::PathBuf, process::Stdio, sync::OnceLock, time::Duration};

use bytes::Bytes;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    sync::Semaphore,
    time::timeout,
};

/// Bytes of address space, with the program itself.
const MEMORY: u64 = 768 * 1024 * 1024;
/// Seconds of a processor.
const PROCESSOR_SECONDS: u64 = 10;
/// How long such a process may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one may wait for others.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How a program ends whose parser has met something that it does not expect.
const PANICKED: i32 = 101;
/// Such processes at the same time. Each may take most of a gigabyte.
static TURNS: Semaphore = Semaphore::const_new(2);
/// The program that is run, where that is not this one.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    /// Others were first for too long.
    Busy,
    /// It took too much time or memory, or could not be started.
    TooExpensive,
    /// The parser fell over.
    FellOver,
}

/// Has another program do it than this one: for tests, which are none that can.
pub fn use_program(program: impl Into<PathBuf>) {
    PROGRAM.get_or_init(|| program.into());
}

/// What the other process, run with these arguments, replies to this input, of `longest_reply` bytes at most.
pub async fn ask(arguments: &[&str], input: Bytes, longest_reply: u64) -> Result<Vec<u8>, NoReply> {
    let Ok(Ok(_turn)) = timeout(LONGEST_WAIT, TURNS.acquire()).await else {
        return Err(NoReply::Busy);
    };
    timeout(PATIENCE, run(arguments, input, longest_reply)).await.unwrap_or(Err(NoReply::TooExpensive))
}

async fn run(arguments: &[&str], input: Bytes, longest_reply: u64) -> Result<Vec<u8>, NoReply> {
    let failed = |error: io::Error| {
        tracing::error!(%error, "the process that reads what others made cannot be started or heard");
        NoReply::TooExpensive
    };
    let mut child = Command::new(program().map_err(failed)?)
        .args(arguments)
        .env_clear()
        // Address space that the allocator sets aside beforehand would count against its limit.
        .env("MIMALLOC_ARENA_RESERVE", "0")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(NoReply::TooExpensive);
    };
    let mut reply = Vec::new();
    let write = async move {
        // Whoever has read enough hangs up, which is no reason to stop listening.
        let _ = stdin.write_all(&input).await;
    };
    let mut stdout = stdout.take(longest_reply);
    let ((), read) = tokio::join!(write, stdout.read_to_end(&mut reply));
    read.map_err(failed)?;
    match child.wait().await.map_err(failed)?.code() {
        Some(0) => Ok(reply),
        Some(PANICKED) => Err(NoReply::FellOver),
        // Stopped by a limit.
        _ => Err(NoReply::TooExpensive),
    }
}

/// This program, as it was started: its file may have been replaced by a newer one since.
fn program() -> io::Result<PathBuf> {
    if let Some(program) = PROGRAM.get() {
        return Ok(program.clone());
    }
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// Gives up, in the other process and for good, what reading needs none of. False where that cannot be done.
pub fn confine() -> bool {
    // A parser that panics says nothing: the other side takes silence for what it is.
    std::panic::set_hook(Box::new(|_| {}));
    let limits =
        [(Resource::As, MEMORY), (Resource::Cpu, PROCESSOR_SECONDS), (Resource::Core, 0), (Resource::Fsize, 0)];
    limits.into_iter().all(|(resource, most)| {
        let set = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
        // What a system does not know it does not enforce.
        set.is_ok() || !cfg!(target_os = "linux")
    })
}
